import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { logEvents } from '../../../../shared/api/gateway/logs.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { startHttpApp, TOKEN } from '../../../helpers/http-app.js';
import { openWire } from '../../../helpers/http-request.js';

test('the log is followed as server-sent events in their documented shapes, with the token only', async () => {
  const app = await startHttpApp();
  const head = 'GET /api/logs/follow?level=warn&from=abc HTTP/1.1\r\nHost: localhost\r\n';
  const stranger = await openWire(app.port, `${head}\r\n`);
  await stranger.until(/UNAUTHORIZED/);
  const wire = await openWire(app.port, `${head}Authorization: Bearer ${TOKEN}\r\n\r\n`);
  await wire.until(/event: gap[\s\S]*\r\n0\r\n\r\n/);
  expect(wire.received()).toMatch(/200 OK[\s\S]*text\/event-stream; charset=utf-8/);
  const events = [...wire.received().matchAll(/event: (\w+)\ndata: (.*)\n\n/g)];
  expect(events.map(([, type]) => type)).toEqual(['lines', 'gap']);
  const schemas = logEvents();
  for (const [, type = '', data = ''] of events)
    expect(schemas[type as keyof typeof schemas].safeParse(JSON.parse(data)).error).toBeUndefined();
  expect(app.services.calls).toEqual([{ name: 'logs.follow', input: { level: 'warn', from: 'abc' } }]);
});

const asOwner = { headers: { Authorization: `Bearer ${TOKEN}` } };

test('what is asked for reaches the service with its types, and what is none is refused by name', async () => {
  const app = await startHttpApp();
  const query = 'search=status:200&regex=a%2Bb&level=warn&since=2026-01-02T03:04:05Z&limit=7';
  await app.send(`/api/logs?${query}`, asOwner);
  const since = Date.parse('2026-01-02T03:04:05Z');
  const input = { search: 'status:200', regex: 'a+b', level: 'warn', since, limit: 7 };
  expect(app.services.calls).toEqual([{ name: 'logs.query', input }]);
  for (const wrong of ['level=loud', 'level=constructor', 'limit=0', 'limit=1001', 'limit=1.5', 'limit=NaN', 'order=x']) {
    const { status, text } = await app.send(`/api/logs?${wrong}`, asOwner);
    expect([status, text]).toEqual([400, expect.stringContaining(wrong.split('=')[0] ?? '')]);
  }
});

test('the levels are counted, with the token only; a lowest level has no meaning there', async () => {
  const app = await startHttpApp();
  expect((await app.send('/api/logs/counts')).status).toBe(401);
  const { json } = await app.send('/api/logs/counts?search=x&to=c', asOwner);
  expect(json).toMatchObject({ status: 'ok', counts: { info: 1, other: 0 }, complete: true });
  expect(app.services.calls).toEqual([{ name: 'logs.count', input: { search: 'x', to: 'c' } }]);
  expect((await app.send('/api/logs/counts?level=warn', asOwner)).status).toBe(400);
});

test('the log is downloaded compressed, under a name of its own, with the token only', async () => {
  const app = await startHttpApp();
  expect((await app.send('/api/logs/download')).status).toBe(401);
  const response = await fetch(`http://127.0.0.1:${app.port}/api/logs/download?level=warn`, asOwner);
  expect(response.headers.get('content-type')).toBe('application/gzip');
  expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="xopc-log-[\dT-]+\.ndjson\.gz"$/);
  expect(gunzipSync(Buffer.from(await response.arrayBuffer())).toString()).toBe('{"level":"info","msg":"hello"}\n');
});

test('a download that a drain cuts off is no fault of the gateway', async () => {
  const clock = new FakeClock();
  const app = await startHttpApp({ clock });
  const begun = new Promise<void>((resolve) => {
    app.services.logs.download = async function* () {
      resolve();
      for (;;) yield await new Promise<string>((next) => setImmediate(next, 'line'));
    };
  });
  const wire = await openWire(app.port, `GET /api/logs/download HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
  await begun;
  const drained = app.app.drain('stop', 1_000);
  clock.advance(1_000);
  await wire.closed;
  clock.advance(1_000);
  await drained;
  const levels = () => new Set(app.lines.flatMap(({ level, fields }) => ('err' in fields ? level : [])));
  await expect.poll(levels).toEqual(new Set(['debug']));
});

test('the level is read, changed for a time and put back, with the token only', async () => {
  const app = await startHttpApp();
  const path = '/api/logs/level';
  expect((await app.send(path, { method: 'PATCH', body: { level: 'debug' } })).status).toBe(401);
  const change = (body: object) => app.send(path, { ...asOwner, method: 'PATCH', body });
  expect((await change({ level: 'debug', durationMs: 60_000 })).json).toMatchObject({ level: 'debug', configured: 'info' });
  expect((await app.send(path, asOwner)).json).toMatchObject({ level: 'debug', until: expect.stringContaining('T') as string });
  expect((await change({ level: null })).json).toEqual({ status: 'ok', level: 'info', configured: 'info', until: null, modules: [] });
  expect((await change({ level: 'trace', module: 'outbox' })).json).toMatchObject({
    level: 'info',
    modules: [{ module: 'outbox', level: 'trace' }],
  });
  for (const wrong of [
    { level: 'loud' },
    {},
    { level: 'debug', durationMs: 10 },
    { level: 'debug', durationMs: 86_400_001 },
    { level: 'debug', module: 'kitchen' },
  ])
    expect((await change(wrong)).status).toBe(400);
});
