/** The fallback as its own process, on a handle as the supervisor gives it. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type ChildExit, spawnProgram } from '../../daemon/supervisor/workers/child-process.js';
import { bindListenSocket } from '../../daemon/supervisor/socket/listen-socket.js';
import { root, until } from '../helpers/real-gateway.js';

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function readAll(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

test('when draining, it answers connected clients, accepts no others, and exits', async () => {
  const listening = await bindListenSocket('127.0.0.1', 0);
  onTestFinished(() => listening.close());
  let exited = (_exit: ChildExit): void => undefined;
  const exit = new Promise<ChildExit>((resolve) => (exited = resolve));
  const boot = { supervisorPid: process.pid, reason: 'it crashed', retryAfterSeconds: 3, lastExitAt: null };
  const told: unknown[] = [];
  const child = spawnProgram(
    [join(root, 'dist', 'main.cjs'), '@fallback'],
    { role: 'fallback', boot, output: 'ignore' },
    { onMessage: (message) => told.push(message), onExit: (how) => exited(how) },
  );
  onTestFinished(() => child.kill());
  child.send({ type: 'listen' }, listening.handle);
  await until('it to accept', () => fetch(`http://127.0.0.1:${listening.port}`).catch(() => undefined));
  const early = await connected(listening.port);
  early.write('GET /health HTTP/1.1\r\nHost: localhost\r\n');
  const browser = await connected(listening.port);
  // Answered: the fallback accepts, so the one before is with it.
  const other = await connected(listening.port);
  other.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  expect(await readAll(other)).toContain('503');
  child.send({ type: 'drain' });
  await until('it to accept no more', () => told.length === 2);
  // A browser's connection that was made in advance: the file is asked for again on another one.
  browser.write('GET /x/assets/main.css?v=1/2?3 HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Mode: no-cors\r\n\r\n');
  expect(await readAll(browser)).toMatch(
    /^HTTP\/1\.1 307 [\s\S]*\r\nLocation: \.\/main\.css\?v=1\/2\?3\r\n[\s\S]*\r\nConnection: close\r\n/,
  );
  early.write('\r\n');
  expect(await readAll(early)).toMatch(/^HTTP\/1\.1 503 .*it crashed/s);
  expect(await exit).toEqual({ code: 0, signal: null });
  expect(told).toEqual([{ type: 'ready' }, { type: 'closed' }]);
});
