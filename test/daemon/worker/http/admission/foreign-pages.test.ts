import { expect, test } from 'vitest';
import { startHttpApp, TOKEN } from '../../../../helpers/http-app.js';
import { openSocket } from '../../../../helpers/socket-client.js';

const FOREIGN = 'https://app.example';
const listed = { cors: { enabled: true, origins: [FOREIGN] } };
const any = { cors: { enabled: true, origins: ['*'], credentials: true } };

/** What a page could do to its visitor's own gateway. */
const CALLS: readonly (readonly [method: string, path: string, body?: object])[] = [
  ['POST', '/api/agent', { message: 'hi' }],
  ['POST', '/api/message', { channel: 'telegram', chat_id: '7', content: 'hi' }],
  ['GET', '/api/sessions'],
  ['POST', '/api/cron/create', { schedule: '* * * * *', message: 'hi' }],
  ['POST', '/api/approvals/1/decide', { decision: 'approve' }],
  ['GET', '/v1/models'],
  ['POST', '/v1/chat/completions', { model: 'main', messages: [{ role: 'user', content: 'hi' }] }],
  ['POST', '/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/list' }],
  ['GET', '/metrics'],
  ['GET', '/openapi.json'],
  ['GET', '/api/nothing'],
];

test.each([
  { gateway: listed, allow: FOREIGN },
  { gateway: any, allow: '*' },
])('a page that CORS admits needs the token on this machine, too: $gateway', async ({ gateway, allow }) => {
  const { send, services } = await startHttpApp({ gateway });
  for (const [method, path, body] of CALLS) {
    const answer = await send(path, { method, headers: { Origin: FOREIGN }, ...(body && { body }) });
    expect([path, answer.status, answer.headers['access-control-allow-origin']]).toEqual([path, 401, allow]);
  }
  expect(services.calls).toEqual([]);
  for (const headers of [{ Origin: FOREIGN, 'X-Api-Key': TOKEN }, {}]) expect((await send('/api/sessions', { headers })).status).toBe(200);
});

test.each([listed, any])('its socket needs the token as well: %j', async (gateway) => {
  const { port } = await startHttpApp({ gateway });
  const headers = { Origin: FOREIGN };
  const without = await openSocket(port, { headers });
  without.send('hello');
  expect((await without.next('error')).error.code).toBe('UNAUTHORIZED');
  expect((await without.closed).code).toBe(4401);
  const client = await openSocket(port, { headers });
  client.send('hello', { token: TOKEN });
  expect((await client.next('hello')).instanceId).toBe('wk_test');
});

test('the page of the gateway itself and programs need none', async () => {
  const { port, send } = await startHttpApp({ gateway: any });
  for (const headers of [{ Origin: `http://127.0.0.1:${port}` }, { Origin: 'http://localhost:18790', Host: 'localhost:18790' }, {}])
    expect((await send('/api/sessions', { headers })).status).toBe(200);
});

test('where the owner has written that nobody needs a token, a page that CORS admits needs none', async () => {
  const { send } = await startHttpApp({ gateway: { ...listed, auth: { enabled: false } } });
  expect((await send('/api/sessions', { headers: { Origin: FOREIGN } })).status).toBe(200);
  expect((await send('/api/logs', { headers: { Origin: FOREIGN } })).status).toBe(401);
});
