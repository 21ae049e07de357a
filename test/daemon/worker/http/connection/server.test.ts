import { once } from 'node:events';
import { expect, test } from 'vitest';
import { errorResponse } from '../../../../../shared/api/error.js';
import { startHttpApp } from '../../../../helpers/http-app.js';
import { openWire } from '../../../../helpers/http-request.js';

const HOST = 'Host: localhost\r\n';
const JSON_TYPE = 'Content-Type: application/json\r\n';
const message = JSON.stringify({ message: 'hi' });

/** Short limits, so that their end can be awaited. */
const limits = { headersTimeoutMs: 150, requestTimeoutMs: 300, checkIntervalMs: 20 };

function bodyOf(received: string): unknown {
  return JSON.parse(received.slice(received.lastIndexOf('\r\n\r\n') + 4));
}

test.each([
  ['nonsense', 'HELLO\r\n\r\n', 400],
  ['a header without a colon', `GET / HTTP/1.1\r\n${HOST}broken\r\n\r\n`, 400],
  ['a length that is none', `POST /api/agent HTTP/1.1\r\n${HOST}Content-Length: x\r\n\r\n`, 400],
  ['two lengths', `POST /api/agent HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400],
  ['a length and chunks', `POST /api/agent HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  ['a TLS hello', Buffer.from('160301020001000001fc0303', 'hex'), 400],
  ['a header of 20 KB', `GET / HTTP/1.1\r\n${HOST}X: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ['half a header, then silence', `GET / HTTP/1.1\r\n${HOST}`, 408],
  ['half a body, then silence', `POST /api/agent HTTP/1.1\r\n${HOST}${JSON_TYPE}Content-Length: 99\r\n\r\n{`, 408],
])('%s is answered in the API’s shape and the connection closes', async (_what, bytes, status) => {
  const { port, services } = await startHttpApp({ limits });
  const wire = await openWire(port, bytes);
  expect(await wire.closed).toBe('end');
  expect(wire.received()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(wire.received()).toMatch(/\r\nConnection: close\r\n/i);
  expect(errorResponse().safeParse(bodyOf(wire.received())).error).toBeUndefined();
  expect(wire.received()).not.toContain('HPE_');
  expect(services.calls).toEqual([]);
});

test.each([
  ['a length', `Content-Length: 20971520\r\n\r\n`, 'x'.repeat(65_536)],
  ['chunks', `Transfer-Encoding: chunked\r\n\r\n`, `10000\r\n${'x'.repeat(65_536)}\r\n`],
])('20 MB with %s get their 413 while they are still being sent, and the connection closes soon', async (_what, head, piece) => {
  const { port, services } = await startHttpApp();
  const wire = await openWire(port, `POST /api/agent HTTP/1.1\r\n${HOST}${JSON_TYPE}${head}`);
  const startedAt = performance.now();
  let sent = 0;
  while (sent < 20_971_520 && !wire.socket.destroyed) {
    sent += piece.length;
    if (!wire.socket.write(piece)) await Promise.race([new Promise((resolve) => wire.socket.once('drain', resolve)), wire.closed]);
  }
  await wire.closed;
  expect(wire.received()).toMatch(/^HTTP\/1\.1 413 /);
  expect(wire.received()).toMatch(/\r\nConnection: close\r\n/);
  expect(bodyOf(wire.received())).toMatchObject({ error: { code: 'PAYLOAD_TOO_LARGE' } });
  expect(performance.now() - startedAt).toBeLessThan(8_000);
  expect(services.calls).toEqual([]);
});

test('a client that sends no more after its early answer is let go, and others go on', async () => {
  const { port, send } = await startHttpApp({ peer: '198.51.100.7' });
  const wire = await openWire(port, `POST /api/agent HTTP/1.1\r\n${HOST}${JSON_TYPE}Content-Length: 1000\r\n\r\n{`);
  await wire.until(/UNAUTHORIZED/);
  expect((await send('/health')).status).toBe(200);
  expect(await wire.closed).toBe('end');
});

test('a client that goes on sending after its early answer is not reset', async () => {
  const { port } = await startHttpApp();
  const wire = await openWire(port, `POST /api/nothing HTTP/1.1\r\n${HOST}${JSON_TYPE}Content-Length: 1000000\r\n\r\n{`);
  await wire.until(/NOT_FOUND/);
  wire.socket.end('x'.repeat(999_999));
  expect(await wire.closed).toBe('end');
});

test('a refusal whose body has arrived keeps the connection', async () => {
  const { port } = await startHttpApp();
  const refused = `POST /api/nothing HTTP/1.1\r\n${HOST}${JSON_TYPE}Content-Length: 2\r\n\r\n{}`;
  const wire = await openWire(port, `${refused}${refused}GET /health HTTP/1.1\r\n${HOST}\r\n`);
  await wire.until(/healthy/);
  wire.socket.write(`GET /nothing HTTP/1.1\r\n${HOST}\r\n`);
  await wire.until(/healthy[\s\S]+NOT_FOUND/);
  expect(wire.received().match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 404', 'HTTP/1.1 404', 'HTTP/1.1 200', 'HTTP/1.1 404']);
  expect(wire.received().match(/Connection: [\w-]+/g)).toEqual(Array(4).fill('Connection: keep-alive'));
});

test('100 Continue is sent when the body is wanted, and not for one that is refused', async () => {
  const { port } = await startHttpApp();
  const head = `POST /api/agent HTTP/1.1\r\n${HOST}${JSON_TYPE}Expect: 100-continue\r\n`;
  const wanted = await openWire(port, `${head}Content-Length: ${message.length}\r\n\r\n`);
  await wanted.until(/100 Continue/);
  wanted.socket.write(message);
  await wanted.until(/200 OK[\s\S]+You said/);
  const refusals = [
    { request: `${head.replace('agent', 'nothing')}Content-Length: 9\r\n\r\n`, status: 404 },
    { request: `${head}Content-Length: 9999999\r\n\r\n`, status: 413 },
  ];
  for (const { request, status } of refusals) {
    const refused = await openWire(port, request);
    await refused.closed;
    expect(refused.received()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  }
});

test('a client that hangs up in the middle of its body is no error of ours', async () => {
  const { port, app, services, lines } = await startHttpApp();
  const wire = await openWire(port, `POST /api/agent HTTP/1.1\r\n${HOST}${JSON_TYPE}Content-Length: 99\r\n\r\n{`);
  await once(app.server, 'request');
  wire.socket.resetAndDestroy();
  await expect.poll(() => app.vitals()).toEqual({ connections: 0, inFlight: 0 });
  expect(services.calls).toEqual([]);
  expect(lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
});

test('a forwarding header behind thousands of others still counts', async () => {
  const { port } = await startHttpApp();
  const many = 'a:b\r\n'.repeat(3_000);
  const wire = await openWire(port, `GET /api/models HTTP/1.1\r\n${HOST}${many}X-Forwarded-For: 198.51.100.7\r\n\r\n`);
  await wire.until(/\r\n\r\n[\s\S]+\}/);
  expect(wire.received()).toMatch(/^HTTP\/1\.1 401 /);
});

test('an idle connection outlives the header limit and ends at its own', async () => {
  const { port } = await startHttpApp({ limits: { ...limits, keepAliveTimeoutMs: 600 } });
  const wire = await openWire(port, `GET /health HTTP/1.1\r\n${HOST}\r\n`);
  await wire.until(/healthy/);
  const startedAt = performance.now();
  expect(await wire.closed).toBe('end');
  expect(performance.now() - startedAt).toBeGreaterThan(400);
});

test('a slow handler is left alone, an answer that nobody reads is not', async () => {
  const { port, app, services } = await startHttpApp({ limits: { stallTimeoutMs: 100, checkIntervalMs: 20 } });
  const answers: ((reply: string) => void)[] = [];
  services.reply = () => new Promise((resolve) => answers.push(resolve));
  const asked = (times: number) => expect.poll(() => answers.length).toBe(times);
  const body = JSON.stringify({ channel: 'c', chat_id: '1', content: 'x' });
  const request = `POST /api/message/sync HTTP/1.1\r\n${HOST}${JSON_TYPE}Content-Length: ${body.length}\r\n\r\n${body}`;
  const slow = await openWire(port, request);
  await asked(1);
  const unread = await openWire(port, request);
  await asked(2);
  unread.socket.pause();
  answers[1]?.('x'.repeat(32_000_000));
  await expect.poll(() => app.vitals()).toEqual({ connections: 1, inFlight: 1 });
  answers[0]?.('slow');
  await slow.until(/200 OK[\s\S]+slow/);
});

test('connections beyond the limit are refused while the others are served', async () => {
  const { port, send } = await startHttpApp({ limits: { maxConnections: 2 } });
  const open = await Promise.all([
    openWire(port, `GET /health HTTP/1.1\r\n${HOST}\r\n`),
    openWire(port, `GET /health HTTP/1.1\r\n${HOST}\r\n`),
  ]);
  await Promise.all(open.map((wire) => wire.until(/healthy/)));
  await expect(send('/health')).rejects.toThrow(/socket hang up|ECONNRESET/);
  open[0].socket.write(`GET /api/models HTTP/1.1\r\n${HOST}\r\n`);
  await open[0].until(/"models"/);
});

test('vitals count connections and requests in flight', async () => {
  const { port, app, send } = await startHttpApp();
  expect(app.vitals()).toEqual({ connections: 0, inFlight: 0 });
  const wire = await openWire(port, `GET /health HTTP/1.1\r\n${HOST}\r\n`);
  await wire.until(/healthy/);
  expect(app.vitals()).toEqual({ connections: 1, inFlight: 0 });
  await send('/health');
  await expect.poll(() => app.vitals()).toEqual({ connections: 1, inFlight: 0 });
});
