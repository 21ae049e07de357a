/** Errors and conversations of `/v1/messages` that do not depend on the provider. */
import Anthropic from '@anthropic-ai/sdk';
import { expect, test } from 'vitest';
import { anthropicErrorResponse } from '../../../../../shared/api/anthropic/messages.js';
import { calls, type ErrorKind, fails, says } from '../../../../fakes/vendors/vendor-reply.js';
import { startHttpApp, TOKEN } from '../../../../helpers/http-app.js';
import { startMessagesGateway } from '../../../../helpers/messages-gateway.js';

const QUESTION: Anthropic.MessageParam = { role: 'user', content: 'x' };
const PARAMS = { model: 'up/fake-model', max_tokens: 50, messages: [QUESTION] };
const EVENTS = { ...PARAMS, stream: true };

const FAILURES: [ErrorKind, number, string, boolean][] = [
  ['auth', 403, 'permission_error', false],
  ['notFound', 404, 'not_found_error', false],
  ['invalid', 400, 'invalid_request_error', false],
  ['rateLimited', 429, 'rate_limit_error', true],
  ['overloaded', 529, 'overloaded_error', true],
];

test.each(FAILURES)('a provider’s "%s" is told as %d %s, and may be tried again: %s', async (...[kind, status, type, retried]) => {
  const { vendor, send } = await startMessagesGateway('anthropic-messages');
  vendor.reply(fails(kind), fails(kind));
  for (const body of [PARAMS, EVENTS]) {
    const answer = await send('/v1/messages', { method: 'POST', body });
    expect(answer).toMatchObject({ status, json: { error: { type } } });
    expect(anthropicErrorResponse().safeParse(answer.json).error).toBeUndefined();
    expect(answer.headers['x-should-retry']).toBe(retried ? undefined : 'false');
    expect(answer.headers['retry-after']).toBe(kind === 'rateLimited' ? '7' : undefined);
  }
});

test('the SDK does not repeat what a repetition cannot cure', async () => {
  const { vendor, baseURL } = await startMessagesGateway('anthropic-messages');
  vendor.reply(fails('auth'));
  const client = new Anthropic({ baseURL, apiKey: TOKEN, maxRetries: 3 });
  await expect(client.messages.create(PARAMS)).rejects.toMatchObject({ status: 403 });
  expect(vendor.requests).toHaveLength(1);
});

const REMOTE = { 'X-Forwarded-For': '198.51.100.7' };
const LAYERS: [string, string, object, number, string][] = [
  ['no token', '/v1/messages', { method: 'POST', body: PARAMS, headers: REMOTE }, 401, 'authentication_error'],
  ['no such path', '/v1/messages/batches', {}, 404, 'not_found_error'],
  ['another method', '/v1/messages', { method: 'DELETE' }, 405, 'invalid_request_error'],
  [
    'another type',
    '/v1/messages/count_tokens',
    { method: 'POST', body: 'x', headers: { 'Content-Type': 'text/plain' } },
    415,
    'invalid_request_error',
  ],
  ['too much', '/v1/messages', { method: 'POST', body: {}, headers: { 'Content-Length': '33554433' } }, 413, 'request_too_large'],
  ['no JSON', '/v1/messages', { method: 'POST', body: '{', headers: { 'Content-Type': 'application/json' } }, 400, 'invalid_request_error'],
  [
    'a foreign page',
    '/v1/messages',
    { method: 'POST', body: PARAMS, headers: { Origin: 'https://evil.example' } },
    403,
    'permission_error',
  ],
];

test.each(LAYERS)('%s is told in Anthropic’s shape', async (...[, path, ask, status, type]) => {
  const { send } = await startHttpApp({ gateway: { maxBodyBytes: 1_024 } });
  const answer = await send(path, ask);
  expect(answer).toMatchObject({ status, json: { error: { type } } });
  expect(anthropicErrorResponse().safeParse(answer.json).error).toBeUndefined();
  expect((answer.json as { request_id: string }).request_id).toBe(answer.headers['request-id']);
});

test('the token is what the SDK sends as its key or as its bearer, and nobody else has it', async () => {
  const { client, baseURL } = await startMessagesGateway('anthropic-messages');
  const ask = (options: { apiKey?: string; authToken?: string }) =>
    new Anthropic({ baseURL, apiKey: null, authToken: null, maxRetries: 0, defaultHeaders: REMOTE, ...options }).messages.create(PARAMS);
  expect(client.apiKey).toBe(TOKEN);
  for (const options of [{ apiKey: TOKEN }, { authToken: TOKEN }]) expect((await ask(options)).stop_reason).toBe('end_turn');
  await expect(ask({ apiKey: 'wrong' })).rejects.toMatchObject({ status: 401, type: 'authentication_error' });
  await expect(client.messages.create({ ...PARAMS, model: 'claude-sonnet-4-5' })).rejects.toMatchObject({
    status: 404,
    type: 'not_found_error',
  });
});

test('a drain ends a stream with an error that says to come back, and the call to the provider', async () => {
  const { app, client, vendor } = await startMessagesGateway('anthropic-messages');
  vendor.reply({ ...says('a', 'b'), gate: { before: 1, until: new Promise(() => undefined) } });
  const read = async () => {
    for await (const event of await client.messages.create({ ...PARAMS, stream: true }))
      if (event.type === 'content_block_delta') void app.drain('restart', 0);
  };
  await expect(read()).rejects.toMatchObject({ type: 'overloaded_error', message: expect.stringContaining('restarting') });
  expect(await vendor.requests[0]?.ended).toBe('aborted');
});

const AGENTS = { agents: { list: [{ id: 'main', systemPrompt: 'You are a boat.', model: 'up/fake-model', tools: ['time'] }] } };

test('an agent is a model: its instructions come first, and its tools run beside the caller’s', async () => {
  const { client, vendor } = await startMessagesGateway('anthropic-messages', AGENTS);
  const own = { ...calls({ id: 't1', name: 'time', input: {} }), thoughts: [{ text: 'Hm.', signature: 'sig-1' }] };
  vendor.reply(own, calls({ id: 't2', name: 'steer', input: { to: 'Bern' } }));
  const answer = await client.messages.create({
    ...PARAMS,
    model: 'main',
    max_tokens: 2_048,
    system: 'Be brief.',
    thinking: { type: 'enabled', budget_tokens: 1_024 },
    tools: [{ name: 'steer', input_schema: { type: 'object' } }],
  });
  expect(answer).toMatchObject({ model: 'main', stop_reason: 'tool_use' });
  expect(answer.content).toMatchObject([{ type: 'thinking' }, { type: 'tool_use', id: 't2', name: 'steer', input: { to: 'Bern' } }]);
  expect(answer.usage.output_tokens).toBe(10);
  const [first, second] = vendor.requests.map(({ body }) => body);
  expect(first?.['system']).toMatchObject([{ text: 'You are a boat.' }, { text: 'Be brief.' }]);
  // The model gets its reasoning back before the call that came from it.
  expect(second?.['messages']).toMatchObject([
    {},
    {
      content: [
        { type: 'thinking', signature: 'sig-1' },
        { type: 'tool_use', id: 't1' },
      ],
    },
    { content: [{ type: 'tool_result', tool_use_id: 't1' }] },
  ]);
  expect(await client.messages.countTokens({ model: 'main', messages: [QUESTION] })).toEqual({ input_tokens: 42 });
});

test('with a session the last message is a turn in it', async () => {
  const { client, vendor, conversation } = await startMessagesGateway('anthropic-messages', AGENTS);
  const inSession = { headers: { 'X-Xopc-Session': 'desk' } };
  const ask = (content: string) =>
    client.messages.stream({ ...PARAMS, model: 'main', messages: [{ role: 'user', content }] }, inSession).finalMessage();
  vendor.reply(says('first'), says('second'));
  await ask('one');
  expect((await ask('two')).content).toMatchObject([{ type: 'text', text: 'second' }]);
  const { messages } = await conversation.sessions.get('main:api:default:direct:desk');
  expect(messages.map(({ content }) => content)).toEqual(['one', 'first', 'two', 'second']);
});
