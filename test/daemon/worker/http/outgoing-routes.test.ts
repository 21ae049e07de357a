import { expect, test } from 'vitest';
import type { z } from 'zod';
import { outgoingDropResponse, outgoingListResponse, outgoingResponse } from '../../../../shared/api/messages.js';
import { startHttpApp, TOKEN } from '../../../helpers/http-app.js';

const documents: readonly { method: string; path: string; schema: () => z.ZodType; call: { name: string; input: unknown } }[] = [
  { method: 'GET', path: '/api/messages', schema: outgoingListResponse, call: { name: 'outgoing.list', input: {} } },
  {
    method: 'GET',
    path: '/api/messages?status=retry_wait&channel=webhook&limit=200&cursor=abc',
    schema: outgoingListResponse,
    call: { name: 'outgoing.list', input: { status: 'retry_wait', channel: 'webhook', limit: 200, cursor: 'abc' } },
  },
  { method: 'GET', path: '/api/messages/msg_1', schema: outgoingResponse, call: { name: 'outgoing.get', input: 'msg_1' } },
  { method: 'POST', path: '/api/messages/msg_1/retry', schema: outgoingResponse, call: { name: 'outgoing.retry', input: 'msg_1' } },
  { method: 'DELETE', path: '/api/messages/msg_1', schema: outgoingDropResponse, call: { name: 'outgoing.drop', input: 'msg_1' } },
];

test.each(documents)('$method $path answers the documented shape', async ({ method, path, schema, call }) => {
  const { send, services } = await startHttpApp();
  const answer = await send(path, { method });
  expect(answer.status).toBe(200);
  expect(schema().safeParse(answer.json).error).toBeUndefined();
  expect(services.calls).toEqual([call]);
});

test.each([
  ['GET', '/api/messages?status=lost'],
  ['GET', '/api/messages?status=queued&status=dead'],
  ['GET', '/api/messages?limit=0'],
  ['GET', '/api/messages?limit=201'],
  ['GET', '/api/messages?state=queued'],
  ['GET', `/api/messages/${'x'.repeat(129)}`],
  ['GET', '/api/messages/a%00b'],
])('%s %s is refused', async (method, path) => {
  const { send, services } = await startHttpApp();
  expect(await send(path, { method })).toMatchObject({ status: 400, json: { error: { code: 'INVALID_REQUEST' } } });
  expect(services.calls).toEqual([]);
});

test.each([
  { method: 'GET', path: '/api/messages/msg_none', status: 404, code: 'NOT_FOUND' },
  { method: 'POST', path: '/api/messages/msg_none/retry', status: 404, code: 'NOT_FOUND' },
  { method: 'POST', path: '/api/messages/msg_busy/retry', status: 409, code: 'CONFLICT' },
  { method: 'DELETE', path: '/api/messages/msg_busy', status: 409, code: 'CONFLICT' },
  { method: 'PATCH', path: '/api/messages/msg_1', status: 405, code: 'METHOD_NOT_ALLOWED' },
])('$method $path is answered with $status $code', async ({ method, path, status, code }) => {
  const { send } = await startHttpApp();
  expect(await send(path, { method })).toMatchObject({ status, json: { error: { code } } });
});

const call = { path: '/api/webhook/default', headers: { Authorization: 'let me in' }, body: { chat_id: '1', content: 'hi' } };

test('a webhook account is called with its own credentials, from anywhere and under any name', async () => {
  const { send, services } = await startHttpApp();
  const headers = { ...call.headers, Host: 'public.example', 'X-Forwarded-For': '203.0.113.9' };
  const answer = await send(call.path, { method: 'POST', headers, body: call.body });
  expect(answer).toMatchObject({ status: 200, json: { status: 'ok', message_id: 'msg_1' } });
  expect(services.calls).toEqual([
    { name: 'webhooks.receive', input: { accountId: 'default', rawBody: JSON.stringify(call.body), chat_id: '1', content: 'hi' } },
  ]);
});

test('a repeated webhook is answered as the first was, and says so', async () => {
  const { send } = await startHttpApp();
  const answer = await send(call.path, { method: 'POST', headers: call.headers, body: { ...call.body, id: 'again' } });
  expect(answer).toMatchObject({ status: 200, json: { message_id: 'msg_1' } });
  expect(answer.headers['idempotent-replayed']).toBe('true');
});

test.each([
  { title: 'without credentials', headers: {}, status: 401, code: 'UNAUTHORIZED' },
  { title: "with the gateway's token instead", headers: { 'X-Api-Key': TOKEN }, status: 401, code: 'UNAUTHORIZED' },
  { title: 'with wrong ones', headers: { Authorization: 'Bearer wrong' }, status: 401, code: 'UNAUTHORIZED' },
  { title: 'by a foreign page', headers: { ...call.headers, Origin: 'https://evil.example' }, status: 403, code: 'FORBIDDEN' },
])('a webhook account that is called $title is not reached', async ({ headers, status, code }) => {
  const { send, services } = await startHttpApp();
  const answer = await send(call.path, { method: 'POST', headers, body: { ...call.body, unknown: 1 } });
  expect(answer).toMatchObject({ status, json: { error: { code } } });
  expect(services.calls).toEqual([]);
});

test('wrong credentials of a webhook account are slowed down, right ones never', async () => {
  const { send } = await startHttpApp();
  const statuses: number[] = [];
  for (let count = 0; count < 20; count += 1) {
    statuses.push((await send(call.path, { method: 'POST', headers: { Authorization: 'Bearer wrong' }, body: call.body })).status);
  }
  expect(statuses).toEqual([...Array<number>(19).fill(401), 429]);
  expect((await send(call.path, { method: 'POST', headers: call.headers, body: call.body })).status).toBe(200);
});
