import { expect, test } from 'vitest';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { startHttpApp, type TestApp, type TestOptions, TOKEN } from '../../../helpers/http-app.js';
import { openSocket } from '../../../helpers/socket-client.js';

const bearer = { Authorization: `Bearer ${TOKEN}` };
const LAN = { Host: '192.0.2.10:18790', Origin: 'http://192.0.2.10:18790' };
const remote: TestOptions = { peer: '198.51.100.7' };

const signIn = ({ send }: TestApp, headers: object = {}, body?: unknown) =>
  send('/api/page-session', { method: 'POST', headers: { ...LAN, ...headers }, ...(body === undefined ? {} : { body }) });

/** @returns the cookie as a browser sends it */
const cookieOf = (answer: { headers: Record<string, unknown> }): string => String(answer.headers['set-cookie']).split(';')[0] ?? '';

async function signedIn(app: TestApp): Promise<string> {
  const answer = await signIn(app, bearer);
  expect([answer.status, answer.json?.['signedIn']]).toEqual([200, true]);
  return cookieOf(answer);
}

test('the token gives a cookie that scripts cannot read, for this gateway and site alone, and never the token', async () => {
  const answer = await signIn(await startHttpApp(remote), bearer);
  expect(String(answer.headers['set-cookie'])).toMatch(
    /^xopc_a1b2c3d4e5f6=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict$/,
  );
  expect(answer.json).toEqual({ status: 'ok', signedIn: true, owner: false, needsToken: true, openToNetwork: false });
});

test('under HTTPS the cookie is Secure', async () => {
  const answer = await signIn(await startHttpApp(remote), { ...bearer, Origin: 'https://192.0.2.10:18790' });
  expect(String(answer.headers['set-cookie'])).toMatch(/; Secure$/);
});

test('without the token nobody is signed in; wrong ones are counted', async () => {
  const app = await startHttpApp(remote);
  expect(await signIn(app)).toMatchObject({ status: 401, json: { error: { code: 'UNAUTHORIZED' } } });
  const statuses: number[] = [];
  for (let count = 0; count < 20; count += 1) statuses.push((await signIn(app, { Authorization: 'Bearer wrong' })).status);
  expect(statuses.slice(18)).toEqual([401, 429]);
  expect((await signIn(app, bearer)).status).toBe(200);
});

test('where calls need no token, the page is told so and gets no session', async () => {
  const answer = await signIn(await startHttpApp({ ...remote, gateway: { auth: { enabled: false } } }));
  expect([answer.json, answer.headers['set-cookie']]).toEqual([
    { status: 'ok', signedIn: false, owner: false, needsToken: false, openToNetwork: false },
    undefined,
  ]);
});

/** What a browser says of a request → whether the session counts. */
const requests: readonly { what: string; path?: string; method?: string; headers: Record<string, string>; isIn: boolean }[] = [
  { what: 'our page, reading', headers: { 'Sec-Fetch-Site': 'same-origin' }, isIn: true },
  { what: 'our page, writing', method: 'POST', path: '/api/sessions', headers: { Origin: LAN.Origin }, isIn: true },
  { what: 'our page over HTTPS', headers: { Origin: 'https://192.0.2.10:18790' }, isIn: true },
  { what: 'the address bar', headers: { 'Sec-Fetch-Site': 'none' }, isIn: true },
  { what: 'a browser that says nothing', headers: {}, isIn: true },
  { what: 'an image of another site', headers: { 'Sec-Fetch-Site': 'cross-site' }, isIn: false },
  { what: 'an image of another port of this host', headers: { 'Sec-Fetch-Site': 'same-site' }, isIn: false },
  {
    what: 'a write that names no origin',
    method: 'POST',
    path: '/api/sessions',
    headers: { 'Sec-Fetch-Site': 'same-origin' },
    isIn: false,
  },
  { what: 'a page that CORS admits', headers: { Origin: 'https://app.example' }, isIn: false },
  { what: 'a wrong token beside it', headers: { 'X-Api-Key': 'wrong' }, isIn: false },
  { what: 'the log', path: '/api/logs', headers: {}, isIn: true },
  { what: 'the log for a page that CORS admits', path: '/api/logs', headers: { Origin: 'https://app.example' }, isIn: false },
  { what: '/v1', path: '/v1/models', headers: { Origin: LAN.Origin }, isIn: false },
  { what: '/mcp', method: 'POST', path: '/mcp', headers: { Origin: LAN.Origin }, isIn: false },
];

test.each(requests)('from $what a session counts: $isIn', async ({ path = '/api/models', method = 'GET', headers, isIn }) => {
  const cors = { enabled: true, origins: ['https://app.example'], credentials: true };
  const app = await startHttpApp({ ...remote, gateway: { cors } });
  const Cookie = await signedIn(app);
  const body = method === 'POST' ? { body: { channel: 'webchat' } } : {};
  const answer = await app.send(path, { method, headers: { Host: LAN.Host, Cookie, ...headers }, ...body });
  expect([answer.status === 401, answer.status < 300]).toEqual([!isIn, isIn]);
});

test('a page that CORS admits gets no session, not even with the token', async () => {
  const cors = { enabled: true, origins: ['https://app.example'], credentials: true };
  const answer = await signIn(await startHttpApp({ ...remote, gateway: { cors } }), { ...bearer, Origin: 'https://app.example' });
  expect([answer.status, answer.headers['set-cookie']]).toEqual([403, undefined]);
});

test('an unknown Host is refused in spite of a session', async () => {
  const app = await startHttpApp();
  const Cookie = await signedIn(app);
  expect((await app.send('/api/models', { headers: { Host: 'evil.example', Cookie } })).status).toBe(403);
});

const ask = async ({ send }: TestApp, Cookie: string): Promise<number> =>
  (await send('/api/models', { headers: { Host: LAN.Host, Cookie } })).status;

test('it ends with the token that made it, after 30 days, and when the page signs out', async () => {
  const clock = new FakeClock();
  let token = TOKEN;
  const app = await startHttpApp({ ...remote, clock, token: () => token });
  const first = await signedIn(app);
  expect(await ask(app, first)).toBe(200);
  token = 'another-token';
  expect(await ask(app, first)).toBe(401);
  token = TOKEN;
  const second = await signedIn(app);
  const ended = await app.send('/api/page-session', { method: 'DELETE', headers: { ...LAN, Cookie: second } });
  expect(String(ended.headers['set-cookie'])).toMatch(/^xopc_a1b2c3d4e5f6=; Path=\/; Max-Age=0; /);
  expect(await ask(app, second)).toBe(401);
  const third = await signedIn(app);
  clock.advance(30 * 24 * 3_600_000 - 1);
  expect(await ask(app, third)).toBe(200);
  clock.advance(5_001);
  expect(await ask(app, third)).toBe(401);
});

test('signing in again makes another session and ends the one before; being signed in makes none', async () => {
  const app = await startHttpApp(remote);
  const first = await signedIn(app);
  const known = await signIn(app, { Cookie: first });
  expect([known.json?.['signedIn'], known.headers['set-cookie']]).toEqual([true, undefined]);
  const second = cookieOf(await signIn(app, { ...bearer, Cookie: first }));
  expect(second).not.toBe(first);
  expect([await ask(app, first), await ask(app, second)]).toEqual([401, 200]);
});

test('the cookie of another gateway, and of one beside ours, says nothing', async () => {
  const app = await startHttpApp(remote);
  const cookie = await signedIn(app);
  const value = cookie.split('=')[1] ?? '';
  expect(await ask(app, `xopc_000000000000=${value}`)).toBe(401);
  expect(await ask(app, `a=b; xopc_000000000000=${'x'.repeat(43)}; ${cookie}`)).toBe(200);
});

test('/ws takes the session, and closes when it has ended', async () => {
  const clock = new FakeClock();
  const app = await startHttpApp({ ...remote, clock });
  const Cookie = await signedIn(app);
  const open = (headers: Record<string, string>) => openSocket(app.port, { headers: { ...LAN, ...headers } });
  const stranger = await open({});
  stranger.send('hello');
  expect((await stranger.closed).code).toBe(4401);
  const page = await open({ Cookie });
  page.send('hello');
  await page.next('hello');
  await app.send('/api/page-session', { method: 'DELETE', headers: { ...LAN, Cookie } });
  expect(await page.closed).toMatchObject({ code: 4401 });
});

test('a socket is closed when the token that it was opened with is replaced', async () => {
  let token = TOKEN;
  const app = await startHttpApp({ ...remote, token: () => token });
  const program = await openSocket(app.port, { headers: { Host: LAN.Host, 'X-Api-Key': TOKEN } });
  program.send('hello');
  await program.next('hello');
  token = 'another-token';
  app.app.recheck();
  expect((await program.closed).code).toBe(4401);
});

test('a socket that was opened without the token is closed when the configuration comes to need it', async () => {
  const app = await startHttpApp();
  const program = await openSocket(app.port, { headers: { Host: 'localhost:18790' } });
  program.send('hello');
  await program.next('hello');
  app.configure({ auth: { enabled: true } });
  app.app.recheck();
  expect((await program.closed).code).toBe(4401);
});

/** The test and the app are one process, so every connection is the owner's. */
const owner: TestOptions = { knowsOwners: () => true };
const localhost = { Host: 'localhost:18790', Origin: 'http://localhost:18790' };

test.runIf(process.platform === 'linux')('the owner is signed in without being asked, and then reads the log', async () => {
  const app = await startHttpApp(owner);
  const answer = await signIn(app, localhost);
  expect(answer.json).toMatchObject({ signedIn: true, owner: true, needsToken: false });
  expect((await signIn(app, { ...localhost, Cookie: cookieOf(answer) })).json).toMatchObject({ signedIn: true, owner: true });
  const log = await app.send('/api/logs', { headers: { Host: localhost.Host, Cookie: cookieOf(answer) } });
  expect(log.status).toBe(200);
});

const gateway = { auth: { enabled: true } };
const strangers: readonly { what: string; options?: TestOptions; headers?: Record<string, string>; status?: number }[] = [
  { what: 'the system does not tell who connects', options: { knowsOwners: () => false } },
  { what: 'auth.enabled is true', options: { gateway }, status: 401 },
  { what: 'a proxy is trusted', options: { gateway: { trustedProxies: ['10.0.0.1'] } } },
  { what: 'another host is allowed', options: { gateway: { allowedHosts: ['gateway.example'] } } },
  { what: 'the peer is another machine', options: remote, status: 401 },
  { what: 'the request was forwarded', headers: { 'X-Forwarded-For': '127.0.0.1' }, status: 401 },
  { what: 'the Host is no loopback name', headers: LAN, status: 401 },
  { what: 'the caller is no page', headers: { Origin: '' } },
  { what: 'the browser calls it cross-site', headers: { 'Sec-Fetch-Site': 'cross-site' } },
  { what: 'the token is wrong', headers: { Authorization: 'Bearer wrong' }, status: 401 },
];

test.each(strangers)('nobody is signed in by itself where $what', async ({ options = {}, headers = {}, status = 200 }) => {
  const app = await startHttpApp({ ...owner, ...options });
  const { Origin, ...rest } = { ...localhost, ...headers } as Record<string, string>;
  const answer = await app.send('/api/page-session', { method: 'POST', headers: { ...rest, ...(Origin === '' ? {} : { Origin }) } });
  expect([answer.status, answer.headers['set-cookie']]).toEqual([status, undefined]);
  if (status === 200) expect(answer.json).toMatchObject({ signedIn: false });
});
