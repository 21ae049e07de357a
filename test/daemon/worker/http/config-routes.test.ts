import { expect, test } from 'vitest';
import { startHttpApp, TOKEN } from '../../../helpers/http-app.js';

const bearer = { Authorization: `Bearer ${TOKEN}` };
const REVISION = 'a'.repeat(64);
const VERSION = `1700000000000-${'b'.repeat(16)}`;

test.each([
  ['GET', '/api/config'],
  ['PATCH', '/api/config'],
  ['GET', '/api/config/schema'],
  ['GET', '/api/models-json'],
  ['PATCH', '/api/models-json'],
  ['POST', '/api/models-json/undo'],
  ['GET', '/api/config/versions'],
  ['GET', `/api/config/versions/${VERSION}`],
  ['POST', `/api/config/versions/${VERSION}/restore`],
])('%s %s needs the token from this machine too', async (method, path) => {
  const { send } = await startHttpApp();
  const body = method === 'PATCH' ? {} : undefined;
  expect((await send(path, { method, body })).status).toBe(401);
  expect((await send(path, { method, body, headers: { 'X-Api-Key': TOKEN } })).status).toBe(200);
});

test('the configuration comes with its revision as the entity tag, models.json as the document itself', async () => {
  const { send } = await startHttpApp();
  const config = await send('/api/config', { headers: bearer });
  expect(config.headers['etag']).toBe(`"${REVISION}"`);
  expect(config.json).toMatchObject({ status: 'ok', revision: REVISION, inForce: true, sources: { 'gateway.port': 'env' } });
  const models = await send('/api/models-json', { headers: bearer });
  expect([models.json, models.headers['etag']]).toEqual([{ providers: {} }, `"${REVISION}"`]);
});

test('a patch reaches the service with the revision that it is for', async () => {
  const { send, services } = await startHttpApp();
  const patch = (path: string, headers: Record<string, string>) =>
    send(path, { method: 'PATCH', body: { logs: null }, headers: { ...bearer, ...headers } });
  expect((await patch('/api/config', { 'If-Match': `"${REVISION}"` })).status).toBe(200);
  // As a proxy passes it on that compresses the answer.
  expect((await patch('/api/config', { 'If-Match': `W/"${REVISION}"` })).status).toBe(200);
  expect((await patch('/api/models-json', { 'If-Match': '*' })).status).toBe(200);
  expect(services.calls.map(({ input }) => input)).toEqual([
    { changes: { logs: null }, expectedRevision: REVISION },
    { changes: { logs: null }, expectedRevision: REVISION },
    { changes: { logs: null }, expectedRevision: undefined },
  ]);
  expect(await patch('/api/config', { 'If-Match': '"b"' })).toMatchObject({
    status: 412,
    json: { error: { code: 'PRECONDITION_FAILED' } },
  });
  for (const tag of ['w/"a"', 'a', '"a", "b"']) expect((await patch('/api/config', { 'If-Match': tag })).status).toBe(400);
});

test.each(['[]', '"x"', '{"__proto__": {"a": 1}}', '{"a": {"constructor": 1}}'])('a patch %s is refused', async (body) => {
  const { send, services } = await startHttpApp();
  const answer = await send('/api/config', { method: 'PATCH', body, headers: { ...bearer, 'Content-Type': 'application/json' } });
  expect([answer.status, services.calls]).toEqual([400, []]);
});

test('an earlier version is read by its id, and put back only in place of the revision that was seen', async () => {
  const { send, services } = await startHttpApp();
  const ask = (path: string, method = 'GET', headers: Record<string, string> = {}) =>
    send(`/api/config/versions${path}`, { method, headers: { ...bearer, ...headers } });
  expect((await ask('')).json).toMatchObject({ versions: [{ id: VERSION, current: false }] });
  expect((await ask(`/${VERSION}`)).json).toMatchObject({ version: { id: VERSION }, text: '{}\n' });
  for (const id of ['..%2Fgateway.db', '1', `1700000000000-${'z'.repeat(16)}`]) expect((await ask(`/${id}`)).status).toBe(400);
  expect((await ask(`/1600000000000-${'b'.repeat(16)}`)).status).toBe(404);
  expect((await ask(`/${VERSION}/restore`, 'POST', { 'If-Match': '"other"' })).status).toBe(412);
  expect((await ask(`/${VERSION}/restore`, 'POST', { 'If-Match': `"${REVISION}"` })).json).toMatchObject({ written: true });
  expect(services.calls.at(-1)).toMatchObject({ name: 'config.restoreVersion', input: { changes: VERSION, expectedRevision: REVISION } });
});
