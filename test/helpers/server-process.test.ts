import { once } from 'node:events';
import { existsSync, rmSync, statSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { buildFixture, startFixture } from './fixture-process.js';
import { isAlive } from './real-gateway.js';
import { makeServerDirectory, startServer } from './server-process.js';

function serverDirectory(): string {
  const directory = makeServerDirectory();
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test.skipIf(process.platform === 'win32')('a server whose tests are killed ends, and its directory is removed', async () => {
  const tests = startFixture(buildFixture('server-starter'), []);
  const [{ pid, directory }] = (await once(tests, 'message')) as [{ pid: number; directory: string }];
  expect([isAlive(pid), existsSync(directory)]).toEqual([true, true]);
  tests.kill('SIGKILL');
  await expect.poll(() => [isAlive(pid), existsSync(directory)]).toEqual([false, false]);
});

test.skipIf(process.platform === 'win32')('a server is ready with its line, runs in its directory, and never as root', async () => {
  const directory = serverDirectory();
  const command = ['/bin/sh', '-c', 'id -u > user; echo it is ready >&2; exec sleep 1000'] as const;
  const server = await startServer(command, { directory, env: {}, readyLine: 'is ready' });
  await server.end('SIGKILL');
  expect(server.child.signalCode).toBe('SIGKILL');
  expect(statSync(`${directory}/user`).uid).not.toBe(0);
});

test.skipIf(process.platform === 'win32')('a server that ends before it is ready is an error with its words', async () => {
  const command = ['/bin/sh', '-c', 'echo wrong option >&2; exit 3'] as const;
  await expect(startServer(command, { directory: serverDirectory(), env: {}, readyLine: 'ready' })).rejects.toThrow(
    /ended with 3: wrong option/,
  );
});
