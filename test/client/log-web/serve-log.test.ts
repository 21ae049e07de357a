import { appendFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type LogWeb, serveLog } from '../../../client/log-web/serve-log.js';
import { logsCountsResponse, logsResponse } from '../../../shared/api/gateway/logs.js';
import { pageSessionResponse } from '../../../shared/api/gateway/page-session.js';
import { createLineMatcher } from '../../../shared/node/log/line-matcher.js';
import { createLogService } from '../../../shared/node/log/log-service.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { tempDir } from '../../helpers/temp-dir.js';

interface Reply {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
}

async function serving() {
  const logPath = join(tempDir(), 'gateway.log');
  writeFileSync(logPath, '{"level":"warn","msg":"one"}\n{"level":"info","msg":"two"}\n');
  const clock = new FakeClock();
  const document = { type: 'text/html; charset=utf-8', gzip: Buffer.from('packed'), plain: () => Buffer.from('<p>'), isImmutable: false };
  const web = await serveLog({
    logs: createLogService({ logPath, loadPatterns: () => ({ createLineMatcher }) }),
    page: { find: (path) => (path === '/index.html' ? document : undefined) },
    clock,
  });
  onTestFinished(() => web.close());
  return { web, clock, logPath };
}

/** Node's own client, because `fetch` sets Host itself. */
function send(
  web: LogWeb,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: unknown } = {},
): Promise<Reply> {
  const { hostname, port } = new URL(web.pageUrl);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method: options.method ?? 'GET', headers: options.headers ?? {} }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on('error', reject);
    sent.end(options.body === undefined ? undefined : JSON.stringify(options.body));
  });
}

const ticketOf = ({ url }: LogWeb): string => url.split('#link=')[1] ?? '';
const signIn = (web: LogWeb, link: string | undefined, headers: Record<string, string> = {}): Promise<Reply> =>
  send(web, '/api/page-session', { method: 'POST', headers, body: link === undefined ? {} : { link } });

async function cookieOf(web: LogWeb): Promise<string> {
  const { headers } = await signIn(web, ticketOf(web));
  return String(headers['set-cookie']).split(';')[0] ?? '';
}

test('the link lets one browser in, by a cookie that scripts and other sites do not get; nothing is read without it', async () => {
  const { web, clock } = await serving();
  for (const path of ['/api/logs', '/api/logs/counts', '/api/logs/follow', '/api/logs/download'])
    expect((await send(web, path)).status).toBe(401);
  expect((await signIn(web, undefined)).status).toBe(401);
  expect((await signIn(web, 'x'.repeat(43))).status).toBe(401);
  const entered = await signIn(web, ticketOf(web), { Origin: web.pageUrl.slice(0, -1) });
  expect(entered.headers['set-cookie']).toEqual([expect.stringMatching(/^xopc_logs_\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)]);
  expect(pageSessionResponse().parse(JSON.parse(entered.text))).toMatchObject({ signedIn: true, only: 'logs' });
  // Once.
  expect((await signIn(web, ticketOf(web))).status).toBe(401);
  const Cookie = String(entered.headers['set-cookie']).split(';')[0] ?? '';
  expect((await signIn(web, undefined, { Cookie, Origin: web.pageUrl.slice(0, -1) })).status).toBe(200);
  expect((await signIn(web, undefined, { Cookie })).status).toBe(401);
  expect((await send(web, '/api/logs', { headers: { Cookie } })).status).toBe(200);
  expect((await send(web, '/api/logs', { headers: { Cookie: `${Cookie}x` } })).status).toBe(401);
  for (const site of ['cross-site', 'same-site'])
    expect((await send(web, '/api/logs', { headers: { Cookie, 'Sec-Fetch-Site': site } })).status).toBe(401);
  const late = await serving();
  late.clock.advance(600_000);
  expect((await signIn(late.web, ticketOf(late.web))).status).toBe(401);
  expect(clock.now()).toBeLessThan(Date.parse(web.expiresAt));
});

test('a foreign Host, a foreign Origin and everything that changes something are refused, and the page has its policy', async () => {
  const { web } = await serving();
  const Cookie = await cookieOf(web);
  const { port } = new URL(web.pageUrl);
  for (const headers of [{ Host: `evil.example:${port}` }, { Host: '127.0.0.1:1' }, { Origin: 'http://evil.example' }, { Origin: 'null' }])
    for (const path of ['/', '/api/logs']) expect((await send(web, path, { headers: { Cookie, ...headers } })).status).toBe(403);
  for (const method of ['POST', 'PATCH', 'DELETE'])
    expect((await send(web, '/api/logs/level', { method, headers: { Cookie } })).status).toBe(405);
  for (const path of ['/api/logs/level', '/api/sessions', '/../etc/passwd', '//x', '/ws'])
    expect((await send(web, path, { headers: { Cookie } })).status).toBe(404);
  expect((await signIn(web, 'x'.repeat(5_000))).status).toBe(413);
  const page = await send(web, '/', { headers: { Host: `localhost:${port}` } });
  expect([page.status, page.text, page.headers['content-security-policy']]).toEqual([
    200,
    '<p>',
    expect.stringContaining("script-src 'self'"),
  ]);
  expect((await send(web, '/', { headers: { 'Accept-Encoding': 'br, gzip' } })).text).toBe('packed');
});

test('the log is read, counted, followed and downloaded as the gateway does', async () => {
  const { web, logPath } = await serving();
  const Cookie = await cookieOf(web);
  const get = (path: string): Promise<Reply> => send(web, path, { headers: { Cookie } });
  const page = logsResponse().parse(JSON.parse((await get('/api/logs?regex=^o')).text));
  expect(page.entries).toEqual([{ level: 'warn', msg: 'one' }]);
  expect(logsCountsResponse().parse(JSON.parse((await get('/api/logs/counts')).text)).counts).toMatchObject({ warn: 1, info: 1 });
  expect((await get('/api/logs?limit=0')).text).toContain('limit');
  const download = await fetch(`${web.pageUrl}api/logs/download?level=warn`, { headers: { Cookie } });
  expect(gunzipSync(Buffer.from(await download.arrayBuffer())).toString()).toBe('{"level":"warn","msg":"one"}\n');
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const followed = await fetch(`${web.pageUrl}api/logs/follow?from=${page.end}`, { headers: { Cookie } });
  vi.advanceTimersByTime(15_000);
  appendFileSync(logPath, '{"level":"info","msg":"three"}\n');
  let text = '';
  for await (const chunk of followed.body!.pipeThrough(new TextDecoderStream())) if ((text += chunk).includes('three')) break;
  expect(text).toContain(': heartbeat\n\n');
  expect(text).toContain('event: lines\ndata: {"entries":[{"level":"info","msg":"three"}]}');
});
