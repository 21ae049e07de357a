import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { openAiErrorResponse } from '../../../../../shared/api/openai.js';
import { chunk, saying } from '../../../../fakes/openai/replay.js';
import { startHttpApp, TOKEN } from '../../../../helpers/http-app.js';
import { startOpenAiGateway } from '../../../../helpers/openai-gateway.js';

const user = [{ role: 'user' as const, content: 'x' }];
const params = { model: 'up/one', messages: user };

const failures = [
  {
    said: { status: 401, message: 'Incorrect API key provided: sk-upstream-secret' },
    status: 403,
    type: 'invalid_request_error',
    code: 'agent_error',
    retried: false,
  },
  {
    said: { status: 404, message: 'The model does not exist' },
    status: 404,
    type: 'invalid_request_error',
    code: 'model_not_found',
    retried: false,
  },
  {
    said: { status: 400, message: "Unsupported parameter: 'top_k'" },
    status: 400,
    type: 'invalid_request_error',
    code: 'invalid_request',
    retried: false,
  },
  {
    said: { status: 400, message: "This model's maximum context length is 8192 tokens" },
    status: 400,
    type: 'invalid_request_error',
    code: 'context_length_exceeded',
    retried: false,
  },
  {
    said: { status: 429, message: 'Slow down', headers: { 'retry-after-ms': '20' } },
    status: 429,
    type: 'requests',
    code: 'rate_limit_exceeded',
    retried: true,
  },
  {
    said: { status: 429, message: 'You exceeded your current quota', type: 'insufficient_quota' },
    status: 402,
    type: 'invalid_request_error',
    code: 'insufficient_quota',
    retried: false,
  },
  { said: { status: 503, message: 'Overloaded' }, status: 502, type: 'server_error', code: 'agent_error', retried: true },
] as const;

test.each(failures)(
  'a provider’s $said.status "$said.message" is told as $status $code, and tried again by the SDK: $retried',
  async ({ said, status, type, code, retried }) => {
    const { upstream, baseURL } = await startOpenAiGateway();
    const { status: upstreamStatus, message, ...rest } = said;
    const headers = 'headers' in rest ? rest.headers : {};
    const failing = { status: upstreamStatus, headers, body: { error: { message, ...('type' in rest ? { type: rest.type } : {}) } } };
    upstream.play(failing, failing);
    const client = new OpenAI({ baseURL, apiKey: TOKEN, maxRetries: 1 });
    const error = await client.chat.completions.create(params).then(
      () => undefined,
      (thrown: unknown) => thrown as InstanceType<typeof OpenAI.APIError>,
    );
    expect(error).toMatchObject({ status, type, code, param: code === 'model_not_found' ? 'model' : null });
    expect(error?.requestID).toMatch(/^req_/);
    expect(error?.message).toContain(message.replace('sk-upstream-secret', '[key]'));
    expect(upstream.bodies).toHaveLength(retried ? 2 : 1);
  },
);

test('the wish of a provider to wait is passed on in seconds and milliseconds', async () => {
  const { upstream, send } = await startOpenAiGateway();
  upstream.play({ status: 429, headers: { 'retry-after': '7' }, body: { error: { message: 'Slow down' } } });
  const answer = await send('/v1/chat/completions', { method: 'POST', body: { ...params, stream: true } });
  expect(answer.status).toBe(429);
  expect(answer.headers).toMatchObject({ 'retry-after': '7', 'retry-after-ms': '7000', 'content-type': 'application/json; charset=utf-8' });
});

test('the SDK tries a 429 again after the time it is told, and then has its answer', async () => {
  const { upstream, baseURL } = await startOpenAiGateway();
  upstream.play({ status: 429, headers: { 'retry-after': '1' }, body: { error: { message: 'Slow down' } } }, saying('now'));
  const client = new OpenAI({ baseURL, apiKey: TOKEN, maxRetries: 2 });
  const startedAt = performance.now();
  expect((await client.chat.completions.create(params)).choices[0]?.message.content).toBe('now');
  expect(performance.now() - startedAt).toBeGreaterThan(950);
});

test.each([
  ['breaks off', { chunks: [chunk({ content: 'half' })], isCut: true }],
  ['reports an error', { chunks: [chunk({ content: 'half' }), { error: { message: 'boom', type: 'server_error' } }] }],
  ['ends without a finish', { chunks: [chunk({ content: 'half' })] }],
])('a stream that %s in the middle ends with an error and no finish', async (_what, step) => {
  const { upstream, client, send } = await startOpenAiGateway();
  upstream.play(step, step, step);
  const heard: string[] = [];
  const read = async () => {
    for await (const one of await client.chat.completions.create({ ...params, stream: true }))
      heard.push(one.choices[0]?.delta.content ?? '', one.choices[0]?.finish_reason ?? '');
  };
  await expect(read()).rejects.toBeInstanceOf(OpenAI.APIError);
  expect(heard.join('')).toBe('half');
  const { text } = await send('/v1/chat/completions', { method: 'POST', body: { ...params, stream: true } });
  expect(text).not.toMatch(/\[DONE\]|"finish_reason":"/);
  const last = text.trim().split('\n\n').at(-1) ?? '';
  expect(openAiErrorResponse().safeParse(JSON.parse(last.slice('data: '.length))).error).toBeUndefined();
  await expect(client.chat.completions.create(params)).rejects.toMatchObject({ status: 502 });
});

test('a caller that goes away ends the call to the provider', async () => {
  const { upstream, client } = await startOpenAiGateway();
  upstream.play({ chunks: [chunk({ content: 'a' })], isHeld: true });
  const stream = await client.chat.completions.create({ ...params, stream: true });
  for await (const one of stream) if (one.choices[0]?.delta.content === 'a') stream.controller.abort();
  await expect.poll(upstream.aborted).toBe(1);
});

test('a drain ends a stream with an error that says to come back', async () => {
  const { upstream, app, send } = await startOpenAiGateway();
  upstream.play({ chunks: [chunk({ content: 'a' })], isHeld: true });
  const answer = send('/v1/chat/completions', { method: 'POST', body: { ...params, stream: true } });
  await expect.poll(() => upstream.bodies.length).toBe(1);
  await app.drain('restart', 200);
  expect((await answer).text).toMatch(/data: \{"error":\{"message":"The gateway is restarting[^\n]+"code":"unavailable"\}\}\n\n$/);
  await expect.poll(upstream.aborted).toBe(1);
});

const tool = { type: 'function', function: { name: 't' } };
const refused: [string, object, string][] = [
  ['no model', { messages: user }, 'model'],
  ['no messages', { model: 'up/one', messages: [] }, 'messages'],
  ['a role that there is not', { ...params, messages: [{ role: 'wizard', content: 'x' }] }, 'messages.0.role'],
  ['a part that there is not', { ...params, messages: [{ role: 'user', content: [{ type: 'smell' }] }] }, 'messages.0.content.0.type'],
  [
    'a picture from a file',
    { ...params, messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }] }] },
    'messages.0.content.0.image_url.url',
  ],
  [
    'the result of a call that nobody made',
    { ...params, messages: [{ role: 'tool', tool_call_id: 'c', content: 'x' }] },
    'messages.0.tool_call_id',
  ],
  ['a temperature of 3', { ...params, temperature: 3 }, 'temperature'],
  ['two answers', { ...params, n: 2 }, 'n'],
  ['functions of old', { ...params, functions: [] }, 'functions'],
  [
    'a choice of a tool that is not sent',
    { ...params, tools: [tool], tool_choice: { type: 'function', function: { name: 'u' } } },
    'tool_choice',
  ],
  ['a tool with a blank in its name', { ...params, tools: [{ ...tool, function: { name: 'a b' } }] }, 'tools.0.function.name'],
];

test.each(refused)('%s is refused before anybody is asked, and the field named', async (_what, body, param) => {
  const { upstream, send } = await startOpenAiGateway();
  const answer = await send('/v1/chat/completions', { method: 'POST', body });
  expect(answer).toMatchObject({ status: 400, json: { error: { type: 'invalid_request_error', param, code: 'invalid_request' } } });
  expect(upstream.bodies).toEqual([]);
});

const shaped: [string, string, object, number, string][] = [
  ['no token', '/v1/models', { headers: { 'X-Forwarded-For': '198.51.100.7' } }, 401, 'invalid_api_key'],
  ['no such path', '/v1/images/generations', {}, 404, 'not_found'],
  ['no such model', '/v1/models/a%2Fb', {}, 404, 'model_not_found'],
  ['another method', '/v1/models', { method: 'DELETE' }, 405, 'method_not_allowed'],
  [
    'another type',
    '/v1/chat/completions',
    { method: 'POST', body: 'x', headers: { 'Content-Type': 'text/plain' } },
    415,
    'unsupported_media_type',
  ],
  ['too much', '/v1/chat/completions', { method: 'POST', body: {}, headers: { 'Content-Length': '33554433' } }, 413, 'payload_too_large'],
  [
    '__proto__',
    '/v1/chat/completions',
    { method: 'POST', body: '{"__proto__":{}}', headers: { 'Content-Type': 'application/json' } },
    400,
    'invalid_request',
  ],
  ['a foreign page', '/v1/models', { headers: { Origin: 'https://evil.example' } }, 403, 'forbidden'],
];

test.each(shaped)('%s is told in OpenAI’s shape', async (...[, path, ask, status, code]) => {
  const { send } = await startHttpApp({ gateway: { maxBodyBytes: 1_024 } });
  const answer = await send(path, ask);
  expect(answer).toMatchObject({ status, json: { error: { code } } });
  expect(openAiErrorResponse().safeParse(answer.json).error).toBeUndefined();
});

test('a fault of the gateway is told without its cause', async () => {
  const { send, services } = await startHttpApp();
  services.script = () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new TypeError('secret')) }) });
  const answer = await send('/v1/chat/completions', { method: 'POST', body: params });
  expect(answer).toMatchObject({ status: 500, json: { error: { type: 'server_error', code: 'internal_error' } } });
  expect(answer.text).not.toContain('secret');
  expect(answer.headers['x-should-retry']).toBe('false');
});
