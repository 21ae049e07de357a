import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { clientTypes, operationTable } from '../../../bin/bundle/library-types.mjs';
import { type Client, createClientFor } from '../../../client/library/client.js';
import type { ClientOptions } from '../../../client/library/client-options.js';
import type { CallInput } from '../../../client/library/request.js';
import { XopcError } from '../../../client/library/xopc-error.js';
import { describeRoutes } from '../../../daemon/worker/http/openapi/describe-routes.js';
import { freePort } from '../../helpers/free-port.js';
import { hangingScript } from '../../helpers/fake-services.js';
import { startHttpApp, TOKEN } from '../../helpers/http-app.js';

const table = operationTable(describeRoutes('1.2.3')) as Record<string, string>;

async function failureOf(call: Promise<unknown>): Promise<XopcError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof XopcError) return error;
  throw new Error('the call did not fail as it should', { cause: error });
}

async function allOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function createClient(options: ClientOptions) {
  const client: Client = createClientFor(table, options);
  return {
    call: (name: string, input?: CallInput) => client[name]?.(input) as Promise<Record<string, unknown>>,
    follow: (name: string, input?: CallInput) => client.stream[name]?.(input) as AsyncGenerator<{ event: string; data: unknown }>,
  };
}

test('a call sends its path, query, header and body, and resolves with the answer', async () => {
  const { port, services } = await startHttpApp();
  const { call } = createClient({ url: `http://127.0.0.1:${port}/`, token: TOKEN });
  const answer = await call('postApiMessage', {
    headers: { 'Idempotency-Key': 'one', 'X-None': undefined },
    body: { channel: 'webchat', chat_id: 7, content: 'Hi' },
  });
  expect(answer).toMatchObject({ status: 'ok' });
  expect(services.calls).toEqual([
    {
      name: 'messages.accept',
      input: expect.objectContaining({ message: expect.objectContaining({ content: 'Hi' }) as object }) as object,
    },
  ]);
  expect(await call('getApiCron', { query: { include: ['next'] } })).toHaveProperty('plan');
  expect(await call('getApiOverviewHistory', { query: { hours: 2, stepMinutes: undefined } })).toMatchObject({ status: 'ok' });
  expect((await failureOf(call('getV1ModelsId', { path: { id: 'a/b c?' } }))).message).toContain("'a/b c?'");
  await expect(call('getApiMessagesId')).rejects.toThrow(/'path\.id' is required/);
  expect(await call('getMetrics')).toContain('xopc_ready');
});

test('a failure says what happened and what to do', async () => {
  const { port } = await startHttpApp({ gateway: { auth: { enabled: true } } });
  const url = `http://127.0.0.1:${port}`;
  const refused = await failureOf(createClient({ url }).call('getApiCron'));
  expect(refused).toMatchObject({
    name: 'XopcError',
    status: 401,
    code: 'UNAUTHORIZED',
    retryAfter: undefined,
    hint: expect.stringContaining('xopc gateway token') as string,
  });
  expect(refused.requestId).toMatch(/^req_/);
  const { call } = createClient({ url, token: TOKEN });
  const invalid = await failureOf(call('postApiAgent', { body: { message: '' } }));
  expect(invalid).toMatchObject({ status: 400, code: 'INVALID_REQUEST', details: { issues: [{ path: 'message' }] } });
  expect(await failureOf(call('postV1ChatCompletions', { body: { model: 'none', messages: [] } }))).toMatchObject({
    status: 400,
    code: 'invalid_request',
  });
  expect(await failureOf(call('postV1Messages', { body: {} }))).toMatchObject({
    code: 'invalid_request_error',
    requestId: expect.stringMatching(/^req_/) as string,
  });
  const nowhere = createClient({ url: `http://127.0.0.1:${await freePort()}` });
  expect(await failureOf(nowhere.call('getHealth'))).toMatchObject({
    status: 0,
    code: 'UNREACHABLE',
    hint: expect.stringContaining('xopc gateway status') as string,
  });
});

/** An answer whose connection ends in the middle. */
const brokenOff = (status: number): Response =>
  new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"err'));
        controller.error(new TypeError('terminated'));
      },
    }),
    { status, headers: { 'Content-Type': 'application/json' } },
  );

test('what a proxy answers, and what breaks off, is an XopcError, too', async () => {
  const answering = (response: Response) => createClient({ url: 'http://gateway', fetch: () => Promise.resolve(response) });
  const failure = async (response: Response): Promise<XopcError> => await failureOf(answering(response).call('getApiModels'));
  expect(await failure(Response.json({ error: null }, { status: 502 }))).toMatchObject({ status: 502, code: 'HTTP_502' });
  expect(await failure(brokenOff(500))).toMatchObject({ status: 500, code: 'HTTP_500' });
  expect(await failure(brokenOff(200))).toMatchObject({ status: 0, code: 'UNREACHABLE' });
  expect(await failureOf(answering(brokenOff(200)).call('getApiAttachmentsId', { path: { id: 'a' } }))).toMatchObject({ status: 0 });

  const end =
    'event: error\ndata: {"type":"error","code":"server_error","message":"The disk is full.","param":null,"sequence_number":3}\n\n';
  const events = answering(new Response(end)).follow('postV1Responses', { body: { model: 'main', input: 'Hello' } });
  expect(await failureOf(allOf(events))).toMatchObject({ status: 200, code: 'server_error', message: 'The disk is full.' });
});

test('a call goes nowhere else than to its path, with the headers of its caller', async () => {
  const asked: Request[] = [];
  const fetch: typeof globalThis.fetch = (url, init) => Promise.resolve(Response.json({ asked: asked.push(new Request(url, init)) }));
  const { call } = createClient({ url: 'http://gateway/xopc', token: TOKEN, fetch });
  for (const key of ['.', '..']) await expect(call('postApiSessionsKeyFork', { path: { key } })).rejects.toThrow(`must not be '${key}'`);
  await call('postApiWebhookAccountId', { path: { accountId: '%2e.' }, headers: { authorization: 'Bearer other' }, body: {} });
  expect(asked.map(({ url, headers }) => [url, headers.get('Authorization')])).toEqual([
    ['http://gateway/xopc/api/webhook/%252e.', 'Bearer other'],
  ]);
});

test('a stream yields each event, and ends when it is left or aborted', async () => {
  const { port, services } = await startHttpApp();
  const { follow } = createClient({ url: `http://127.0.0.1:${port}` });
  const events = await allOf(follow('postApiAgent', { body: { message: 'Hello' } }));
  expect(events.at(-1)).toMatchObject({ event: 'done', data: { reply: 'You said: Hello' } });
  const chunks = await allOf(follow('postV1ChatCompletions', { body: { model: 'main', messages: [{ role: 'user', content: 'Hello' }] } }));
  expect(chunks.at(-1)).toMatchObject({ event: 'message', data: { object: 'chat.completion.chunk' } });

  let ended = 0;
  services.script = (_message, signal) => {
    signal.addEventListener('abort', () => (ended += 1));
    return hangingScript('Wait', signal);
  };
  for await (const { event } of follow('postApiAgent', { body: { message: 'Hello' } })) {
    expect(event).toBe('delta');
    break;
  }
  await vi.waitFor(() => expect(ended).toBe(1));
  const stop = new AbortController();
  const hanging = follow('postApiAgent', { body: { message: 'Hello' }, signal: stop.signal });
  await hanging.next();
  stop.abort(new Error('enough'));
  await expect(hanging.next()).rejects.toThrow('enough');
  await vi.waitFor(() => expect(ended).toBe(2));
});

test('a stream that is aborted when all of it has arrived, but its end is not read, ends', async () => {
  const server = createServer((_request, response) => void response.end(`: ${'x'.repeat(100_000)}\n\ndata: 1\n\n`));
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { follow } = createClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  const stop = new AbortController();
  const events = follow('getApiEvents', { signal: stop.signal });
  expect((await events.next()).value).toMatchObject({ data: 1 });
  stop.abort(new Error('enough'));
  await expect(events.next()).rejects.toThrow('enough');
});

test('the address and the token come from the environment where they are not given', async () => {
  const { port, services } = await startHttpApp({ gateway: { auth: { enabled: true } } });
  vi.stubEnv('XOPC_URL', `http://127.0.0.1:${port}`);
  vi.stubEnv('XOPC_TOKEN', TOKEN);
  expect(await createClient({}).call('getApiModels')).toMatchObject({ status: 'ok' });
  expect(services.calls.length).toBe(1);
  vi.unstubAllEnvs();
});

test('a chunk of a chat is one or an error, which the client throws', () => {
  const types = clientTypes(describeRoutes('1.2.3')) as string;
  expect(types).toMatch(/ChatCompletionChunk =[^;]*\{[^=]*\| \{[^=}]*error: \{/);
  expect(types).toContain('AsyncGenerator<{ event: string; data: Exclude<ChatCompletionChunk, { error: unknown }> }');
});
