import OpenAI from 'openai';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { htmlPage, overloaded, rateLimited, says } from './reply.js';
import { startFakeOpenAi, type FakeOpenAi } from './server.js';

let fake: FakeOpenAi;
let client: OpenAI;

beforeEach(async () => {
  fake = await startFakeOpenAi({ apiKey: 'sk-right', models: ['fake-model'] });
  client = new OpenAI({ baseURL: fake.baseUrl, apiKey: 'sk-right', maxRetries: 0 });
});

afterEach(() => fake.close());

const ask = { model: 'fake-model', messages: [{ role: 'user' as const, content: 'What is said twice?' }] };

test("OpenAI's own SDK gets a completion with usage", async () => {
  const completion = await client.chat.completions.create(ask);
  expect(completion.choices[0]?.message.content).toBe('What is said twice?');
  expect(completion.choices[0]?.finish_reason).toBe('stop');
  expect(completion.usage).toEqual({ prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 });
});

test("OpenAI's own SDK gets a stream in parts, with usage when it asks for it", async () => {
  fake.reply(says('one ', 'two ', 'three'));
  const stream = await client.chat.completions.create({ ...ask, stream: true, stream_options: { include_usage: true } });
  const parts: string[] = [];
  let usage: OpenAI.CompletionUsage | null | undefined;
  for await (const chunk of stream) {
    parts.push(chunk.choices[0]?.delta.content ?? '');
    usage = chunk.usage;
  }
  expect(parts.filter(Boolean)).toEqual(['one ', 'two ', 'three']);
  expect(usage?.total_tokens).toBe(9);
});

test("OpenAI's own SDK lists the models", async () => {
  const ids: string[] = [];
  for await (const model of client.models.list()) ids.push(model.id);
  expect(ids).toEqual(['fake-model']);
});

test.each([
  {
    name: 'a wrong key',
    make: () => new OpenAI({ baseURL: fake.baseUrl, apiKey: 'sk-x', maxRetries: 0 }),
    error: OpenAI.AuthenticationError,
  },
  { name: 'too many requests', reply: rateLimited('1'), error: OpenAI.RateLimitError },
  { name: 'an overloaded server', reply: overloaded(), error: OpenAI.InternalServerError },
  { name: "a proxy's page", reply: htmlPage(502, 'Bad Gateway'), error: OpenAI.InternalServerError },
  // fetch's own error: the SDK wraps only failures to connect.
  { name: 'a cut answer', reply: { type: 'broken' as const, parts: ['half'], how: 'cut' as const }, error: TypeError },
])("OpenAI's own SDK sees $name as what it is", async ({ make, reply, error }) => {
  if (reply !== undefined) fake.reply(reply);
  await expect((make?.() ?? client).chat.completions.create(ask)).rejects.toBeInstanceOf(error);
});

test('a model that does not exist is not found', async () => {
  await expect(client.chat.completions.create({ ...ask, model: 'gone' })).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
});

test('an error in the stream reaches the SDK after what was said', async () => {
  fake.reply({ type: 'broken', parts: ['half'], how: 'error' });
  const stream = await client.chat.completions.create({ ...ask, stream: true });
  const said: string[] = [];
  await expect(
    (async () => {
      for await (const chunk of stream) said.push(chunk.choices[0]?.delta.content ?? '');
    })(),
  ).rejects.toMatchObject({ message: expect.stringContaining('The server had an error') as string });
  expect(said.join('')).toBe('half');
});

test('a client that goes away is seen', async () => {
  fake.reply({ ...says('one', 'two'), gate: { before: 1, until: new Promise(() => {}) } });
  const abort = new AbortController();
  const stream = await client.chat.completions.create({ ...ask, stream: true }, { signal: abort.signal });
  await fake.received(1);
  abort.abort();
  for await (const _chunk of stream);
  await expect(fake.requests[0]?.ended).resolves.toBe('aborted');
});
