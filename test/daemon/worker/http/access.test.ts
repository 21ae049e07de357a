import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startHttpApp, TOKEN } from '../../../helpers/http-app.js';
import { openSocket } from '../../../helpers/socket-client.js';

const LAN = '192.0.2.10';
const bearer = { Authorization: `Bearer ${TOKEN}` };

interface Caller {
  readonly from: string;
  readonly peer: string;
  readonly headers?: Record<string, string>;
  readonly trustedProxies?: string[];
}

const localCallers: readonly Caller[] = [
  { from: 'IPv4 loopback', peer: '127.0.0.1' },
  { from: 'another loopback address', peer: '127.8.9.10' },
  { from: 'IPv6 loopback', peer: '::1', headers: { Host: '[::1]:18790' } },
  { from: 'mapped loopback', peer: '::ffff:127.0.0.1', headers: { Host: 'localhost:18790' } },
  { from: 'loopback by a name under .localhost', peer: '127.0.0.1', headers: { Host: 'app.localhost:18790' } },
];

const remoteCallers: readonly Caller[] = [
  { from: "this machine's own LAN address", peer: LAN },
  { from: 'another machine', peer: '198.51.100.7' },
  { from: 'another machine over IPv6', peer: '2001:db8::7' },
  { from: 'a name that only begins like loopback', peer: '127.evil' },
  { from: "loopback by this machine's name, as through a tunnel", peer: '127.0.0.1', headers: { Host: 'boat' } },
  { from: "loopback by this machine's LAN address", peer: '127.0.0.1', headers: { Host: `${LAN}:18790` } },
  { from: 'a proxy on this machine', peer: '127.0.0.1', headers: { 'X-Forwarded-For': '198.51.100.7' } },
  { from: 'a proxy that claims loopback', peer: '127.0.0.1', headers: { 'X-Forwarded-For': '127.0.0.1' } },
  { from: 'a proxy that says only Via', peer: '127.0.0.1', headers: { Via: '1.1 squid' } },
  { from: 'a proxy that says Forwarded', peer: '::1', headers: { Forwarded: 'for=127.0.0.1' } },
  { from: 'a tunnel', peer: '127.0.0.1', headers: { 'CF-Connecting-IP': '127.0.0.1' } },
  {
    from: 'a trusted proxy for another machine',
    peer: '127.0.0.1',
    headers: { 'X-Forwarded-For': '127.0.0.1, 198.51.100.7' },
    trustedProxies: ['127.0.0.1'],
  },
  {
    from: 'a trusted proxy for this machine',
    peer: '127.0.0.1',
    headers: { 'X-Forwarded-For': '127.0.0.1' },
    trustedProxies: ['127.0.0.1'],
  },
];

/** The kinds of path. `open`: no token in any cell. `private`: the token in every cell. `call`: as the table says. */
const PATHS = [
  { path: '/health', kind: 'open' },
  { path: '/health/ready', kind: 'open' },
  { path: '/', kind: 'open' },
  { path: '/docs', kind: 'open' },
  { path: '/api/webhook/default', kind: 'open', method: 'POST', found: 401 },
  { path: '/api/sessions', kind: 'call' },
  { path: '/api/status', kind: 'call' },
  { path: '/api/nothing-here', kind: 'call', found: 404 },
  { path: '/v1/models', kind: 'call' },
  { path: '/metrics', kind: 'call' },
  { path: '/api/logs', kind: 'private' },
  { path: '/api/config', kind: 'private' },
  { path: '/api/models-json', kind: 'private' },
] as const;

/** From these callers every path is asked for; from the others one of each kind. */
const EXHAUSTIVE = ['IPv4 loopback', 'another machine'];
const ONE_OF_EACH_KIND = PATHS.filter(({ path }) => ['/health', '/api/sessions', '/api/logs'].includes(path));

type Setting = boolean | undefined;
const SETTINGS: readonly Setting[] = [undefined, false, true];

/** The table of docs/access.md: whether ordinary calls need the token. */
function needsToken(enabled: Setting, isLocal: boolean): boolean {
  if (enabled === undefined) return !isLocal;
  return enabled;
}

const cells = SETTINGS.flatMap((enabled) =>
  [true, false].flatMap((isLocal) => (isLocal ? localCallers : remoteCallers).map((caller) => ({ ...caller, enabled, isLocal }))),
);

const gatewayOf = (enabled: Setting) => ({ auth: enabled === undefined ? {} : { enabled } });

test.each(cells)('from $from with auth.enabled=$enabled, the token is needed exactly where the table says', async (cell) => {
  const { peer, headers = {}, isLocal, enabled, trustedProxies = [] } = cell;
  const { send, services } = await startHttpApp({ peer, gateway: { ...gatewayOf(enabled), trustedProxies } });
  for (const { path, kind, ...rest } of EXHAUSTIVE.includes(cell.from) ? PATHS : ONE_OF_EACH_KIND) {
    const found = 'found' in rest ? rest.found : 200;
    const ask = 'method' in rest ? { method: rest.method, body: { chat_id: '1', content: 'x' } } : {};
    const isFree = kind === 'open' || (kind === 'call' && !needsToken(enabled, isLocal));
    const without = await send(path, { ...ask, headers });
    const withToken = await send(path, { ...ask, headers: { ...headers, ...bearer } });
    expect([path, without.status, withToken.status]).toEqual([path, isFree ? found : 401, found]);
    if (kind !== 'open') expect([path, without.headers['www-authenticate']]).toEqual([path, isFree ? undefined : 'Bearer realm="xopc"']);
  }
  expect(services.calls.filter(({ name }) => name === 'logs.query')).toHaveLength(1);
});

test.each(cells)('from $from with auth.enabled=$enabled, /ws wants the token where calls do', async (cell) => {
  const { peer, headers = {}, isLocal, enabled, trustedProxies = [] } = cell;
  const { port } = await startHttpApp({ peer, gateway: { ...gatewayOf(enabled), trustedProxies } });
  const plain = await openSocket(port, { headers });
  plain.send('hello');
  if (needsToken(enabled, isLocal)) expect((await plain.closed).code).toBe(4401);
  else expect((await plain.next('hello')).re).toBe('c1');
  const withToken = await openSocket(port, { headers });
  withToken.send('hello', { token: TOKEN });
  expect((await withToken.next('hello')).re).toBe('c1');
});

test.each(SETTINGS.flatMap((enabled) => ['127.0.0.1', '198.51.100.7'].map((peer) => ({ enabled, peer }))))(
  'with auth.enabled=$enabled an unknown Host from $peer needs the token, and a foreign Origin is refused with it',
  async ({ enabled, peer }) => {
    const { send, port } = await startHttpApp({ peer, gateway: gatewayOf(enabled) });
    const Host = 'evil.example';
    for (const path of ['/api/sessions', '/v1/models', '/metrics', '/']) {
      expect([path, (await send(path, { headers: { Host } })).status]).toEqual([path, 403]);
      expect([path, (await send(path, { headers: { Host, ...bearer } })).status]).toEqual([path, 200]);
      expect([path, (await send(path, { headers: { Origin: 'http://evil.example', ...bearer } })).status]).toEqual([path, 403]);
    }
    for (const headers of [{ Host }, { Origin: 'http://evil.example', ...bearer }]) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers: headers as Record<string, string> });
      const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number; resume(): void }];
      response.resume();
      expect(response.statusCode).toBe(403);
    }
  },
);

const presentations: readonly { what: string; headers: Record<string, string>; isRight: boolean }[] = [
  { what: 'a bearer token', headers: bearer, isRight: true },
  { what: 'a bearer token in lower case', headers: { authorization: `bearer ${TOKEN}` }, isRight: true },
  { what: 'an API key', headers: { 'X-Api-Key': TOKEN }, isRight: true },
  { what: 'an API key beside a Basic header', headers: { 'X-Api-Key': TOKEN, Authorization: 'Basic dTpw' }, isRight: true },
  { what: 'an API key beside a wrong bearer token', headers: { 'X-Api-Key': TOKEN, Authorization: 'Bearer nope' }, isRight: true },
  { what: 'a Basic header with the token as password', headers: { Authorization: `Basic ${btoa(`x:${TOKEN}`)}` }, isRight: false },
  { what: 'a prefix of the token', headers: { 'X-Api-Key': TOKEN.slice(0, -1) }, isRight: false },
  { what: 'the token and one character', headers: { 'X-Api-Key': `${TOKEN}x` }, isRight: false },
  { what: 'the token in upper case', headers: { 'X-Api-Key': TOKEN.toUpperCase() }, isRight: false },
  { what: 'an empty bearer token', headers: { Authorization: 'Bearer ' }, isRight: false },
  { what: 'the bare token', headers: { Authorization: TOKEN }, isRight: false },
  { what: 'a cookie', headers: { Cookie: `token=${TOKEN}` }, isRight: false },
];

test.each(presentations)('$what is right: $isRight', async ({ headers, isRight }) => {
  const { send } = await startHttpApp({ peer: LAN });
  expect((await send('/api/sessions', { headers })).status).toBe(isRight ? 200 : 401);
});

test('a token in the URL is none, and no log line carries a query', async () => {
  const { send, lines } = await startHttpApp({ peer: LAN });
  expect((await send(`/api/sessions?token=${TOKEN}`)).status).toBe(401);
  expect((await send(`/?api_key=${TOKEN}`)).status).toBe(200);
  expect(lines.length).toBe(2);
  expect(JSON.stringify(lines)).not.toContain(TOKEN);
});

test('an empty token in force lets nobody in', async () => {
  const { send } = await startHttpApp({ peer: LAN, token: () => '' });
  const answers = await Promise.all(
    [{}, { 'X-Api-Key': '' }, { Authorization: 'Bearer ' }].map((headers) => send('/api/sessions', { headers })),
  );
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
});

test('a rotated token takes effect with the next request', async () => {
  let token = TOKEN;
  const { send } = await startHttpApp({ peer: LAN, token: () => token });
  const ask = async (value: string): Promise<number> => (await send('/api/sessions', { headers: { 'X-Api-Key': value } })).status;
  expect(await ask(TOKEN)).toBe(200);
  token = 'another-token';
  expect([await ask(TOKEN), await ask('another-token')]).toEqual([401, 200]);
});

test('where no token is needed, a wrong one does no harm', async () => {
  const { send } = await startHttpApp();
  expect((await send('/api/models', { headers: { Authorization: 'Bearer sk-anything' } })).status).toBe(200);
});

const lists: readonly { allowedIps: string[]; peer: string; headers?: Record<string, string>; trustedProxies?: string[]; isIn: boolean }[] =
  [
    { allowedIps: [], peer: '198.51.100.7', isIn: true },
    { allowedIps: ['198.51.100.0/24'], peer: '198.51.100.7', isIn: true },
    { allowedIps: ['198.51.100.0/24'], peer: '::ffff:198.51.100.7', isIn: true },
    { allowedIps: ['2001:db8::/32'], peer: '2001:db8::1', isIn: true },
    { allowedIps: ['198.51.100.0/24'], peer: '203.0.113.1', isIn: false },
    { allowedIps: ['198.51.100.7'], peer: '127.0.0.1', isIn: false },
    { allowedIps: ['10.0.0.1'], peer: '198.51.100.7', headers: { 'X-Forwarded-For': '10.0.0.1' }, isIn: false },
    {
      allowedIps: ['10.0.0.1'],
      peer: '198.51.100.7',
      headers: { 'X-Forwarded-For': '10.0.0.1' },
      trustedProxies: ['198.51.100.7'],
      isIn: true,
    },
    {
      allowedIps: ['10.0.0.1'],
      peer: '198.51.100.7',
      headers: { 'X-Forwarded-For': '10.0.0.1', Forwarded: 'for=203.0.113.1' },
      trustedProxies: ['198.51.100.7'],
      isIn: false,
    },
    { allowedIps: ['198.51.100.7'], peer: '198.51.100.7', headers: { Via: '1.1 x' }, trustedProxies: ['198.51.100.7'], isIn: false },
  ];

test.each(lists)(
  'allowedIps $allowedIps lets $peer with $headers in: $isIn',
  async ({ allowedIps, peer, headers = {}, trustedProxies = [], isIn }) => {
    const { send } = await startHttpApp({ peer, gateway: { allowedIps, trustedProxies } });
    for (const path of ['/health', '/', '/api/sessions']) {
      const answer = await send(path, { headers: { ...headers, ...bearer } });
      expect([path, answer.status, answer.text.includes('"code":"FORBIDDEN"')]).toEqual([path, isIn ? 200 : 403, !isIn]);
    }
  },
);

test.each<[headers: Record<string, string>, words: string]>([
  [{ 'X-Forwarded-For': '10.1.1.1', 'X-Real-IP': '203.0.113.5' }, 'The address 10.1.1.1 is not allowed to connect.'],
  [{ 'X-Forwarded-For': '203.0.113.5', 'X-Real-IP': '198.51.100.7' }, 'The address 198.51.100.7 is not allowed to connect.'],
  [
    { 'X-Forwarded-For': '198.51.100.8', 'X-Real-IP': '198.51.100.7' },
    'The addresses 198.51.100.8, 198.51.100.7 are not allowed to connect.',
  ],
  [{ 'X-Forwarded-For': 'unknown', 'X-Real-IP': '203.0.113.5' }, 'The address in X-Forwarded-For cannot be read.'],
  [{ 'X-Forwarded-For': '203.0.113.5', Forwarded: 'for=_hidden' }, 'The address in Forwarded cannot be read.'],
  [{ Forwarded: 'for=_hidden', 'X-Real-IP': 'unknown' }, 'The address in Forwarded and X-Real-IP cannot be read.'],
  [{ Via: '1.1 x' }, 'The proxy did not send the address of the client.'],
])('a refusal of %j says what is not allowed: %s', async (headers, words) => {
  const gateway = { allowedIps: ['203.0.113.0/24'], trustedProxies: ['10.0.0.0/8'] };
  const { send } = await startHttpApp({ peer: '10.0.0.9', gateway });
  expect((await send('/api/sessions', { headers })).text).toContain(words);
});

test('the rules in force change with the configuration, without a restart', async () => {
  const { send, configure } = await startHttpApp();
  expect((await send('/api/sessions')).status).toBe(200);
  configure({ auth: { enabled: true } });
  expect((await send('/api/sessions')).status).toBe(401);
  configure({ allowedIps: ['10.0.0.0/8'] });
  expect((await send('/health')).status).toBe(403);
  configure({});
  expect((await send('/api/sessions')).status).toBe(200);
});
