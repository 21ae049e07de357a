import { expect, test } from 'vitest';
import { startHttpApp, TOKEN } from '../../../helpers/http-app.js';

const message = { channel: 'telegram', chat_id: '42', content: 'hi' };
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

/** Endpoints that take a body, with one that is right. */
const endpoints = [
  { path: '/api/message', right: message },
  { path: '/api/message/sync', right: message },
  { path: '/api/agent', right: { message: 'hi' } },
  { path: '/api/sessions', right: { channel: 'webchat' } },
];

type Bad = {
  readonly what: string;
  readonly body: (right: object) => unknown;
  readonly headers?: Record<string, string>;
  readonly status?: number;
};

const json = { 'Content-Type': 'application/json' };

/** Wrong everywhere; 400 INVALID_REQUEST unless said otherwise. */
const wrongAnywhere: readonly Bad[] = [
  { what: 'text that is no JSON', body: () => 'hello', headers: json },
  { what: 'JSON cut short', body: (right) => JSON.stringify(right).slice(0, -1), headers: json },
  { what: 'JSON with something after it', body: (right) => `${JSON.stringify(right)} x`, headers: json },
  { what: 'an array', body: () => [] },
  { what: 'an array with the right object', body: (right) => [right] },
  { what: 'a string', body: () => '"x"', headers: json },
  { what: 'a number', body: () => '1', headers: json },
  { what: 'null', body: () => 'null', headers: json },
  { what: 'an unknown key', body: (right) => ({ ...right, extra: 1 }) },
  { what: '__proto__', body: (right) => `{"__proto__":{"admin":true},${JSON.stringify(right).slice(1)}`, headers: json },
  { what: 'an escaped __proto__', body: (right) => `{"\\u005f_proto__":{},${JSON.stringify(right).slice(1)}`, headers: json },
  { what: 'constructor', body: (right) => ({ ...right, constructor: { prototype: {} } }) },
  { what: 'prototype deep inside', body: (right) => ({ ...right, extra: [{ prototype: 1 }] }) },
  { what: 'too deep an object', body: (right) => `{"deep":${nested(65)},${JSON.stringify(right).slice(1)}`, headers: json },
  { what: '100,000 open brackets', body: () => `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, headers: json },
  { what: 'invalid UTF-8', body: () => Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc3, 0x28, 0x22, 0x7d]), headers: json },
  { what: 'half a surrogate pair', body: (right) => `{"extra":"\\ud83d",${JSON.stringify(right).slice(1)}`, headers: json },
  { what: 'a NUL character', body: (right) => ({ ...right, extra: '\0' }) },
  { what: 'no content type', body: (right) => JSON.stringify(right), status: 415 },
  { what: 'text/plain', body: (right) => JSON.stringify(right), headers: { 'Content-Type': 'text/plain' }, status: 415 },
  { what: 'a form', body: () => 'message=hi', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, status: 415 },
  { what: 'multipart', body: () => '--x--', headers: { 'Content-Type': 'multipart/form-data; boundary=x' }, status: 415 },
  { what: 'a vendor type', body: (right) => JSON.stringify(right), headers: { 'Content-Type': 'application/vnd.x+json' }, status: 415 },
  {
    what: 'a type that only begins right',
    body: (right) => JSON.stringify(right),
    headers: { 'Content-Type': 'application/jsonp' },
    status: 415,
  },
  { what: 'two types', body: (right) => JSON.stringify(right), headers: { 'Content-Type': 'application/json, text/plain' }, status: 415 },
  {
    what: 'another charset',
    body: (right) => JSON.stringify(right),
    headers: { 'Content-Type': 'application/json; charset=utf-16' },
    status: 415,
  },
  { what: 'a gzip body', body: (right) => JSON.stringify(right), headers: { ...json, 'Content-Encoding': 'gzip' }, status: 415 },
  { what: 'an unknown encoding', body: (right) => JSON.stringify(right), headers: { ...json, 'Content-Encoding': 'x' }, status: 415 },
  { what: 'a body over the limit', body: () => `{"a":"${'x'.repeat(2_048)}"}`, headers: json, status: 413 },
];

const codes: Record<number, string> = { 400: 'INVALID_REQUEST', 413: 'PAYLOAD_TOO_LARGE', 415: 'UNSUPPORTED_MEDIA_TYPE' };

const cells = endpoints.flatMap((endpoint) => wrongAnywhere.map((bad) => ({ ...endpoint, ...bad })));

test.each(cells)('$path refuses $what and no service hears of it', async ({ path, right, what, body, headers, status = 400 }) => {
  const needsRoom = what.includes('brackets');
  const { send, services, lines } = await startHttpApp({ gateway: { maxBodyBytes: needsRoom ? 1_048_576 : 1_024 } });
  const answer = await send(path, { method: 'POST', body: body(right), ...(headers === undefined ? {} : { headers }) });
  expect(answer).toMatchObject({ status, json: { error: { code: codes[status], message: expect.any(String) as string } } });
  expect(answer.json?.['error']).toMatchObject({ requestId: answer.headers['x-request-id'] });
  expect(services.calls).toEqual([]);
  expect(lines.map(({ level }) => level)).toEqual(['info']);
});

test.each(endpoints)('$path takes the right body also with a charset, in chunks and in full size', async ({ path, right }) => {
  const { send, services } = await startHttpApp({ gateway: { maxBodyBytes: 1_024 } });
  const text = JSON.stringify(right);
  const full = `${text.slice(0, -1)}${' '.repeat(1_024 - text.length)}}`;
  const asks = [
    { body: text, headers: { 'Content-Type': 'Application/JSON ; charset="UTF-8"' } },
    { body: full, headers: { ...json, 'Content-Encoding': 'identity' } },
    { body: text, headers: { ...json, 'Transfer-Encoding': 'chunked' } },
    { body: right, headers: { Expect: '100-continue' } },
  ];
  for (const ask of asks) expect((await send(path, { method: 'POST', ...ask })).status).toBe(200);
  expect(services.calls.length).toBe(asks.length);
});

const wrongFields: readonly [path: string, body: object, field: string][] = [
  ['/api/message', {}, 'channel'],
  ['/api/message', { ...message, channel: '' }, 'channel'],
  ['/api/message', { ...message, channel: 7 }, 'channel'],
  ['/api/message', { ...message, channel: 'x'.repeat(65) }, 'channel'],
  ['/api/message', { ...message, channel: 'a\nb' }, 'channel'],
  ['/api/message', { channel: 'telegram', content: 'hi' }, 'chat_id'],
  ['/api/message', { ...message, chat_id: 4.2 }, 'chat_id'],
  ['/api/message', { ...message, chat_id: 2 ** 53 }, 'chat_id'],
  ['/api/message', { ...message, chat_id: true }, 'chat_id'],
  ['/api/message', { ...message, chat_id: null }, 'chat_id'],
  ['/api/message', { ...message, chat_id: 'x'.repeat(257) }, 'chat_id'],
  ['/api/message', { ...message, content: '' }, 'content'],
  ['/api/message', { ...message, content: ['hi'] }, 'content'],
  ['/api/message', { ...message, content: null }, 'content'],
  ['/api/message', { ...message, accountId: '' }, 'accountId'],
  ['/api/message', { ...message, deliver: true }, 'deliver'],
  ['/api/message', { channel: 'telegram', chatId: '42', content: 'hi' }, 'chatId'],
  ['/api/message/sync', { ...message, deliver: 'yes' }, 'deliver'],
  ['/api/agent', {}, 'message'],
  ['/api/agent', { message: '' }, 'message'],
  ['/api/agent', { message: { text: 'hi' } }, 'message'],
  ['/api/agent', { message: 'hi', session: '' }, 'session'],
  ['/api/agent', { message: 'hi', session: 'x'.repeat(513) }, 'session'],
  ['/api/agent', { message: 'hi', model: 5 }, 'model'],
  ['/api/agent', { message: 'hi', agentId: null, session: 5 }, 'session'],
  ['/api/sessions', { chat_id: {} }, 'chat_id'],
];

test.each(wrongFields)('%s with %j names the field %s', async (path, body, field) => {
  const { send, services } = await startHttpApp();
  const answer = await send(path, { method: 'POST', body });
  const { error } = answer.json as { error: { message: string; details: { issues: { path: string; message: string }[] } } };
  expect([answer.status, error.message]).toEqual([400, expect.stringContaining(`'${field}'`)]);
  expect(error.details.issues.some((issue) => issue.message.includes(`'${field}'`))).toBe(true);
  expect(services.calls).toEqual([]);
});

test.each([
  ['GET', '/api/sessions?limit=0'],
  ['GET', '/api/sessions?limit=201'],
  ['GET', '/api/sessions?limit=ten'],
  ['GET', '/api/sessions?limit=1&limit=2'],
  ['GET', '/api/sessions?limit=-1'],
  ['GET', '/api/sessions?limit=1.5'],
  ['GET', '/api/sessions?search='],
  ['GET', `/api/sessions?search=${'x'.repeat(201)}`],
  ['GET', '/api/sessions?token=secret'],
  ['GET', '/api/sessions?__proto__=1'],
  ['GET', '/api/logs?level=loud'],
  ['GET', '/api/logs?since=yesterday'],
  ['GET', '/api/logs?since=2026-13-01T00:00:00Z'],
  ['GET', '/api/logs?until=1e3'],
  ['GET', '/api/logs?limit=1001'],
  ['GET', `/api/sessions/${'x'.repeat(513)}`],
  ['DELETE', '/api/sessions/a%00b'],
  ['DELETE', '/api/tokens/a%00b'],
  ['POST', '/api/webhook/a%00b'],
  ['GET', '/api/sessions/%zz'],
  ['GET', '/api/sessions/%C3%28'],
])('%s %s is refused', async (method, path) => {
  const { send, services } = await startHttpApp();
  const answer = await send(path, { method, headers: { 'X-Api-Key': TOKEN } });
  expect(answer).toMatchObject({ status: 400, json: { error: { code: 'INVALID_REQUEST' } } });
  expect(services.calls).toEqual([]);
});

test('a parameter of the path is named with its place', async () => {
  const { send } = await startHttpApp();
  const answer = await send(`/api/sessions/${'x'.repeat(513)}`);
  expect(answer.json).toMatchObject({
    error: { message: expect.stringMatching(/^Invalid 'key' in the path: .*512/) as string, details: { issues: [{ path: '' }] } },
  });
});

test('bytes that are no UTF-8 are refused inside a text that is otherwise right, and U+FFFD itself is not', async () => {
  const { send, services } = await startHttpApp();
  const wrap = (bytes: number[]) => Buffer.concat([Buffer.from('{"message":"a'), Buffer.from(bytes), Buffer.from('z"}')]);
  const ask = async (bytes: number[]) => (await send('/api/agent', { method: 'POST', body: wrap(bytes), headers: json })).status;
  expect(await Promise.all([[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf0, 0x9f]].map(ask))).toEqual([400, 400, 400, 400]);
  expect(services.calls).toEqual([]);
  expect(await ask([0xef, 0xbf, 0xbd])).toBe(200);
  expect(services.calls[0]?.input).toEqual({ message: 'a\u{fffd}z' });
});

test.each([['k\u00e9y'], ['two words'], [''], ['x'.repeat(256)]])('the idempotency key %j is refused', async (key) => {
  const { send, services } = await startHttpApp();
  const answer = await send('/api/message', { method: 'POST', body: message, headers: { 'Idempotency-Key': key } });
  expect(answer).toMatchObject({ status: 400, json: { error: { code: 'INVALID_REQUEST' } } });
  expect(services.calls).toEqual([]);
});

test.each([
  ['GET', '/api/models'],
  ['GET', '/health/live'],
  ['GET', '/api/sessions'],
  ['DELETE', '/api/sessions/x'],
])('%s %s takes no body', async (method, path) => {
  const { send, services } = await startHttpApp();
  const answers = await Promise.all(['{}', 'x'].map((body) => send(path, { method, body, headers: json })));
  expect(answers.map(({ status, json: body }) => [status, body?.['error']])).toMatchObject([
    [400, { code: 'INVALID_REQUEST' }],
    [400, { code: 'INVALID_REQUEST' }],
  ]);
  expect(services.calls).toEqual([]);
});

test('the answer to a body with thousands of wrong keys stays short', async () => {
  const { send } = await startHttpApp();
  const body = Object.fromEntries(Array.from({ length: 10_000 }, (_value, index) => [`${'k'.repeat(90)}${index}`, 1]));
  const answer = await send('/api/agent', { method: 'POST', body });
  expect([answer.status, answer.text.length < 8_192]).toEqual([400, true]);
});

test('a body that is missing where one is needed is asked for', async () => {
  const { send } = await startHttpApp();
  expect((await send('/api/message', { method: 'POST' })).json).toMatchObject({
    error: { message: 'POST /api/message needs a JSON body.' },
  });
});

test('what is wrong with the JSON is told without repeating it, neither to the caller nor to the log', async () => {
  const { send, lines } = await startHttpApp();
  const answer = await send('/api/message', { method: 'POST', body: '{"secret-value": tru}', headers: json });
  expect(answer.status).toBe(400);
  expect(`${answer.text}${JSON.stringify(lines)}`).not.toContain('secret-value');
});

test('an optional field of a POST may be null; in a PATCH, null is refused where it has no meaning', async () => {
  const { send, services } = await startHttpApp();
  const body = { message: 'hi', session: null, agentId: null, attachments: [{ name: 'a.txt', data: 'aGk=', mediaType: null }] };
  expect((await send('/api/agent', { method: 'POST', body })).status).toBe(200);
  expect(services.calls).toMatchObject([{ name: 'agent.run', input: { message: 'hi' } }]);
  const change = await send('/api/sessions/notes', { method: 'PATCH', body: { title: null } });
  expect(change).toMatchObject({ status: 400, json: { error: { message: expect.stringContaining("'title' is null") as string } } });
});
