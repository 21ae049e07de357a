import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { Connections } from '../../../../../daemon/worker/http/connection/connections.js';
import { startHttpApp } from '../../../../helpers/http-app.js';
import { openWire } from '../../../../helpers/http-request.js';

const HOST = 'Host: localhost\r\n';
const HEALTH = `GET /health HTTP/1.1\r\n${HOST}\r\n`;
const BIG = 8_000_000;
const page = JSON.stringify(
  Object.fromEntries(
    [
      ['/index.html', '<!doctype html>'],
      ['/assets/main-AbCd_-12.js', ' '.repeat(BIG)],
    ].map(([path = '', text = '']) => [path, { type: 'text/plain', gzip: gzipSync(text).toString('base64') }]),
  ),
);

function post(content: string): string {
  const body = JSON.stringify({ channel: 'c', chat_id: '1', content });
  return `POST /api/message/sync HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

test('pipelined requests are started one after the other, and answered in their order', async () => {
  const { port, services, app } = await startHttpApp();
  const answers: ((reply: string) => void)[] = [];
  services.reply = () => new Promise((resolve) => answers.push(resolve));
  const wire = await openWire(port, `${post('a')}${post('b')}${HEALTH}`);
  await expect.poll(() => answers.length).toBe(1);
  expect(app.vitals()).toEqual({ connections: 1, inFlight: 1 });
  answers[0]?.('first');
  await wire.until(/first/);
  await expect.poll(() => answers.length).toBe(2);
  answers[1]?.('second');
  await wire.until(/first[\s\S]+second[\s\S]+healthy/);
  expect(app.vitals()).toEqual({ connections: 1, inFlight: 0 });
});

test('a client that pipelines and reads nothing makes the gateway hold one answer, not all', async () => {
  const { port, app, send } = await startHttpApp({ page, peer: '198.51.100.7' });
  const asset = `GET /assets/main-AbCd_-12.js HTTP/1.1\r\nHost: 192.0.2.10\r\n\r\n`;
  const before = process.memoryUsage().arrayBuffers;
  const wires = await Promise.all(Array.from({ length: 3 }, () => openWire(port)));
  for (const { socket } of wires) socket.pause().write(asset.repeat(20));
  await expect.poll(() => app.vitals()).toEqual({ connections: 3, inFlight: 3 });
  expect((await send('/health')).status).toBe(200);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * BIG);
});

test('a client that pipelines more than is allowed is disconnected, and others are served', async () => {
  const { port, app, send } = await startHttpApp({ limits: { maxPipelined: 8 } });
  const allowed = await openWire(port, HEALTH.repeat(9));
  await allowed.until(/(?:healthy[\s\S]+){9}/);
  let parsed = 0;
  app.server.on('request', () => (parsed += 1));
  const greedy = await openWire(port, HEALTH.repeat(500));
  await greedy.closed;
  // What it had sent besides is not parsed: it is read in pieces of 64 KB.
  expect(parsed).toBeLessThan(12);
  await expect.poll(() => app.vitals()).toEqual({ connections: 1, inFlight: 0 });
  expect((await send('/health')).status).toBe(200);
});

test('a turn of the event loop starts one request of clients without credentials at most', async () => {
  let turn = 0;
  let timer: NodeJS.Immediate;
  const nextTurn = (): void => {
    turn += 1;
    timer = setImmediate(nextTurn);
  };
  nextTurn();
  onTestFinished(() => clearImmediate(timer));
  const turns: number[] = [];
  const connections = new Connections({
    handle(_request, response) {
      turns.push(turn);
      response.end('answered');
    },
    isClosing: () => false,
    maxPipelined: 8,
    isAnonymous: () => true,
  });
  const server = createServer((request, response) => connections.serve(request, response));
  connections.attach(server);
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const wires = await Promise.all(Array.from({ length: 20 }, () => openWire(port, HEALTH.repeat(3))));
  await Promise.all(wires.map((wire) => wire.until(/(?:answered[\s\S]*){3}/)));
  expect(turns).toHaveLength(60);
  expect(new Set(turns).size).toBe(60);
});

test('pipelined requests that have arrived before a restart are all answered, and the last answer closes', async () => {
  const { port, services, app } = await startHttpApp();
  let answer = (_reply: string): void => undefined;
  services.reply = () => new Promise((resolve) => (answer = resolve));
  const wire = await openWire(port, `${post('a')}${HEALTH}${HEALTH}`);
  await expect.poll(() => services.calls.length).toBe(1);
  const drained = app.drain('restart', 5_000);
  answer('first');
  expect(await wire.closed).toBe('end');
  expect(wire.received()).toMatch(/first[\s\S]+healthy[\s\S]+healthy/);
  expect(wire.received().match(/Connection: [\w-]+/g)).toEqual(['Connection: keep-alive', 'Connection: keep-alive', 'Connection: close']);
  expect(await drained).toEqual({ requests: 0, streams: 0, sockets: 0 });
});
