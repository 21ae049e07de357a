import { expect, test } from 'vitest';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { startHttpApp, type TestApp, type TestOptions, TOKEN } from '../../../helpers/http-app.js';

const bearer = { Authorization: `Bearer ${TOKEN}` };
const LAN = { Host: '192.0.2.10:18790', Origin: 'http://192.0.2.10:18790' };
const remote: TestOptions = { peer: '198.51.100.7' };
const gateway = { auth: { enabled: true } };

const signIn = ({ send }: TestApp, headers: object, body: unknown) =>
  send('/api/page-session', { method: 'POST', headers: { ...LAN, ...headers }, body });

/** @returns the cookie as a browser sends it */
const cookieOf = (answer: { headers: Record<string, unknown> }): string => String(answer.headers['set-cookie']).split(';')[0] ?? '';

const ask = async ({ send }: TestApp, Cookie: string): Promise<number> =>
  (await send('/api/models', { headers: { Host: LAN.Host, Cookie } })).status;

async function makeTicket({ send }: TestApp, headers: Record<string, string> = {}): Promise<string> {
  const { status, json } = await send('/api/page-links', { method: 'POST', headers: { ...bearer, ...headers } });
  expect(status).toBe(200);
  return String(json?.['url']).split('#link=')[1] ?? '';
}

test('a link is made with the token only, carries a ticket in its fragment, and never the token', async () => {
  const clock = new FakeClock();
  const app = await startHttpApp({ clock });
  expect((await app.send('/api/page-links', { method: 'POST' })).status).toBe(401);
  const { json } = await app.send('/api/page-links', { method: 'POST', headers: { ...bearer, Host: 'boat.local:18790' } });
  expect(json).toMatchObject({ status: 'ok', expiresAt: new Date(clock.now() + 600_000).toISOString() });
  expect(json?.['url']).toMatch(/^http:\/\/boat\.local:18790\/#link=[A-Za-z0-9_-]{43}$/);
});

test('a link gives a session once, to a page on another machine too', async () => {
  const app = await startHttpApp({ ...remote, gateway });
  const link = await makeTicket(app);
  const answer = await signIn(app, {}, { link });
  expect([answer.status, answer.text.includes(TOKEN), await ask(app, cookieOf(answer))]).toEqual([200, false, 200]);
  expect(await signIn(app, {}, { link })).toMatchObject({ status: 401, json: { error: { code: 'UNAUTHORIZED' } } });
});

test('of many requests with one link at the same moment, one gets a session', async () => {
  const app = await startHttpApp(remote);
  const link = await makeTicket(app);
  const answers = await Promise.all(Array.from({ length: 15 }, () => signIn(app, {}, { link })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

test('a link ends after 10 minutes and with the token; guesses are slowed down, the right one still works', async () => {
  const clock = new FakeClock();
  let token = TOKEN;
  const app = await startHttpApp({ ...remote, clock, token: () => token });
  const links = [await makeTicket(app), await makeTicket(app), await makeTicket(app)];
  const take = async (link = ''): Promise<number> => (await signIn(app, {}, { link })).status;
  token = 'another';
  expect(await take(links[0])).toBe(401);
  token = TOKEN;
  const statuses: number[] = [];
  for (let count = 0; count < 19; count += 1) statuses.push(await take('x'.repeat(43)));
  expect(statuses.slice(17)).toEqual([401, 429]);
  clock.advance(599_999);
  expect(await take(links[1])).toBe(200);
  clock.advance(1);
  expect(await take(links[2])).not.toBe(200);
});

test('a page of another origin cannot take a link, a session is no link, and no log line has either', async () => {
  const app = await startHttpApp();
  const link = await makeTicket(app);
  expect((await signIn(app, { Origin: 'https://evil.example' }, { link })).status).toBe(403);
  const session = cookieOf(await signIn(app, {}, { link })).split('=')[1] ?? '';
  expect((await signIn(app, {}, { link: session })).status).toBe(401);
  await expect.poll(() => app.lines.length).toBe(4);
  expect(JSON.stringify(app.lines)).not.toContain(link);
  expect(JSON.stringify(app.lines)).not.toContain(session);
});

test('a link of an access token gives a session that may do what the token may, and ends with it', async () => {
  const app = await startHttpApp({ ...remote, gateway });
  const authorize = (secret: string) => ({ Authorization: `Bearer ${secret}` });
  const secret = app.services.grant({ name: 'ops', scopes: ['admin'] });
  const [used, unused] = [await makeTicket(app, authorize(secret)), await makeTicket(app, authorize(secret))];
  const Cookie = cookieOf(await signIn(app, {}, { link: used }));
  expect(await ask(app, Cookie)).toBe(200);
  // A link that its page makes is of the same token.
  const next = await makeTicket(app, { Authorization: '', ...LAN, Cookie });
  await app.services.accessTokens.revoke('ops');
  expect(await ask(app, Cookie)).toBe(401);
  for (const link of [unused, next]) expect((await signIn(app, {}, { link })).status).toBe(401);
});
