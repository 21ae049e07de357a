import { expect, test } from 'vitest';
import type { z } from 'zod';
import { agentResponse } from '../../../../shared/api/agent.js';
import { healthResponse } from '../../../../shared/api/gateway/health.js';
import { logsResponse } from '../../../../shared/api/gateway/logs.js';
import { messageResponse, messageSyncResponse } from '../../../../shared/api/messages.js';
import { modelAskResponse, modelsResponse, providersResponse } from '../../../../shared/api/models.js';
import {
  sessionCreateResponse,
  sessionDeleteResponse,
  sessionListResponse,
  sessionResponse,
  sessionRestoreResponse,
} from '../../../../shared/api/sessions.js';
import { describeRoutes } from '../../../../daemon/worker/http/openapi/describe-routes.js';
import { statusResponse } from '../../../../shared/api/gateway/status.js';
import { GatewayError } from '../../../../shared/errors.js';
import { startHttpApp, TOKEN } from '../../../helpers/http-app.js';

const KEY = 'main:webchat:default:direct:a/b c';
const PATH = `/api/sessions/${encodeURIComponent(KEY)}`;

const documents: readonly { method: string; path: string; body?: object; schema: () => z.ZodType; call?: string }[] = [
  {
    method: 'POST',
    path: '/api/message',
    body: { channel: 'c', chat_id: '1', content: 'x' },
    schema: messageResponse,
    call: 'messages.accept',
  },
  {
    method: 'POST',
    path: '/api/message/sync',
    body: { channel: 'c', chat_id: '1', content: 'x' },
    schema: messageSyncResponse,
    call: 'messages.sync',
  },
  { method: 'POST', path: '/api/agent', body: { message: 'x' }, schema: agentResponse, call: 'agent.run' },
  { method: 'POST', path: '/api/sessions', body: {}, schema: sessionCreateResponse, call: 'sessions.create' },
  { method: 'GET', path: '/api/sessions?search=x&limit=7&cursor=c', schema: sessionListResponse, call: 'sessions.list' },
  { method: 'GET', path: '/api/status', schema: statusResponse, call: 'status.read' },
  { method: 'GET', path: '/api/providers', schema: providersResponse, call: 'models.providers' },
  { method: 'GET', path: '/api/models', schema: modelsResponse, call: 'models.models' },
  { method: 'POST', path: '/api/models/ask', body: { model: 'fake/echo' }, schema: modelAskResponse, call: 'completions.run' },
  {
    method: 'GET',
    path: '/api/logs?level=warn&since=2026-01-01T00:00:00Z&until=1770000000000&limit=5',
    schema: logsResponse,
    call: 'logs.query',
  },
  { method: 'GET', path: '/health', schema: healthResponse },
  { method: 'GET', path: '/health/live', schema: healthResponse },
  { method: 'GET', path: '/health/ready', schema: healthResponse },
];

test.each(documents)('$method $path answers the documented shape', async ({ method, path, body, schema, call }) => {
  const { send, services } = await startHttpApp();
  const answer = await send(path, { method, body, headers: { Authorization: `Bearer ${TOKEN}` } });
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(schema().safeParse(answer.json).error).toBeUndefined();
  expect(services.calls.map(({ name }) => name)).toEqual(call === undefined ? [] : [call]);
});

test('a message reaches the service in its own words, and its id comes back', async () => {
  const { send, services } = await startHttpApp();
  const body = { channel: 'telegram', chat_id: '42', content: '  ünï\ncode 🛶 ', accountId: 'personal' };
  const answer = await send('/api/message', { method: 'POST', body });
  expect(answer.json).toEqual({ status: 'ok', message_id: 'msg_1' });
  const message = { channel: 'telegram', chat_id: '42', content: '  ünï\ncode 🛶 ', accountId: 'personal' };
  expect(services.calls).toEqual([{ name: 'messages.accept', input: { message, idempotencyKey: undefined } }]);
});

test('an idempotency key repeats the first answer and refuses another body', async () => {
  const { send } = await startHttpApp();
  const ask = (content: string) =>
    send('/api/message', { method: 'POST', body: { channel: 'c', chat_id: '1', content }, headers: { 'Idempotency-Key': 'k-1' } });
  const first = await ask('a');
  const second = await ask('a');
  const third = await ask('b');
  expect(second.json).toEqual(first.json);
  expect([first.headers['idempotent-replayed'], second.headers['idempotent-replayed']]).toEqual([undefined, 'true']);
  expect([third.status, third.json]).toMatchObject([409, { error: { code: 'CONFLICT' } }]);
});

test('sync tells the service whether to deliver, and answers the reply', async () => {
  const { send, services } = await startHttpApp();
  const answer = await send('/api/message/sync', {
    method: 'POST',
    body: { channel: 'webchat', chat_id: 'w', content: 'hi', deliver: true },
  });
  expect(answer.json).toEqual({ status: 'ok', reply: 'You said: hi' });
  const message = { channel: 'webchat', chat_id: 'w', content: 'hi' };
  expect(services.calls[0]?.input).toEqual({ message, deliver: true, decider: { via: 'api', name: null } });
});

test('the agent gets the message verbatim and only the options that were given', async () => {
  const { send, services } = await startHttpApp();
  const answer = await send('/api/agent', { method: 'POST', body: { message: ' \t<b>x</b> ', model: 'openai/gpt-5' } });
  expect(answer.json).toMatchObject({ status: 'ok', reply: 'You said:  \t<b>x</b> ', session: 's' });
  expect(services.calls[0]?.input).toEqual({ message: ' \t<b>x</b> ', model: 'openai/gpt-5' });
});

test('a session with a slash and a blank in its key is made, read, listed and deleted', async () => {
  const { send, services } = await startHttpApp();
  const made = await send('/api/sessions', { method: 'POST' });
  expect(made.json).toMatchObject({ status: 'ok', created: true, session: { key: KEY, channel: 'webchat' } });
  expect((await send('/api/sessions', { method: 'POST', body: {} })).json).toMatchObject({ created: false });
  const read = await send(PATH);
  expect(sessionResponse().safeParse(read.json).error).toBeUndefined();
  expect(read.json).toMatchObject({ session: { key: KEY }, messages: [] });
  expect((await send('/api/sessions')).json).toMatchObject({ sessions: [{ key: KEY }], nextCursor: null });
  expect(sessionRestoreResponse().safeParse((await send(`${PATH}/restore`, { method: 'POST' })).json).error).toBeUndefined();
  expect(sessionDeleteResponse().safeParse((await send(PATH, { method: 'DELETE' })).json).error).toBeUndefined();
  expect([(await send(PATH)).status, (await send(PATH, { method: 'DELETE' })).status]).toEqual([404, 404]);
  expect(services.calls.at(-1)).toEqual({ name: 'sessions.delete', input: KEY });
});

test.each([
  ['/api/message', { channel: 'c', chat_id: -1_001_234_567_890, content: 'x' }, { message: { chat_id: '-1001234567890' } }],
  ['/api/message/sync', { channel: 'c', chat_id: 0, content: 'x' }, { message: { chat_id: '0' } }],
  ['/api/sessions', { chat_id: Number.MAX_SAFE_INTEGER }, { chatId: '9007199254740991' }],
  ['/api/cron/create', { schedule: 'x', message: 'x', chat_id: 7, alertChatId: 8 }, { chat_id: 7, alertChatId: 8 }],
])('%s takes a number as the id of a chat: %j', async (path, body, input) => {
  const { send, services } = await startHttpApp();
  expect((await send(path, { method: 'POST', body })).status).toBe(200);
  expect(services.calls.at(-1)?.input).toMatchObject(input);
});

test('toggle takes a state, and no body', async () => {
  const { send } = await startHttpApp();
  for (const body of [undefined, {}, { enabled: false }])
    expect((await send('/api/cron/job_1/toggle', { method: 'POST', ...(body && { body }) })).json).toMatchObject({
      job: { enabled: false },
    });
  expect((await send('/api/cron/job_1/toggle', { method: 'POST', body: { enabled: true } })).json).toMatchObject({
    job: { enabled: true },
  });
});

test('each path with a session takes a name, and says so in the OpenAPI document', async () => {
  const { send, services } = await startHttpApp();
  for (const [method, path] of [
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/restore'],
    ['GET', '/messages'],
  ] as const)
    await send(`/api/sessions/a%20trip${path}`, { method });
  await send('/api/sessions/a%20trip', { method: 'PATCH', body: { pinned: true } });
  expect(services.calls.map(({ input }) => JSON.stringify(input))).toEqual(
    Array.from({ length: 5 }, () => expect.stringContaining('main:api:default:direct:a trip')),
  );
  const described = Object.entries(describeRoutes('1.2.3').paths)
    .filter(([path]) => path.startsWith('/api/sessions/{key}'))
    .flatMap(([, operations]) => Object.values(operations).map(({ parameters }) => parameters[0]?.schema['description']));
  expect(described.length).toBeGreaterThan(7);
  expect(new Set(described)).toEqual(new Set([expect.stringContaining('the name that `POST /api/agent` takes')]));
});

test('queries reach the services as numbers and moments', async () => {
  const { send, services } = await startHttpApp();
  await send('/api/sessions?limit=200&search=%C3%BC');
  const headers = { 'X-Api-Key': TOKEN };
  await send('/api/logs?since=2026-01-01T00:00:00%2B02:00&until=1770000000000&q=boom&level=error&limit=1000&cursor=abc', { headers });
  expect(services.calls.map(({ input }) => input)).toEqual([
    { search: 'ü', limit: 200 },
    { since: Date.UTC(2025, 11, 31, 22), until: 1_770_000_000_000, q: 'boom', level: 'error', limit: 1_000, cursor: 'abc' },
  ]);
});

test('status is the document of the supervisor', async () => {
  const { send } = await startHttpApp();
  expect((await send('/api/status')).json).toMatchObject({ status: 'ok', state: 'running', ready: true, port: 18_790 });
});

test.each([
  ['/api/message', { channel: 'nowhere', chat_id: '1', content: 'x' }, 404, 'CHANNEL_NOT_FOUND'],
  ['/api/sessions', { agentId: 'ghost' }, 400, 'INVALID_REQUEST'],
])('what the service refuses for %s is answered with its code', async (path, body, ...[status, code]) => {
  const { send } = await startHttpApp();
  expect(await send(path, { method: 'POST', body })).toMatchObject({ status, json: { error: { code } } });
});

test('a model that fails, also in the middle of its answer, fails the question with its reason; a caller without the token is refused', async () => {
  const { send, services } = await startHttpApp();
  services.script = async function* () {
    yield { type: 'delta', text: 'O' };
    yield { type: 'error', error: new GatewayError('AGENT_ERROR', { message: 'fake: no credit' }) };
  };
  const ask = (headers: Record<string, string>) => send('/api/models/ask', { method: 'POST', body: { model: 'fake/echo' }, headers });
  expect(await ask({ Authorization: `Bearer ${TOKEN}` })).toMatchObject({
    status: 502,
    json: { error: { code: 'AGENT_ERROR', message: 'fake: no credit' } },
  });
  expect((await ask({})).status).toBe(401);
  services.script = async function* () {
    yield { type: 'delta', text: 'O' };
  };
  // A stream that only stops is no answer.
  expect(await ask({ Authorization: `Bearer ${TOKEN}` })).toMatchObject({ status: 500, json: { error: { code: 'INTERNAL_ERROR' } } });
});
