import { expect, test } from 'vitest';
import { createOwnHosts, parseHost } from '../../../../daemon/worker/http/admission/own-hosts.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { startHttpApp, TOKEN } from '../../../helpers/http-app.js';
import { openWire } from '../../../helpers/http-request.js';

const own = ['localhost', 'LOCALHOST:18790', 'localhost.', 'app.localhost:1', '127.0.0.1', '127.9.9.9:80', '[::1]:18790', '[::ffff:127.0.0.1]',
  'boat', 'Boat.example.net:18790', 'boat.local', '192.0.2.10:8080', '[fd00::10]', '[FD00:0::10]:1', 'allowed.example.com', 'ALLOWED.example.com:443']; // prettier-ignore
const foreign = ['evil.example', 'localhost.evil.example', 'evil-localhost', '127.0.0.1.nip.io', '192.0.2.11', '192.168.99.99', '0.0.0.0', '127.1', '2130706433',
  '[::2]', 'user@localhost', 'localhost:port', 'localhost:1:2', 'localhost, evil.example', 'sub.allowed.example.com', 'example.net', '[localhost]', 'local host']; // prettier-ignore

const gateway = { allowedHosts: ['Allowed.Example.com'] };

test.each(own)('the Host %s is one of ours', async (host) => {
  const { send } = await startHttpApp({ gateway: { ...gateway, auth: { enabled: false } } });
  const statuses = await Promise.all(['/', '/api/sessions'].map(async (path) => (await send(path, { headers: { Host: host } })).status));
  expect(statuses).toEqual([200, 200]);
});

test.each(foreign)('the Host %s is refused on page and API, except with the token', async (host) => {
  const { send, services } = await startHttpApp({ gateway });
  for (const path of ['/', '/api/sessions', '/api/nothing', '/assets/x.css']) {
    expect(await send(path, { headers: { Host: host } })).toMatchObject({ status: 403, json: { error: { code: 'FORBIDDEN' } } });
  }
  expect(services.calls).toEqual([]);
  expect((await send('/api/sessions', { headers: { Host: host, 'X-Api-Key': TOKEN } })).status).toBe(200);
  expect((await send('/api/sessions', { headers: { Host: host, 'X-Api-Key': 'wrong' } })).status).toBe(401);
  expect((await send('/health', { headers: { Host: host } })).status).toBe(200);
});

test.each([
  ['no Host in HTTP/1.1', 'GET /api/models HTTP/1.1\r\n\r\n', 400],
  ['no Host in HTTP/1.0', 'GET /api/models HTTP/1.0\r\n\r\n', 403],
  ['no Host in HTTP/1.0 for health', 'GET /health HTTP/1.0\r\n\r\n', 200],
  ['an empty Host', 'GET /api/models HTTP/1.1\r\nHost:\r\n\r\n', 403],
  ['an empty Host for the page', 'GET / HTTP/1.1\r\nHost: \r\n\r\n', 403],
  ['a Host of a port alone', 'GET /api/models HTTP/1.1\r\nHost: :80\r\n\r\n', 403],
  ['two Hosts', 'GET /api/models HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n', 400],
  ['an absolute target that cannot be parsed', 'GET http://[::1/x?token=secret HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
  ['a foreign absolute target', 'GET http://evil.example/api/models HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
])('%s is answered as it must be', async (_what, request, status) => {
  const { port, services } = await startHttpApp();
  const wire = await openWire(port, request);
  await wire.until(/\r\n\r\n[\s\S]+\}/);
  expect(wire.received()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(services.calls).toEqual([]);
});

test.each([
  ['a.B.c.:80', 'a.b.c'],
  ['[::1]', '::1'],
  ['1.2.3.4:5', '1.2.3.4'],
  ['', undefined],
  ['a b', undefined],
  ['[::1', undefined],
  ['[fe80::1%25eth0]', undefined],
])('the Host header %s names %s', (header, host) => {
  expect(parseHost(header)).toBe(host);
});

test('a page of CORS calls under any Host with the token: its preflight cannot send that', async () => {
  const cors = { enabled: true, origins: ['https://app.example', '*'] };
  const { send } = await startHttpApp({ gateway: { cors } });
  const ask = (origin: string, headers: Record<string, string>, method = 'OPTIONS') =>
    send('/api/models', { method, headers: { Host: 'gw.example', Origin: origin, ...headers } });
  const preflight = { 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'authorization' };
  const own = await ask('https://app.example', preflight);
  expect([own.status, own.headers['access-control-allow-origin']]).toEqual([204, 'https://app.example']);
  expect((await ask('https://app.example', { 'X-Api-Key': TOKEN }, 'GET')).status).toBe(200);
  const refused = [
    await ask('https://any.example', preflight),
    await ask('https://app.example', {}),
    await ask('https://app.example', { 'Access-Control-Request-Method': '' }),
    await ask('https://app.example', preflight, 'GET'),
  ];
  expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
});

test('an address that this machine gets later is known within seconds, and reading them is limited', () => {
  const clock = new FakeClock();
  let addresses: string[] = [];
  let readings = 0;
  const machine = { hostname: () => 'm', addresses: () => ((readings += 1), addresses) };
  const hosts = createOwnHosts(machine, clock);
  const ask = (): boolean => hosts.has('10.1.1.1');
  expect([ask(), ask(), readings]).toEqual([false, false, 1]);
  addresses = ['10.1.1.1'];
  expect([ask(), readings]).toEqual([false, 1]);
  clock.advance(2_000);
  expect([ask(), ask(), readings]).toEqual([true, true, 2]);
});

const origins: readonly { origin: string; cors?: object; host?: string; status: number; allow?: string; credentials?: string }[] = [
  { origin: 'http://localhost:18790', host: 'localhost:18790', status: 200 },
  { origin: 'https://allowed.example.com', host: 'allowed.example.com', status: 200 },
  { origin: 'http://localhost:18791', host: 'localhost:18790', status: 403 },
  { origin: 'http://localhost', host: 'localhost:18790', status: 403 },
  { origin: 'http://192.168.99.99', host: '192.168.99.99', status: 403 },
  { origin: 'null', status: 403 },
  { origin: 'https://evil.example', status: 403 },
  { origin: 'https://app.example', cors: { enabled: false, origins: ['https://app.example'] }, status: 403 },
  { origin: 'https://app.example', cors: { enabled: true, origins: ['https://app.example'] }, status: 200, allow: 'https://app.example' },
  { origin: 'https://app.example.evil', cors: { enabled: true, origins: ['https://app.example'] }, status: 403 },
  { origin: 'http://app.example', cors: { enabled: true, origins: ['https://app.example'] }, status: 403 },
  {
    origin: 'https://app.example',
    cors: { enabled: true, origins: ['https://app.example'], credentials: true },
    status: 200,
    allow: 'https://app.example',
    credentials: 'true',
  },
  { origin: 'https://any.example', cors: { enabled: true, origins: ['*'] }, status: 200, allow: '*' },
  { origin: 'https://any.example', cors: { enabled: true, origins: ['*'], credentials: true }, status: 200, allow: '*' },
  {
    origin: 'https://app.example',
    cors: { enabled: true, origins: ['*', 'https://app.example'], credentials: true },
    status: 200,
    allow: 'https://app.example',
    credentials: 'true',
  },
  { origin: 'null', cors: { enabled: true, origins: ['*'] }, status: 403 },
];

test.each(origins)(
  'Origin $origin at $host with $cors is answered $status',
  async ({ origin, cors, host = 'localhost', status, allow, credentials }) => {
    const auth = { enabled: false };
    const { send, services } = await startHttpApp({ gateway: { ...gateway, auth, ...(cors === undefined ? {} : { cors }) } });
    const answer = await send('/api/models', { headers: { Origin: origin, Host: host } });
    expect(answer.status).toBe(status);
    expect(answer.headers['access-control-allow-origin']).toBe(allow);
    expect(answer.headers['access-control-allow-credentials']).toBe(credentials);
    expect(services.calls.length).toBe(status === 200 ? 1 : 0);
    const preflight = await send('/api/message', {
      method: 'OPTIONS',
      headers: { Origin: origin, Host: host, 'Access-Control-Request-Method': 'POST' },
    });
    expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([status === 200 ? 204 : 403, allow]);
  },
);

test('what a page of another site loads without an Origin is refused, and links to our page work', async () => {
  const cors = { enabled: true, origins: ['https://app.example'] };
  const { send, services } = await startHttpApp({ gateway: { cors } });
  const load = async (path: string, site: string, headers: Record<string, string> = {}): Promise<number> =>
    (await send(path, { headers: { 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': 'no-cors', ...headers } })).status;
  for (const site of ['cross-site', 'same-site']) {
    for (const path of ['/api/models', '/api/mcp/files/tools', '/metrics', '/v1/models', '/api/nothing'])
      expect([path, await load(path, site), await load(path, site, { 'Sec-Fetch-Mode': 'navigate' })]).toEqual([path, 403, 403]);
    for (const path of ['/', '/docs', '/health'])
      expect([path, await load(path, site, { 'Sec-Fetch-Mode': 'navigate' })]).toEqual([path, 200]);
  }
  expect(services.calls).toEqual([]);
  expect([await load('/api/models', 'cross-site', { 'X-Api-Key': TOKEN }), await load('/api/models', 'none')]).toEqual([200, 200]);
  expect([await load('/api/models', 'cross-site', { Origin: 'https://app.example' }), await load('/api/models', 'same-origin')]).toEqual([
    401, 200,
  ]);
});

test('a preflight needs no token, the request behind it does, and its refusal can be read by the page', async () => {
  const cors = { enabled: true, origins: ['https://app.example'] };
  const { send } = await startHttpApp({ peer: '198.51.100.7', gateway: { cors } });
  const headers = { Origin: 'https://app.example', Host: 'localhost' };
  const preflight = await send('/api/message', {
    method: 'OPTIONS',
    headers: { ...headers, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'x-evil' },
  });
  expect(preflight.status).toBe(204);
  const allowed = String(preflight.headers['access-control-allow-headers']);
  // The last two go with `stream()` and `parse()` of the SDKs of OpenAI and Anthropic.
  for (const name of ['X-Api-Key', 'X-Stainless-Helper-Method', 'X-Stainless-Helper']) expect(allowed.split(',')).toContain(name);
  expect(allowed).not.toContain('x-evil');
  const refused = await send('/api/models', { headers });
  expect([refused.status, refused.headers['access-control-allow-origin'], refused.headers.vary]).toEqual([
    401,
    'https://app.example',
    'Origin',
  ]);
});
