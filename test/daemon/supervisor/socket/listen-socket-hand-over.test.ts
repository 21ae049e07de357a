import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { spawnProgram, type Child } from '../../../../daemon/supervisor/workers/child-process.js';
import { bindListenSocket, type ListenSocket } from '../../../../daemon/supervisor/socket/listen-socket.js';
import { buildFixture } from '../../../helpers/fixture-process.js';

const FIXTURE = join(import.meta.dirname, '../../..', 'fixtures', 'listener.mjs');

interface Listener {
  readonly child: Child;
  readonly exited: Promise<unknown>;
}

/** A child that listens on a duplicate of the socket, as a worker does. */
async function startListener(socket: ListenSocket): Promise<Listener> {
  let onMessage: (message: unknown) => void = () => undefined;
  let onExit: (exit: unknown) => void = () => undefined;
  const exited = new Promise((resolve) => (onExit = resolve));
  const listening = new Promise(
    (resolve) => (onMessage = (message) => (message as { type: string }).type === 'listening' && resolve(message)),
  );
  const child = spawnProgram(
    [FIXTURE],
    { role: 'worker', boot: {}, output: 'ignore' },
    { onMessage: (message) => onMessage(message), onExit: (exit) => onExit(exit) },
  );
  onTestFinished(() => child.kill());
  child.send({ type: 'listen' }, socket.handle);
  expect(await listening).toEqual({ type: 'listening', port: socket.port });
  return { child, exited };
}

async function killed({ child, exited }: Listener): Promise<void> {
  child.kill();
  await exited;
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** Sends one request. @returns the pid that answered */
async function ask(socket: Socket): Promise<number> {
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'end');
  return Number(text.slice(text.lastIndexOf('\n') + 1));
}

async function openSocket(): Promise<ListenSocket> {
  const socket = await bindListenSocket('127.0.0.1', 0);
  onTestFinished(() => socket.close());
  return socket;
}

test('connections that are made while nobody accepts wait, and the next worker serves every one', async () => {
  const socket = await openSocket();
  const first = await startListener(socket);
  expect(await ask(await connected(socket.port))).toBe(first.child.pid);
  await killed(first);
  const between = await Promise.all(Array.from({ length: 50 }, () => connected(socket.port)));
  const second = await startListener(socket);
  expect(new Set(await Promise.all(between.map(ask)))).toEqual(new Set([second.child.pid]));
});

test('no connection of a steady stream is refused while workers are killed and replaced', async () => {
  const socket = await openSocket();
  let listener = await startListener(socket);
  let [isOver, served] = [false, 0];
  const failures: unknown[] = [];
  const client = async (): Promise<void> => {
    while (!isOver) {
      try {
        await ask(await connected(socket.port));
        served += 1;
      } catch (error) {
        failures.push((error as NodeJS.ErrnoException).code); // what a killed worker was just answering is lost with it
      }
    }
  };
  const clients = Array.from({ length: 10 }, client);
  for (let kill = 0; kill < 5; kill += 1) {
    const goal = served + 50;
    while (served < goal) await new Promise((resolve) => setImmediate(resolve));
    await killed(listener);
    listener = await startListener(socket);
  }
  isOver = true;
  await Promise.all(clients);
  expect(failures).not.toContain('ECONNREFUSED');
  expect(failures.length).toBeLessThan(50);
  expect(served).toBeGreaterThanOrEqual(250);
});

test('two workers may listen on it at once; when one goes the other serves on', async () => {
  const socket = await openSocket();
  const [first, second] = [await startListener(socket), await startListener(socket)];
  await killed(first);
  for (let request = 0; request < 20; request += 1) expect(await ask(await connected(socket.port))).toBe(second.child.pid);
});

test('a descriptor that a service manager passed listens where it was bound, and names that address', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
  const child: ChildProcess = spawn(process.execPath, [buildFixture('inherited-socket')], {
    stdio: ['ignore', 'inherit', 'inherit', fd, 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [inherited] = (await once(child, 'message')) as [unknown];
  expect(inherited).toEqual({ host: '127.0.0.1', port, origin: 'inherited' });
  server.close(); // the service manager's own copy accepts nothing
  const connection = await connected(port);
  connection.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const [chunk] = (await once(connection, 'data')) as [Buffer];
  expect(chunk.toString()).toMatch(/200 OK[^]*inherited/);
});
