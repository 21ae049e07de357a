/** The gateway under a path of a proxy: by `gateway.basePath`, or by what a trusted proxy says. */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startHttpApp, TOKEN } from '../../../helpers/http-app.js';
import { sendRequest } from '../../../helpers/http-request.js';

const bearer = { Authorization: `Bearer ${TOKEN}` };
const proxy = { trustedProxies: ['127.0.0.1'] };
const forwarded = { 'X-Forwarded-For': '198.51.100.7', 'X-Forwarded-Proto': 'https' };

const places: readonly { what: string; gateway: object; headers: Record<string, string>; base: string; cookie: string }[] = [
  { what: 'gateway.basePath', gateway: { basePath: '/x/' }, headers: {}, base: '/x', cookie: '/x/' },
  { what: 'gateway.basePath, past the proxy', gateway: { basePath: '/x' }, headers: {}, base: '', cookie: '/' },
  { what: 'a proxy that removes it', gateway: proxy, headers: { 'X-Forwarded-Prefix': '/x/' }, base: '', cookie: '/x/' },
  { what: 'a proxy that does not', gateway: proxy, headers: { 'X-Forwarded-Prefix': '/x' }, base: '/x', cookie: '/x/' },
];

test.each(places)('page, API, /v1, /ws and cookie work under the path of $what', async ({ gateway, headers, base, cookie }) => {
  const { port } = await startHttpApp({ gateway });
  const get = (path: string) => sendRequest(port, `${base}${path}`, { headers: { ...headers, ...bearer } });
  expect((await get('/')).text).toContain('<title>built</title>');
  for (const path of ['/assets/icon.svg', '/api/models?x=1', '/v1/models', '/health', '/docs', '/openapi.json', '/metrics'])
    expect((await get(path)).status, path).toBe(200);
  expect((await get('/v1/models/none/such')).json).toMatchObject({ error: { type: 'invalid_request_error' } });
  const signedIn = await sendRequest(port, `${base}/api/page-session`, { method: 'POST', headers: { ...headers, ...bearer } });
  expect(String(signedIn.headers['set-cookie'])).toContain(`; Path=${cookie}; `);
  const socket = new WebSocket(`ws://127.0.0.1:${port}${base}/ws`, { headers: { ...headers, ...bearer } });
  await once(socket, 'open');
  socket.terminate();
});

test('the path alone is sent to the path with a slash, where the links of the page are right', async () => {
  const { send } = await startHttpApp({ gateway: { basePath: '/apps/x' } });
  const answer = await send('/apps/x?theme=dark');
  expect([answer.status, answer.headers.location]).toEqual([302, 'x/?theme=dark']);
  for (const path of ['/apps/xy', '/apps', '/apps/x/apps/x/']) expect((await send(path, { headers: bearer })).status, path).toBe(404);
});

test('a path under the base path is under the same rules', async () => {
  const { send } = await startHttpApp({ gateway: { basePath: '/x' }, peer: '198.51.100.7' });
  const Host = '192.0.2.10';
  expect((await send('/x/api/models', { headers: { Host } })).status).toBe(401);
  expect((await send('/x/', { headers: { Host } })).status).toBe(200);
  expect((await send('/x/api/models', { headers: { Host: 'evil.example' } })).status).toBe(403);
});

test.each<{ what: string; gateway: object; headers: Record<string, string>; url: string }>([
  { what: 'a trusted proxy', gateway: proxy, headers: { ...forwarded, 'X-Forwarded-Prefix': '/x' }, url: 'https://localhost/x/#link=' },
  { what: 'anybody else', gateway: {}, headers: { ...forwarded, 'X-Forwarded-Prefix': '/x' }, url: 'http://localhost/#link=' },
  { what: 'a proxy, nonsense', gateway: proxy, headers: { 'X-Forwarded-Prefix': '/x; a=b' }, url: 'http://localhost/#link=' },
  { what: 'a proxy, another host', gateway: proxy, headers: { 'X-Forwarded-Host': 'evil.example' }, url: 'http://localhost/#link=' },
])('what $what says of the address: $url', async ({ gateway, headers, url }) => {
  const { send } = await startHttpApp({ gateway });
  const answer = await send('/api/page-links', { method: 'POST', headers: { Host: 'localhost', ...bearer, ...headers } });
  expect(String(answer.json?.['url'])).toContain(url);
  const signedIn = await send('/api/page-session', { method: 'POST', headers: { Host: 'localhost', ...bearer, ...headers } });
  expect(String(signedIn.headers['set-cookie']).endsWith('; Secure')).toBe(url.startsWith('https'));
});
