/** `gateway --force` over a running gateway: the command stays with whatever runs from then on. Through the real binary. */
import { expect, onTestFinished, test } from 'vitest';
import { isAlive, RealGateway, type Running, until } from '../helpers/real-gateway.js';

interface Attached {
  readonly gateway: RealGateway;
  readonly command: Running;
}

/** A gateway in the foreground that a second command has taken over. */
async function takeOver(): Promise<Attached> {
  const gateway = await RealGateway.start();
  const command = gateway.spawn(['--force']);
  onTestFinished(() => void command.child.kill('SIGKILL'));
  await until('the takeover', () => command.output().stderr.includes('Ctrl-C stops it.'));
  expect((await gateway.process.done).code).toBe(0);
  expect(gateway.lock().pid).not.toBe(gateway.process.pid);
  return { gateway, command };
}

test('stays through later restarts, and ends with 0 when the gateway is stopped', async () => {
  const { gateway, command } = await takeOver();
  const first = gateway.lock().pid;
  expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
  expect((await gateway.xopc('gateway', 'restart', '--force')).code).toBe(0);
  await until('the predecessor to be gone', () => !isAlive(first));
  expect(isAlive(command.pid)).toBe(true);
  expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
  expect(await command.done).toMatchObject({ code: 0, stdout: '' });
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s stops the gateway that runs by then', async (signal) => {
  const { gateway, command } = await takeOver();
  expect((await gateway.xopc('gateway', 'restart', '--force')).code).toBe(0);
  const { pid } = gateway.lock();
  // One that reached the command before it has seen the new supervisor would stop nothing.
  await until('the end of the command', () => {
    if (command.child.exitCode === null) process.kill(command.pid, signal);
    return !isAlive(pid);
  });
  expect((await command.done).code).toBe(0);
  expect(() => gateway.lock()).toThrow(/no lock/);
});

test('ends with 1 when the gateway is killed', async () => {
  const { gateway, command } = await takeOver();
  const { pid } = gateway.lock();
  process.kill(pid, 'SIGKILL');
  expect(await command.done).toMatchObject({ code: 1, stderr: expect.stringContaining(`the gateway (pid ${pid}) has died`) as string });
});
