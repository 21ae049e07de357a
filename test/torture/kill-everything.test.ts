/** Whatever is killed, whenever: the next start works, there is one owner, and no file needs a hand. */
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isAlive, RealGateway, until } from '../helpers/real-gateway.js';

function killAll(pids: readonly (number | undefined)[]): void {
  for (const pid of pids) if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL');
}

test('fifty kills of everything: each start after them is ready, and no start leaves a process behind', async () => {
  const gateway = await RealGateway.create();
  for (let round = 0; round < 50; round += 1) {
    const running = await gateway.run();
    const { children } = gateway.lock();
    killAll([running.pid, ...children.map((child) => child.pid)]);
    await running.done;
  }
  const last = await gateway.run();
  expect(gateway.lock().pid).toBe(last.pid);
  expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
  expect(readdirSync(join(gateway.xopcHome, 'locks'))).toEqual([]);
});

test('kills at random moments of a start never keep the next one from starting', async () => {
  const gateway = await RealGateway.create();
  for (let round = 0; round < 40; round += 1) {
    const running = gateway.spawn();
    // Spread over the whole start: the moment itself is what is tested.
    await new Promise((resolve) => setTimeout(resolve, round * 6));
    process.kill(running.pid, 'SIGKILL');
    await running.done;
  }
  const last = await gateway.run();
  await until('a single worker', () => gateway.lock().children.length === 1);
  expect(gateway.lock().pid).toBe(last.pid);
});

test('five hundred control connections at once and twenty commands leave the gateway untouched', async () => {
  const gateway = await RealGateway.start();
  const { controlPath, pid } = gateway.lock();
  const sockets = Array.from({ length: 500 }, () => connect(controlPath).on('error', () => undefined));
  const commands = await Promise.all(Array.from({ length: 20 }, () => gateway.xopc('gateway', 'status', '--json')));
  for (const command of commands) expect((JSON.parse(command.stdout) as { pid: number }).pid).toBe(pid);
  for (const socket of sockets) socket.write('garbage\n');
  expect((await gateway.xopc('gateway', 'status')).code).toBe(0);
  for (const socket of sockets) socket.destroy();
  expect(gateway.workerPid()).toBe(gateway.lock().children[0]?.pid);
  expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
});
