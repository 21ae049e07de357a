import { once } from 'node:events';
import { expect, test } from 'vitest';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { echoScript, hangingScript } from '../../../../helpers/fake-services.js';
import { startHttpApp, type TestApp } from '../../../../helpers/http-app.js';
import { openWire, type Wire } from '../../../../helpers/http-request.js';

const HEALTH = 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n';
const CLOSE = /\r\nConnection: close\r\n/;
const none = { requests: 0, streams: 0, sockets: 0 };

function post(path: string, body: object, accept = 'application/json'): string {
  const text = JSON.stringify(body);
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: ${accept}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}

const times = <Value>(count: number, make: () => Promise<Value>): Promise<Value[]> => Promise.all(Array.from({ length: count }, make));

async function openIdle(port: number): Promise<Wire> {
  const wire = await openWire(port, HEALTH);
  await wire.until(/healthy/);
  return wire;
}

async function openStream(port: number): Promise<Wire> {
  const wire = await openWire(port, post('/api/agent', { message: 'hi' }, 'text/event-stream'));
  await wire.until(/event: delta/);
  return wire;
}

interface Draining extends TestApp {
  readonly clock: FakeClock;
  /** Answers the messages that wait. */
  readonly replies: ((reply: string) => void)[];
}

/** An app whose turns hang until they are aborted and whose sync messages wait, deaf to any signal. */
async function startDraining(): Promise<Draining> {
  const clock = new FakeClock();
  const app = await startHttpApp({ clock });
  const replies: ((reply: string) => void)[] = [];
  app.services.script = hangingScript;
  app.services.messages.accept = () => new Promise((resolve) => replies.push((messageId) => resolve({ messageId, replayed: false })));
  return { ...app, clock, replies };
}

const waiting = post('/api/message', { channel: 'c', chat_id: '1', content: 'x' });

test('stop: idle and half-sent connections end at once, requests and streams get their time', async () => {
  const { app, port, clock, replies } = await startDraining();
  const idle = await times(200, () => openIdle(port));
  const fresh = await times(5, () => openWire(port));
  const halfSent = await times(50, () => openWire(port, 'POST /api/message HTTP/1.1\r\nHost: local'));
  const streams = await times(20, () => openStream(port));
  const requests = await times(10, () => openWire(port, waiting));
  await expect.poll(() => [replies.length, app.vitals()]).toEqual([10, { connections: 285, inFlight: 30 }]);

  const result = app.drain('stop', 5_000);
  expect(new Set(await Promise.all([...idle, ...fresh].map(({ closed }) => closed)))).toEqual(new Set(['end']));
  await Promise.all(halfSent.map(({ closed }) => closed));
  expect(halfSent.every((wire) => wire.received().startsWith('HTTP/1.1 503 '))).toBe(true);
  expect(app.vitals()).toEqual({ connections: 30, inFlight: 30 });

  clock.advance(4_999);
  replies.forEach((reply) => reply('msg_1'));
  await Promise.all(requests.map(({ closed }) => closed));
  for (const wire of requests)
    expect([wire.received(), CLOSE.test(wire.received())]).toEqual([expect.stringMatching(/^HTTP\/1\.1 200 .*"msg_1"\}$/s), true]);
  expect(app.vitals()).toEqual({ connections: 20, inFlight: 20 });

  clock.advance(1);
  expect(new Set(await Promise.all(streams.map(({ closed }) => closed)))).toEqual(new Set(['end']));
  for (const wire of streams)
    expect(wire.received()).toMatch(/retry: 1000\nevent: error\ndata: \{"error":\{"code":"UNAVAILABLE".*\}\}\n\n\r\n0\r\n\r\n$/);
  expect(await result).toEqual({ requests: 0, streams: 20, sockets: 50 });
});

test('restart: an idle connection may send one more request, the rest end at the end of the drain time', async () => {
  const { app, port, clock } = await startDraining();
  const wires = await times(20, () => openIdle(port));
  const result = app.drain('restart', 5_000);
  await expect(openWire(port)).rejects.toThrow('ECONNREFUSED');
  const [used, rest] = [wires.slice(0, 10), wires.slice(10)];
  for (const wire of used) wire.socket.write(HEALTH);
  expect(new Set(await Promise.all(used.map(({ closed }) => closed)))).toEqual(new Set(['end']));
  for (const wire of used) expect(wire.received()).toMatch(/healthy[\s\S]+Connection: close[\s\S]+healthy/);
  clock.advance(4_999);
  expect(app.vitals()).toEqual({ connections: 10, inFlight: 0 });
  clock.advance(1);
  expect(new Set(await Promise.all(rest.map(({ closed }) => closed)))).toEqual(new Set(['end']));
  expect(await result).toEqual(none);
});

test('restart: a half-sent request is served when it completes, also after the drain time', async () => {
  const { app, port, clock } = await startDraining();
  const [early, late, never] = await Promise.all([
    openWire(port, HEALTH.slice(0, 20)),
    openWire(port, HEALTH.slice(0, 20)),
    openWire(port, 'GET '),
  ]);
  await expect.poll(() => app.vitals().connections).toBe(3);
  const result = app.drain('restart', 5_000);
  early.socket.write(HEALTH.slice(20));
  await early.until(/Connection: close[\s\S]+healthy/);
  clock.advance(5_100);
  late.socket.write(HEALTH.slice(20));
  await late.until(/Connection: close[\s\S]+healthy/);
  await Promise.all([early.closed, late.closed]);
  clock.advance(100);
  await never.closed;
  expect(await result).toEqual({ ...none, sockets: 1 });
});

test.each(['restart', 'stop'] as const)('%s resolves at once when nothing is open, and when the last thing is done', async (mode) => {
  const empty = await startDraining();
  expect(await empty.app.drain(mode, 60_000)).toEqual(none);
  const busy = await startDraining();
  const wire = await openWire(busy.port, waiting);
  await expect.poll(() => busy.replies.length).toBe(1);
  const result = busy.app.drain(mode, 60_000);
  busy.replies[0]?.('msg_1');
  expect(await result).toEqual(none);
  expect(wire.received()).toContain('msg_1');
});

test('a request that listens to no signal is cut 200 ms after the drain time, not before, and counted', async () => {
  const { app, port, clock, replies } = await startDraining();
  const wires = await times(3, () => openWire(port, waiting));
  await expect.poll(() => replies.length).toBe(3);
  const result = app.drain('restart', 5_000);
  clock.advance(5_199);
  expect(app.vitals().inFlight).toBe(3);
  replies[0]?.('msg_1');
  await expect.poll(() => wires.filter((wire) => wire.received().includes('msg_1')).length).toBe(1);
  clock.advance(1);
  expect(await result).toEqual({ ...none, requests: 2 });
  await Promise.all(wires.map(({ closed }) => closed));
  expect(wires.filter((wire) => wire.received() === '').length).toBe(2);
  await expect.poll(() => app.vitals().connections).toBe(0);
});

test('a turn that is waited for is answered UNAVAILABLE at the end of the drain time, even if it never ends', async () => {
  const { app, port, clock, services } = await startDraining();
  services.reply = () => new Promise(() => undefined);
  services.script = async function* (first) {
    yield { type: 'delta', text: first };
    await new Promise(() => undefined);
  };
  const asks = [
    post('/api/agent', { message: 'x' }),
    post('/api/message/sync', { channel: 'c', chat_id: '1', content: 'x', deliver: true }),
  ];
  const wires = await Promise.all(asks.map((ask) => openWire(port, ask)));
  await expect.poll(() => services.calls.length).toBe(2);
  const result = app.drain('restart', 5_000);
  clock.advance(4_999);
  expect(app.vitals().inFlight).toBe(2);
  clock.advance(1);
  await Promise.all(wires.map(({ closed }) => closed));
  for (const wire of wires) expect(wire.received()).toMatch(/^HTTP\/1\.1 503 [\s\S]+Retry-After: 1\r\n[\s\S]+"UNAVAILABLE"/);
  expect(await result).toEqual({ ...none, requests: 2 });
});

test('a stream that finishes in time is not cut, and its connection ends with it', async () => {
  const { app, port, services } = await startDraining();
  let finish = (): void => undefined;
  services.script = async function* (message) {
    yield { type: 'delta', text: message };
    await new Promise<void>((resolve) => (finish = resolve));
    yield* echoScript(message);
  };
  const wire = await openStream(port);
  const result = app.drain('stop', 5_000);
  finish();
  expect(await wire.closed).toBe('end');
  expect(wire.received()).toMatch(/event: done[\s\S]+0\r\n\r\n$/);
  expect(await result).toEqual(none);
});

test('a second call shortens the drain and gets the same result; a longer one changes nothing', async () => {
  const { app, port, clock, replies } = await startDraining();
  const idle = await openIdle(port);
  await openWire(port, waiting);
  await expect.poll(() => replies.length).toBe(1);
  const first = app.drain('restart', 60_000);
  const second = app.drain('stop', 2_000);
  const third = app.drain('restart', 90_000);
  expect(await idle.closed).toBe('end');
  clock.advance(2_200);
  expect(await Promise.all([first, second, third])).toEqual(Array(3).fill({ ...none, requests: 1 }));
});

test.each([0, 1])('a timeout of %i ms leaves 200 ms for the answers', async (timeoutMs) => {
  const { app, port, clock, replies } = await startDraining();
  const wire = await openWire(port, waiting);
  await expect.poll(() => replies.length).toBe(1);
  const result = app.drain('stop', timeoutMs);
  clock.advance(timeoutMs + 200);
  expect(await result).toEqual({ ...none, requests: 1 });
  await wire.closed;
});

test('while draining, health is still well, readiness is not, and no WebSocket opens', async () => {
  let isDraining = false;
  const { port, send } = await startHttpApp({ isDraining: () => isDraining });
  expect((await send('/health/ready')).status).toBe(200);
  isDraining = true;
  expect((await send('/health')).json).toMatchObject({ status: 'healthy' });
  const ready = await send('/health/ready');
  expect([ready.status, ready.json?.['error'], ready.headers['retry-after']]).toMatchObject([
    503,
    { code: 'UNAVAILABLE', details: { ready: false } },
    '1',
  ]);
  const upgrade = 'GET /api/models HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: ';
  const socket = await openWire(port, `${upgrade}websocket\r\n\r\n`);
  await socket.closed;
  expect(socket.received()).toMatch(/^HTTP\/1\.1 503 [\s\S]+Connection: close[\s\S]+UNAVAILABLE/);
  const offer = await openWire(port, `${upgrade}h2c\r\n\r\n`);
  await offer.closed;
  expect(offer.received()).toMatch(/^HTTP\/1\.1 200 [\s\S]+Connection: close[\s\S]+"models"/);
});

test('a request that has arrived when stop begins is answered, not ended', async () => {
  const { app, port } = await startDraining();
  const wires = await times(50, () => openIdle(port));
  for (const wire of wires) wire.socket.write(HEALTH);
  await once(app.server, 'request');
  const result = app.drain('stop', 5_000);
  await Promise.all(wires.map(({ closed }) => closed));
  expect(wires.map((wire) => wire.received().split('healthy').length)).toEqual(Array(50).fill(3));
  expect(await result).toEqual(none);
});

test('close destroys what is open without waiting', async () => {
  const { app, port } = await startDraining();
  const stream = await openStream(port);
  app.close();
  await stream.closed;
  await expect.poll(() => app.vitals()).toEqual({ connections: 0, inFlight: 0 });
  expect(() => app.close()).not.toThrow();
});
