import { expect, test } from 'vitest';
import { startHttpApp, TOKEN } from '../../../helpers/http-app.js';

const LAN = '192.0.2.10';
const bearer = { Authorization: `Bearer ${TOKEN}` };

interface Caller {
  readonly from: string;
  readonly peer: string;
  readonly headers: Record<string, string>;
  readonly isLocal: boolean;
  readonly trustedProxies?: string[];
}

const callers: readonly Caller[] = [
  { from: 'IPv4 loopback', peer: '127.0.0.1', headers: {}, isLocal: true },
  { from: 'another loopback address', peer: '127.8.9.10', headers: {}, isLocal: true },
  { from: 'IPv6 loopback', peer: '::1', headers: {}, isLocal: true },
  { from: 'mapped loopback', peer: '::ffff:127.0.0.1', headers: {}, isLocal: true },
  { from: "this machine's own LAN address", peer: LAN, headers: {}, isLocal: false },
  { from: 'another machine', peer: '198.51.100.7', headers: {}, isLocal: false },
  { from: 'another machine over IPv6', peer: '2001:db8::7', headers: {}, isLocal: false },
  { from: 'a name that only begins like loopback', peer: '127.evil', headers: {}, isLocal: false },
  { from: 'a proxy on this machine', peer: '127.0.0.1', headers: { 'X-Forwarded-For': '198.51.100.7' }, isLocal: false },
  { from: 'a proxy that claims loopback', peer: '127.0.0.1', headers: { 'X-Forwarded-For': '127.0.0.1' }, isLocal: false },
  { from: 'a proxy that says only Via', peer: '127.0.0.1', headers: { Via: '1.1 squid' }, isLocal: false },
  { from: 'a proxy that says Forwarded', peer: '::1', headers: { Forwarded: 'for=127.0.0.1' }, isLocal: false },
  { from: 'a tunnel', peer: '127.0.0.1', headers: { 'CF-Connecting-IP': '127.0.0.1' }, isLocal: false },
  {
    from: 'a trusted proxy for another machine',
    peer: '127.0.0.1',
    headers: { 'X-Forwarded-For': '127.0.0.1, 198.51.100.7' },
    isLocal: false,
    trustedProxies: ['127.0.0.1'],
  },
  {
    from: 'a trusted proxy for this machine',
    peer: '127.0.0.1',
    headers: { 'X-Forwarded-For': '127.0.0.1' },
    isLocal: true,
    trustedProxies: ['127.0.0.1'],
  },
  {
    from: 'a trusted proxy on another machine for its own loopback',
    peer: '198.51.100.9',
    headers: { 'X-Forwarded-For': '198.51.100.8' },
    isLocal: false,
    trustedProxies: ['198.51.100.0/24'],
  },
];

/** Path → who needs no token there. */
const paths = [
  { path: '/health', open: 'everybody' },
  { path: '/health/ready', open: 'everybody' },
  { path: '/', open: 'everybody' },
  { path: '/api/sessions', open: 'local' },
  { path: '/api/status', open: 'local' },
  { path: '/api/models', open: 'local' },
  { path: '/api/logs', open: 'nobody' },
  { path: '/api/nothing-here', open: 'local' },
] as const;

const cells = callers.flatMap((caller) => [false, true].map((enabled) => ({ ...caller, enabled })));

test.each(cells)('from $from with auth.enabled=$enabled, the token is asked for exactly where it must be', async (cell) => {
  const { from: _from, peer, headers, isLocal, enabled, trustedProxies = [] } = cell;
  const { send, services } = await startHttpApp({ peer, gateway: { auth: { enabled }, trustedProxies } });
  for (const { path, open } of paths) {
    const isFree = open === 'everybody' || (open === 'local' && isLocal && !enabled);
    const without = await send(path, { headers });
    const withToken = await send(path, { headers: { ...headers, ...bearer } });
    const found = path === '/api/nothing-here' ? 404 : 200;
    expect([path, without.status, withToken.status]).toEqual([path, isFree ? found : 401, found]);
    const challenge = [without.headers['www-authenticate'], without.text.includes('"code":"UNAUTHORIZED"')];
    expect([path, ...challenge]).toEqual([path, isFree ? undefined : 'Bearer realm="xopc"', !isFree]);
  }
  const reached = services.calls.filter(({ name }) => name === 'logs.query').length;
  expect(reached).toBe(1);
});

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
