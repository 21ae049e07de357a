import { expect, test } from 'vitest';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { startHttpApp, TOKEN } from '../../../helpers/http-app.js';

test('health says who answers and how long it has been up, in whole seconds', async () => {
  const clock = new FakeClock();
  const { send } = await startHttpApp({ clock });
  const ask = async (path: string) => (await send(path)).json;
  const healthy = { status: 'healthy', uptime: 0, version: '1.2.3', buildId: 'b1', instanceId: 'wk_test' };
  expect([await ask('/health'), await ask('/health/live')]).toEqual([healthy, healthy]);
  clock.advance(61_999);
  expect([await ask('/health'), await ask('/health/live')]).toEqual([
    { ...healthy, uptime: 61 },
    { ...healthy, uptime: 61 },
  ]);
  clock.jump(-3_600_000);
  expect(await ask('/health')).toEqual({ ...healthy, uptime: 0 });
});

test('health answers the same with a query and to a page of an allowed origin, and is never logged', async () => {
  const gateway = { cors: { enabled: true, origins: ['https://app.example'] } };
  const { send, lines } = await startHttpApp({ gateway, clock: new FakeClock() });
  const plain = await send('/health');
  const withQuery = await send('/health?cache=no');
  const cross = await send('/health', { headers: { Origin: 'https://app.example' } });
  expect([withQuery.text, cross.text]).toEqual([plain.text, plain.text]);
  expect(cross.headers['access-control-allow-origin']).toBe('https://app.example');
  const { date: _date, 'x-request-id': _id, ...shared } = plain.headers;
  expect(withQuery.headers).toMatchObject(shared);
  expect((await send('/health', { headers: { Origin: 'https://evil.example' } })).status).toBe(403);
  expect(lines).toEqual([]);
});

test('the page is true, has the next command, and nothing inline or from elsewhere', async () => {
  const clock = new FakeClock();
  const { send, services } = await startHttpApp({ clock });
  clock.advance(3 * 3_600_000 + 65_000);
  const { status, headers, text } = await send('/', { headers: { Host: 'localhost:18790' } });
  expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(text).toContain('Running');
  expect(text).toContain('Version 1.2.3, up for 3 h 1 min.');
  expect(text).toContain('xopc gateway status');
  expect(text).toContain('http://localhost:18790/api/agent');
  expect(text).not.toContain('TOKEN');
  expect(text).not.toMatch(/<style|style=|\son\w+=|href="(?!\.\/(assets\/|docs"))|src="(?!\.\/assets\/)/);
  expect(text.match(/<script[^>]*>[^<]*<\/script>/g)).toEqual([
    expect.stringMatching(/^<script src="\.\/assets\/page\.[0-9a-f]{12}\.js" defer><\/script>$/),
  ]);
  expect(headers['content-security-policy']).toMatch(/script-src 'self'; style-src 'self'/);
  expect(services.calls).toEqual([]);
});

test.each([
  { peer: '198.51.100.7', auth: {} },
  { peer: '127.0.0.1', auth: {} },
  { peer: '127.0.0.1', auth: { enabled: true } },
])('a visitor of 192.0.2.10 from $peer with auth $auth reads that calls need the token', async ({ peer, auth }) => {
  const { send } = await startHttpApp({ peer, gateway: { auth } });
  const { text } = await send('/', { headers: { Host: '192.0.2.10:18790' } });
  expect(text).toContain('xopc gateway token --show');
  expect(text).toContain('Authorization: Bearer TOKEN');
});

test('what a Host header says is escaped in the page', async () => {
  const { send } = await startHttpApp();
  const { status, text } = await send('/', { headers: { Host: '<b>"x"', 'X-Api-Key': TOKEN } });
  expect([status, text]).toEqual([200, expect.stringContaining('http://&lt;b&gt;&quot;x&quot;/api/agent')]);
});

test('the page’s files are there under hashed names, for ever', async () => {
  const { send } = await startHttpApp();
  const { text } = await send('/');
  const paths = [...text.matchAll(/(?:href|src)="\.(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
  expect(paths).toEqual([
    expect.stringMatching(/^\/assets\/page\.[0-9a-f]{12}\.css$/),
    expect.stringMatching(/^\/assets\/icon\.[0-9a-f]{12}\.svg$/),
    expect.stringMatching(/^\/assets\/page\.[0-9a-f]{12}\.js$/),
  ]);
  for (const path of paths) {
    const { status, headers } = await send(path);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers['content-type']).toMatch(/^(text\/css; charset=utf-8|image\/svg\+xml|text\/javascript; charset=utf-8)$/);
  }
  const [stylesheet = ''] = paths;
  expect((await send(stylesheet)).text).toContain('prefers-color-scheme: dark');
  expect((await send('/assets/page.000000000000.css')).status).toBe(404);
});
