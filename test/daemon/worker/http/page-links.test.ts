import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { startHttpApp, type TestApp, TOKEN } from '../../../helpers/http-app.js';

const bearer = { Authorization: `Bearer ${TOKEN}` };

async function makeTicket({ send }: TestApp, headers: Record<string, string> = {}): Promise<string> {
  const { status, json } = await send('/api/page-links', { method: 'POST', headers: { ...bearer, ...headers } });
  expect(status).toBe(200);
  return String(json?.['url']).split('#link=')[1] ?? '';
}

const take = ({ send }: TestApp, ticket: string, headers = {}) => send(`/api/page-links/${ticket}`, { method: 'POST', headers });

test('a link is made with the token only, carries a ticket in its fragment, and never the token', async () => {
  const clock = new FakeClock();
  const app = await startHttpApp({ clock });
  expect((await app.send('/api/page-links', { method: 'POST' })).status).toBe(401);
  const { json } = await app.send('/api/page-links', { method: 'POST', headers: { ...bearer, Host: 'boat.local:18790' } });
  expect(json).toMatchObject({ status: 'ok', expiresAt: new Date(clock.now() + 600_000).toISOString() });
  expect(json?.['url']).toMatch(/^http:\/\/boat\.local:18790\/#link=[A-Za-z0-9_-]{43}$/);
  expect(JSON.stringify(json)).not.toContain(TOKEN);
});

test('a ticket gives the token once, to a page on another machine too', async () => {
  const app = await startHttpApp({ peer: '198.51.100.7', gateway: { auth: { enabled: true } } });
  const ticket = await makeTicket(app);
  expect((await take(app, ticket)).json).toEqual({ status: 'ok', token: TOKEN });
  expect(await take(app, ticket)).toMatchObject({ status: 401, json: { error: { code: 'UNAUTHORIZED' } } });
});

test('of twenty requests with one ticket at the same moment, one gets the token', async () => {
  const app = await startHttpApp();
  const ticket = await makeTicket(app);
  const answers = await Promise.all(Array.from({ length: 15 }, () => take(app, ticket)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

test('a ticket ends after 10 minutes, and the oldest when more than 64 are open', async () => {
  const clock = new FakeClock();
  const app = await startHttpApp({ clock });
  const [late, inTime] = [await makeTicket(app), await makeTicket(app)];
  clock.advance(599_999);
  expect((await take(app, inTime)).status).toBe(200);
  clock.advance(1);
  expect((await take(app, late)).status).toBe(401);
  const tickets = [];
  for (let count = 0; count < 65; count += 1) tickets.push(await makeTicket(app));
  expect((await take(app, tickets[0] ?? '')).status).toBe(401);
  expect((await take(app, tickets[1] ?? '')).status).toBe(200);
});

test('guesses are slowed down from the 20th on, while the right ticket still works', async () => {
  const app = await startHttpApp();
  const ticket = await makeTicket(app);
  const statuses: number[] = [];
  for (let count = 0; count < 21; count += 1) statuses.push((await take(app, 'x'.repeat(43))).status);
  expect(statuses.slice(17)).toEqual([401, 401, 429, 429]);
  expect((await take(app, ticket)).status).toBe(200);
});

test('a page of another origin cannot take a ticket, and no log line has one', async () => {
  const app = await startHttpApp();
  const ticket = await makeTicket(app);
  expect((await take(app, ticket, { Origin: 'https://evil.example' })).status).toBe(403);
  expect((await take(app, ticket)).status).toBe(200);
  await expect.poll(() => app.lines.length).toBe(3);
  expect(JSON.stringify(app.lines)).not.toContain(ticket);
});

/** As much of a browser as the page's script needs. */
async function openPage(app: TestApp, hash: string, store = new Map<string, string>()) {
  const elements = new Map<string, Record<string, unknown>>();
  const element = (id: string) => {
    const found = elements.get(id) ?? {
      hidden: true,
      rows: [] as string[],
      replaceChildren: () => undefined,
      append: () => undefined,
      addEventListener: () => undefined,
    };
    elements.set(id, found);
    return found;
  };
  const location = { hash, pathname: '/' };
  const text = (await app.send('/')).text;
  const script = await app.send(/src="([^"]+)"/.exec(text)?.[1] ?? '');
  runInNewContext(script.text, {
    document: { getElementById: element, createElement: () => ({}) },
    sessionStorage: {
      getItem: (key: string) => store.get(key) ?? null,
      setItem: (key: string, value: string) => store.set(key, value),
      removeItem: (key: string) => store.delete(key),
    },
    location,
    history: { replaceState: () => (location.hash = '') },
    window: { addEventListener: () => undefined },
    encodeURIComponent,
    fetch: async (path: string, { method, headers }: { method: string; headers: Record<string, string> }) => {
      const { status, json } = await app.send(path, { method, headers });
      return { ok: status === 200, status, json: async () => json };
    },
  });
  await expect.poll(() => element('notice')['textContent']).toBeDefined();
  return { notice: element('notice')['textContent'], needsToken: element('sign-in')['hidden'] === false, location, store };
}

test('the page takes the link’s ticket out of its address, keeps the token for the tab, and shows the status', async () => {
  const app = await startHttpApp({ gateway: { auth: { enabled: true } } });
  const page = await openPage(app, `#link=${await makeTicket(app)}`);
  expect(page).toMatchObject({ notice: 'Signed in until this tab is closed.', needsToken: false, location: { hash: '' } });
  expect(page.store.get('xopc.token')).toBe(TOKEN);
  expect(await openPage(app, '', page.store)).toMatchObject({ needsToken: false });
});

test('a page with a used link, or with none where the token is needed, asks for the token', async () => {
  const app = await startHttpApp({ gateway: { auth: { enabled: true } } });
  expect(await openPage(app, '#link=used')).toMatchObject({ notice: expect.stringContaining('xopc gateway open'), needsToken: true });
  expect(await openPage(app, '')).toMatchObject({ notice: 'Requests need the access token.', needsToken: true });
});
