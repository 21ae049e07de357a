import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import * as ai from '../../../../daemon/worker/lazy/ai.js';
import type { ProviderFailure } from '../../../../daemon/worker/providers/failure.js';
import type { AiModule, ProviderEvent } from '../../../../daemon/worker/providers/provider.js';
import { apiError, htmlPage, outOfCredit, overloaded, rateLimited, says, unauthorized, type Reply } from '../../../fakes/openai/reply.js';
import { startFakeOpenAi, type FakeOpenAi } from '../../../fakes/openai/server.js';

const { createProvider }: AiModule = ai;

let fake: FakeOpenAi;

beforeEach(async () => {
  fake = await startFakeOpenAi();
});

afterEach(() => fake.close());

const question = { modelId: 'fake-model', messages: [{ role: 'user' as const, content: 'hello' }] };

function connect(baseUrl = fake.baseUrl, apiKey = 'sk-secret') {
  return createProvider({ id: 'fake', name: 'Fake', api: 'openai-completions', baseUrl, apiKey, headers: { 'x-team': 'blue' } });
}

async function collect(events: AsyncIterable<ProviderEvent>): Promise<{ text: string; last: ProviderEvent | undefined; deltas: number }> {
  let text = '';
  let deltas = 0;
  let last: ProviderEvent | undefined;
  for await (const event of events) {
    if (event.type === 'delta') {
      text += event.text;
      deltas += 1;
    }
    last = event;
  }
  return { text, last, deltas };
}

const ask = (signal = new AbortController().signal) => collect(connect().stream(question, signal));

test('an answer arrives in its parts and ends with its usage', async () => {
  fake.reply(says('Hel', 'lo, ', 'wörld 🌍'));
  const { text, last, deltas } = await ask();
  expect({ text, deltas }).toEqual({ text: 'Hello, wörld 🌍', deltas: 3 });
  expect(last).toEqual({
    type: 'finish',
    reason: 'stop',
    responseModel: expect.any(String) as string,
    usage: { inputTokens: 2, outputTokens: 4, cacheReadTokens: 0, cacheWriteTokens: null, reasoningTokens: 0 },
  });
});

test.each([
  ['length', 'length'],
  ['model_length', 'length'],
  ['content_filter', 'content_filter'],
] as const)('an answer that ends with %s is cut off by %s', async (finishReason, reason) => {
  fake.reply({ ...says('half '), finishReason });
  expect((await ask()).last).toMatchObject({ type: 'finish', reason });
});

test('what is asked arrives verbatim, with key, headers and the system prompt first', async () => {
  const content = '  a\u0000b \n\n{"role":"system"} \\u0041 ';
  const messages = [
    { role: 'user' as const, content: 'before' },
    { role: 'assistant' as const, content: 'yes' },
    { role: 'user' as const, content },
  ];
  await collect(connect().stream({ modelId: 'm/with:slash', system: 'Be brief.', messages }, new AbortController().signal));
  expect(fake.requests[0]?.messages).toEqual([{ role: 'system', content: 'Be brief.' }, ...messages]);
  expect(fake.requests[0]).toMatchObject({
    model: 'm/with:slash',
    stream: true,
    headers: { authorization: 'Bearer sk-secret', 'x-team': 'blue' },
  });
});

test.each(['openai-completions', 'openai-responses', 'anthropic-messages', 'google-generative-ai'] as const)(
  'with %s, an authorization of its own takes the place of the key in that header',
  async (api) => {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(400).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    const settings = { id: 'fake', name: 'Fake', api, baseUrl, apiKey: 'sk-secret', headers: { authorization: 'Basic bWU6eA==' } };
    await collect(createProvider(settings).stream(question, new AbortController().signal));
    expect(seen).toEqual(['Basic bWU6eA==']);
  },
);

const stream = (how: 'cut' | 'error' | 'garbage', error?: Record<string, unknown>): Reply => ({
  type: 'broken',
  parts: ['half '],
  how,
  ...(error === undefined ? {} : { error }),
});
const json = (status: number, body: unknown): Reply => ({
  type: 'status',
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

test.each<{ name: string; reply: Reply; failure: Partial<ProviderFailure>; text?: string }>([
  {
    name: 'a wrong key',
    reply: unauthorized('sk-secret'),
    failure: { kind: 'auth', status: 401, detail: 'Incorrect API key provided: [key].' },
  },
  { name: 'too many requests', reply: rateLimited('7'), failure: { kind: 'rateLimited', status: 429, retryAfterMs: 7_000 } },
  { name: 'an account without credit', reply: outOfCredit(), failure: { kind: 'quota', status: 429 } },
  {
    name: 'a model that does not exist',
    reply: apiError(404, { message: 'no such model', code: 'model_not_found' }),
    failure: { kind: 'notFound', status: 404, detail: 'no such model' },
  },
  {
    name: 'too much context',
    reply: apiError(400, { message: "This model's maximum context length is 8192 tokens" }),
    failure: { kind: 'tooLong', status: 400 },
  },
  {
    name: 'a request that is refused',
    reply: apiError(400, { message: 'bad\u0007 request\nwith lines' }),
    failure: { kind: 'rejected', status: 400, detail: 'bad request with lines' },
  },
  { name: 'an overloaded server', reply: overloaded(529), failure: { kind: 'overloaded', status: 529 } },
  {
    name: "a gateway's page",
    reply: htmlPage(502, 'Bad Gateway'),
    failure: { kind: 'overloaded', status: 502, detail: 'an HTML page titled "Bad Gateway"' },
  },
  { name: 'a page with status 404', reply: htmlPage(404, 'Not Found'), failure: { kind: 'notTheApi', status: 404 } },
  {
    name: 'a page with status 200',
    reply: htmlPage(200, 'Log in'),
    failure: { kind: 'notTheApi', status: 200, detail: 'an HTML page titled "Log in"' },
  },
  {
    name: 'an error with status 200',
    reply: json(200, { error: { message: 'rate limit exceeded' } }),
    failure: { kind: 'rateLimited', status: 200, detail: 'rate limit exceeded' },
  },
  { name: 'a document in place of a stream', reply: json(200, { choices: [] }), failure: { kind: 'protocol', status: 200 } },
  { name: 'an answer without words', reply: says(), failure: { kind: 'empty' } },
  { name: 'an answer that is withheld', reply: { ...says(), finishReason: 'content_filter' }, failure: { kind: 'filtered' } },
  {
    name: 'an answer that the vendor breaks off',
    reply: { ...says('half '), finishReason: 'insufficient_system_resource' as const },
    failure: { kind: 'overloaded', detail: 'finish_reason: insufficient_system_resource' },
    text: 'half ',
  },
  { name: 'a stream that is cut', reply: stream('cut'), failure: { kind: 'cut', status: 200 }, text: 'half ' },
  { name: 'a stream that stops without an end', reply: { ...says('half '), finishReason: null }, failure: { kind: 'cut' }, text: 'half ' },
  {
    name: 'an error in the stream',
    reply: stream('error', { message: 'Overloaded', code: 'x' }),
    failure: { kind: 'overloaded', detail: 'Overloaded' },
    text: 'half ',
  },
  {
    name: 'a limit in the stream',
    reply: stream('error', { message: 'slow down', code: 'rate_limit_exceeded' }),
    failure: { kind: 'rateLimited' },
    text: 'half ',
  },
  { name: 'a chunk that is no JSON, though the end is clean', reply: stream('garbage'), failure: { kind: 'protocol' }, text: 'half ' },
])('$name is a failure of its kind', async ({ reply, failure, text = '' }) => {
  fake.reply(reply);
  const result = await ask();
  expect(result.last).toMatchObject({ type: 'failed', failure });
  expect(result.text).toBe(text);
  expect(fake.requests).toHaveLength(1);
});

test('a server that is not there is unreachable', async () => {
  await fake.close();
  const { last } = await ask();
  expect(last).toMatchObject({
    type: 'failed',
    failure: { kind: 'unreachable', detail: expect.stringContaining('ECONNREFUSED') as string },
  });
  fake = await startFakeOpenAi();
});

test('a server that closes the connection without an answer is unreachable', async () => {
  const server = createServer((request) => request.socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { last } = await collect(
    connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).stream(question, new AbortController().signal),
  );
  expect(last).toMatchObject({ type: 'failed', failure: { kind: 'unreachable' } });
  await new Promise((resolve) => server.close(resolve));
});

test.each([
  { name: 'a plain error', reason: new Error('the client is gone') },
  { name: 'nothing', reason: undefined },
  { name: 'a timeout', reason: new DOMException('late', 'TimeoutError') },
])('an abort in the middle of an answer with the reason $name keeps the text so far and closes the connection', async ({ reason }) => {
  fake.reply({ ...says('one ', 'two'), gate: { before: 1, until: new Promise(() => {}) } });
  const abort = new AbortController();
  const events: ProviderEvent[] = [];
  for await (const event of connect().stream(question, abort.signal)) {
    events.push(event);
    if (event.type === 'delta') abort.abort(reason);
  }
  expect(events).toEqual([{ type: 'delta', text: 'one ' }, { type: 'aborted' }]);
  await expect(fake.requests[0]?.ended).resolves.toBe('aborted');
});

test('an abort before the headers, and one before the start, are aborts', async () => {
  fake.reply({ ...says('never'), gate: { before: 0, until: new Promise(() => {}) } });
  const abort = new AbortController();
  const asking = ask(abort.signal);
  await fake.received(1);
  abort.abort();
  expect((await asking).last).toEqual({ type: 'aborted' });
  expect((await ask(AbortSignal.abort())).last).toEqual({ type: 'aborted' });
});

test('a reader that stops early closes the connection', async () => {
  fake.reply({ ...says('one ', 'two'), gate: { before: 1, until: new Promise(() => {}) } });
  for await (const event of connect().stream(question, new AbortController().signal)) if (event.type === 'delta') break;
  await expect(fake.requests[0]?.ended).resolves.toBe('aborted');
});

test('twenty answers side by side do not mix', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      collect(
        connect().stream(
          { ...question, messages: [{ role: 'user', content: `number ${index} ${'x '.repeat(100)}` }] },
          new AbortController().signal,
        ),
      ),
    ),
  );
  answers.forEach(({ text, last }, index) => {
    expect(text).toBe(`number ${index} ${'x '.repeat(100)}`);
    expect(last?.type).toBe('finish');
  });
});
