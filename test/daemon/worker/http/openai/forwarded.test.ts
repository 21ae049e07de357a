import type { ServerResponse } from 'node:http';
import OpenAI from 'openai';
import { expect, onTestFinished, test } from 'vitest';
import { fakeHttp, json, type SeenRequest } from '../../../../fakes/http-server.js';
import { startHttpApp, type TestApp, TOKEN } from '../../../../helpers/http-app.js';
import { makeConversation } from '../../../../helpers/make-conversation.js';

const KEY = 'sk-upstream-secret';

interface World {
  readonly client: OpenAI;
  readonly app: TestApp;
  readonly seen: SeenRequest[];
}

async function setUp(answer: (request: SeenRequest, response: ServerResponse) => void): Promise<World> {
  const upstream = await fakeHttp(answer);
  const baseUrl = `http://127.0.0.1:${upstream.port}/v1`;
  const headers = { 'x-team': 'blue' };
  const models = {
    providers: {
      up: { baseUrl, apiKey: KEY, headers, models: [{ id: 'vendor/embed' }] },
      both: { baseUrl, apiKey: 'unused', headers: { Authorization: `Bearer ${KEY}` }, models: [{ id: 'embed' }] },
      other: { baseUrl, api: 'anthropic-messages', models: [{ id: 'claude' }] },
    },
  };
  const conversation = await makeConversation({ models });
  const app = await startHttpApp({ services: conversation });
  const client = new OpenAI({ baseURL: `http://127.0.0.1:${app.port}/v1`, apiKey: TOKEN, maxRetries: 0 });
  return { client, app, seen: upstream.seen };
}

test('the SDK embeds texts: the call reaches the provider as it is, with its own key and the name that it knows', async () => {
  const vector = Buffer.from(new Float32Array([0.5, -1, 2]).buffer).toString('base64');
  const { client, app, seen } = await setUp((_request, response) =>
    json(response, {
      object: 'list',
      model: 'embed',
      data: [{ object: 'embedding', index: 0, embedding: vector }],
      usage: { prompt_tokens: 2, total_tokens: 2 },
    }),
  );
  const { data, usage } = await client.embeddings.create({ model: 'up/vendor/embed', input: ['häuser'], dimensions: 3 });
  expect(Array.from(data[0]?.embedding ?? [])).toEqual([0.5, -1, 2]);
  expect(usage.total_tokens).toBe(2);
  const [request] = seen;
  expect(request).toMatchObject({ method: 'POST', path: '/v1/embeddings', headers: { authorization: `Bearer ${KEY}`, 'x-team': 'blue' } });
  expect(JSON.parse(request?.body ?? '')).toMatchObject({ model: 'vendor/embed', input: ['häuser'], dimensions: 3 });
  expect(JSON.stringify(request)).not.toContain(TOKEN);
  const amounts = { turns: 0, calls: 1, inputTokens: 2, outputTokens: 0 };
  expect((await app.send('/api/usage')).json).toMatchObject({
    kinds: [{ kind: 'embedding', ...amounts }],
    models: [{ model: 'up/vendor/embed' }],
  });
  // A header of the same name, however it is spelled, takes the place of the key.
  await client.embeddings.create({ model: 'both/embed', input: 'x' });
  expect(seen[1]?.headers.authorization).toBe(`Bearer ${KEY}`);
});

test.each([
  [401, { error: { message: `bad key ${KEY}` } }, 403],
  [429, { error: { message: 'slow down' } }, 429],
  [400, { error: { message: "Unknown parameter: 'dimensions'" } }, 400],
  [500, { error: { message: 'oops' } }, 502],
])('a refusal of the provider (%d) is told as in chat completions', async (status, body, expected) => {
  const { client } = await setUp((_request, response) => json(response, body, status));
  const error = (await client.embeddings
    .create({ model: 'up/vendor/embed', input: 'x' })
    .catch((thrown: unknown) => thrown)) as InstanceType<typeof OpenAI.APIError>;
  expect(error.status).toBe(expected);
  expect(error.message).not.toContain(KEY);
});

test('a page, a redirect, and a provider that is not there are no answers', async () => {
  const replies: ((response: ServerResponse) => void)[] = [
    (response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<title>Log in</title>'),
    (response) => response.writeHead(200, { 'Content-Type': 'text/plain' }).end('Hello'),
    (response) => response.writeHead(307, { Location: 'http://localhost:1/' }).end(),
    (response) => response.destroy(),
  ];
  const { client } = await setUp((_request, response) => replies.shift()?.(response));
  const ask = (): Promise<unknown> => client.embeddings.create({ model: 'up/vendor/embed', input: 'x' });
  await expect(ask()).rejects.toMatchObject({ status: 404, message: expect.stringMatching(/\(HTTP 200\).*Log in/) });
  await expect(ask()).rejects.toMatchObject({ status: 502, message: expect.stringMatching(/the answer was text\/plain/) });
  await expect(ask()).rejects.toMatchObject({ status: 404, message: expect.stringContaining('Moved to') });
  await expect(ask()).rejects.toMatchObject({ status: 502, message: expect.stringContaining('cannot be reached') });
});

test('what has no such call is refused before anybody is asked', async () => {
  const { client, seen } = await setUp((_request, response) => response.end());
  const embed = (model: string): Promise<unknown> => client.embeddings.create({ model, input: 'x' });
  await expect(embed('main')).rejects.toMatchObject({ status: 400, param: 'model' });
  await expect(embed('other/claude')).rejects.toMatchObject({ status: 400, param: 'model' });
  await expect(embed('xopc/guide')).rejects.toMatchObject({ status: 400, param: 'model' });
  await expect(embed('none/x')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  await expect(embed('up/unlisted')).rejects.toMatchObject({ status: 404 });
  expect(seen).toEqual([]);
});

test('half an answer never looks whole, and a caller that leaves ends the call', async () => {
  let isLeft: (value?: unknown) => void = () => undefined;
  const left = new Promise((resolve) => (isLeft = resolve));
  const replies: ((response: ServerResponse) => void)[] = [
    (response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.write('{"object": "list", ', () => response.destroy());
    },
    (response) => {
      response.once('close', () => isLeft());
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.write('{"object": "list", ');
    },
  ];
  const { client, app } = await setUp((_request, response) => replies.shift()?.(response));
  onTestFinished(() => isLeft());
  await expect(client.embeddings.create({ model: 'up/vendor/embed', input: 'x' })).rejects.toThrow();
  expect(app.lines.filter(({ level }) => level === 'error')).toEqual([]);
  const controller = new AbortController();
  const body = JSON.stringify({ model: 'up/vendor/embed', input: 'x' });
  const headers = { 'Content-Type': 'application/json' };
  await fetch(`http://127.0.0.1:${app.port}/v1/embeddings`, { method: 'POST', headers, body, signal: controller.signal });
  controller.abort();
  await left;
});
