import { expect, test } from 'vitest';
import { errorResponse } from '../../../../shared/api/error.js';
import { GatewayError } from '../../../../shared/errors.js';
import { startHttpApp } from '../../../helpers/http-app.js';

test.each([
  ['GET', '/nothing', 404, 'NOT_FOUND', undefined],
  ['POST', '/api', 404, 'NOT_FOUND', undefined],
  ['GET', '/api/sessions/', 404, 'NOT_FOUND', undefined],
  ['GET', '/API/models', 404, 'NOT_FOUND', undefined],
  ['GET', '/api//models', 404, 'NOT_FOUND', undefined],
  ['GET', '/api/%6dodels', 404, 'NOT_FOUND', undefined],
  ['GET', '/api/sessions/a/b', 404, 'NOT_FOUND', undefined],
  ['GET', '/assets/../api/models', 404, 'NOT_FOUND', undefined],
  ['GET', '/api/message', 405, 'METHOD_NOT_ALLOWED', 'POST, OPTIONS'],
  ['PUT', '/api/sessions', 405, 'METHOD_NOT_ALLOWED', 'POST, HEAD, GET, OPTIONS'],
  ['PATCH', '/api/messages/x', 405, 'METHOD_NOT_ALLOWED', 'HEAD, GET, DELETE, OPTIONS'],
  ['POST', '/health', 405, 'METHOD_NOT_ALLOWED', 'HEAD, GET, OPTIONS'],
  ['PROPFIND', '/', 405, 'METHOD_NOT_ALLOWED', 'HEAD, GET, OPTIONS'],
  ['TRACE', '/api/models', 405, 'METHOD_NOT_ALLOWED', 'HEAD, GET, OPTIONS'],
])('%s %s is answered %i %s', async (method, path, ...[status, code, allow]) => {
  const { send, services } = await startHttpApp();
  const answer = await send(path, { method });
  expect([answer.status, answer.headers.allow]).toEqual([status, allow]);
  expect(errorResponse().safeParse(answer.json).error).toBeUndefined();
  expect(answer.json).toMatchObject({ error: { code } });
  expect(services.calls).toEqual([]);
});

test('OPTIONS names the methods and has no body', async () => {
  const { send, services } = await startHttpApp();
  const answer = await send('/api/sessions/x', { method: 'OPTIONS' });
  expect([answer.status, answer.headers.allow, answer.text]).toEqual([204, 'HEAD, GET, DELETE, PATCH, OPTIONS', '']);
  expect((await send('*', { method: 'OPTIONS' })).status).toBe(204);
  expect(services.calls).toEqual([]);
});

test.each(['/health', '/health/live', '/', '/api/models'])('HEAD %s has the headers of GET and no body', async (path) => {
  const { send } = await startHttpApp();
  const [get, head] = [await send(path), await send(path, { method: 'HEAD' })];
  const named = (headers: object) => Object.fromEntries(Object.entries(headers).filter(([name]) => !/^(date|x-request-id)$/.test(name)));
  expect([head.status, head.text]).toEqual([200, '']);
  expect(named(head.headers)).toEqual(named(get.headers));
  expect(Number(head.headers['content-length'])).toBe(Buffer.byteLength(get.text));
});

test('HEAD of what is not there says so without a body', async () => {
  const { send } = await startHttpApp();
  expect(await send('/nothing', { method: 'HEAD' })).toMatchObject({ status: 404, text: '' });
});

test.each<[string, unknown, number, object, string | undefined]>([
  [
    'a code that may be told',
    new GatewayError('AGENT_ERROR', { message: 'quota used up.', hint: 'Wait.' }),
    502,
    { code: 'AGENT_ERROR', message: 'quota used up. Wait.' },
    undefined,
  ],
  ['details', new GatewayError('CONFLICT', { message: 'x', details: { a: 1 } }), 409, { code: 'CONFLICT', details: { a: 1 } }, undefined],
  ['UNAVAILABLE', new GatewayError('UNAVAILABLE', { message: 'x' }), 503, { code: 'UNAVAILABLE' }, '1'],
  [
    'a wait that is known',
    new GatewayError('RATE_LIMITED', { message: 'x', details: { retryAfterSeconds: 7.2 } }),
    429,
    { code: 'RATE_LIMITED' },
    '8',
  ],
  ['a store that is gone', new GatewayError('STORE_UNAVAILABLE', { message: 'x' }), 503, { code: 'STORE_UNAVAILABLE' }, '1'],
  [
    'a library error that is the caller’s',
    Object.assign(new Error('too much'), { status: 413, expose: true }),
    413,
    { code: 'PAYLOAD_TOO_LARGE' },
    undefined,
  ],
])('%s leaves as it must', async (_what, thrown, ...[status, error, retryAfter]) => {
  const { send, services } = await startHttpApp();
  services.messages.sync = () => Promise.reject(thrown as Error);
  const answer = await send('/api/message/sync', { method: 'POST', body: { channel: 'webchat', chat_id: 'me', content: 'Hello' } });
  expect([answer.status, answer.json?.['error']]).toMatchObject([status, error]);
  expect(answer.headers['retry-after']).toBe(retryAfter);
});

test.each<[string, unknown]>([
  ['an error of ours that is not to be told', new GatewayError('INTERNAL_ERROR', { message: 'secret path /x' })],
  ['any other error', new TypeError('secret path /x')],
  ['a library error that is not the caller’s', Object.assign(new Error('secret path /x'), { status: 400, expose: false })],
  ['a thrown string', 'secret path /x'],
  ['nothing at all', undefined],
])('%s is hidden from the caller and kept in the log', async (_what, thrown) => {
  const { send, services, lines } = await startHttpApp();
  services.models.models = () => Promise.reject(thrown as Error);
  const answer = await send('/api/models');
  expect(answer).toMatchObject({ status: 500, json: { error: { code: 'INTERNAL_ERROR', requestId: answer.headers['x-request-id'] } } });
  expect(answer.text).not.toContain('secret');
  expect(lines.map(({ level }) => level).toSorted()).toEqual(['error', 'warn']);
  expect(lines.every(({ fields }) => fields['requestId'] === answer.headers['x-request-id'])).toBe(true);
});

test.each([
  ['abc-123_x.y~z:1', true],
  ['x'.repeat(128), true],
  ['x'.repeat(129), false],
  ['with blank', false],
  ['<script>', false],
  ['', false],
])('the request id %j is taken over: %s', async (given, isTaken) => {
  const { send } = await startHttpApp();
  for (const path of ['/health', '/api/models', '/nothing']) {
    const id = (await send(path, { headers: { 'X-Request-Id': given } })).headers['x-request-id'];
    expect([id === given, /^req_[0-9a-f]{32}$/.test(String(id))]).toEqual([isTaken, !isTaken]);
  }
});

test('new request ids do not repeat', async () => {
  const { send } = await startHttpApp();
  const answers = await Promise.all(Array.from({ length: 300 }, () => send('/health')));
  expect(new Set(answers.map(({ headers }) => headers['x-request-id'])).size).toBe(300);
});

test('requests are logged at debug, refusals at info, failures at warn, health never', async () => {
  const { send, services, lines } = await startHttpApp();
  services.models.providers = () => Promise.reject(new GatewayError('UNAVAILABLE', { message: 'x' }));
  for (const path of ['/health', '/health/live', '/health/nothing', '/api/models?q=secret', '/nothing', '/api/providers']) await send(path);
  expect(lines.map(({ level, fields }) => [level, fields['path'], fields['status'], fields['code'], fields['client']])).toEqual([
    ['debug', '/api/models', 200, undefined, '127.0.0.1'],
    ['info', '/nothing', 404, 'NOT_FOUND', '127.0.0.1'],
    ['warn', '/api/providers', 503, 'UNAVAILABLE', '127.0.0.1'],
  ]);
});

test.each(['/health', '/health/ready', '/', '/docs', '/api/models', '/nothing'])('%s carries the security headers', async (path) => {
  const { send } = await startHttpApp();
  const { headers } = await send(path);
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
  expect(headers['content-security-policy']).toContain("default-src 'none'");
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(headers['content-security-policy']).not.toMatch(/unsafe|\*/);
  expect(headers['x-powered-by']).toBeUndefined();
});

test.each(['/', '/docs', '/metrics', '/api/attachments/file_1'])('%s cannot be shown or run by a foreign page', async (path) => {
  const { send } = await startHttpApp();
  expect((await send(path)).headers['cross-origin-resource-policy']).toBe('same-origin');
});

test.each(['/', '/docs'])('the document %s sends no referrer and is framed by nobody', async (path) => {
  const { send } = await startHttpApp();
  expect((await send(path)).headers).toMatchObject({ 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer' });
});

test('a session whose name is that of a route keeps the methods that the route does not have', async () => {
  const { send } = await startHttpApp();
  expect((await send('/api/sessions/import', { method: 'DELETE' })).json).toMatchObject({ error: { code: 'SESSION_NOT_FOUND' } });

  const other = await send('/api/sessions/import', { method: 'PUT' });
  expect([other.status, other.headers.allow]).toEqual([405, 'POST, HEAD, GET, DELETE, PATCH, OPTIONS']);
});
