import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { reclaimLock } from '../../../../client/gateway/end/reclaim-lock.js';
import { isLockRecord, readLock } from '../../../../shared/node/files/lock-record.js';
import { isAlive } from '../../../../shared/node/process/process-identity.js';
import { answers, fakeControl, sampleStatus } from '../../../fakes/control-socket.js';
import { endOf, startProgram } from '../../../helpers/child-program.js';
import { eventually } from '../../../helpers/eventually.js';
import { leaderlessGroup } from '../../../helpers/leaderless-group.js';
import { lockRecord, testPaths, writeLock } from '../../../helpers/lock-file.js';

const READY = "console.log('ready'); setInterval(() => {}, 1e6)";

/** Leaves a socket file that nobody listens on. */
async function leaveSocket(path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const program = await startProgram(`require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('ready'))`);
  program.child.kill('SIGKILL');
  await endOf(program);
}

test('the locks, the socket, a stopped worker and the rest of an MCP server of a dead gateway are removed', async () => {
  const paths = testPaths();
  const [supervisor, worker] = [await startProgram(READY), await startProgram(READY, { detached: true })];
  worker.child.kill('SIGSTOP');
  const { leader, other } = await leaderlessGroup();
  const children = [{ role: 'worker' as const, pid: worker.pid, startTime: worker.startTime }, leader];
  const lock = writeLock(paths, lockRecord(paths, supervisor.pid, { children }));
  mkdirSync(paths.stateDir);
  writeFileSync(paths.dataLockPath, JSON.stringify(lock));
  supervisor.child.kill('SIGKILL');
  await endOf(supervisor);
  await leaveSocket(paths.controlPath);
  await reclaimLock(paths, lock);
  expect(await endOf(worker)).toBe('SIGKILL');
  await eventually(() => expect(isAlive(other)).toBe(false));
  expect([paths.lockPath, paths.dataLockPath, paths.controlPath].filter((path) => existsSync(path))).toEqual([]);
});

test('the lock of whoever has started meanwhile stays, and so does its socket', async () => {
  const paths = testPaths();
  const [dead, next] = [await startProgram(READY), await startProgram(READY)];
  const left = lockRecord(paths, dead.pid);
  dead.child.kill('SIGKILL');
  await endOf(dead);
  writeLock(paths, lockRecord(paths, next.pid, { instanceId: 'gw_2' }));
  const server = createServer();
  mkdirSync(dirname(paths.controlPath), { recursive: true });
  await new Promise<void>((resolve) => server.listen(paths.controlPath, resolve));
  await reclaimLock(paths, left);
  const lock = readLock(paths.lockPath);
  expect(isLockRecord(lock) && lock.instanceId).toBe('gw_2');
  expect(existsSync(paths.controlPath)).toBe(true);
  server.close();
});

async function afterSuccessor(
  startedAt: string,
): Promise<{ reclaim: () => ReturnType<typeof reclaimLock>; stopListening: () => Promise<unknown> }> {
  const paths = testPaths();
  const dead = await startProgram(READY);
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const left = lockRecord(paths, dead.pid, { port: (server.address() as AddressInfo).port });
  dead.child.kill('SIGKILL');
  await endOf(dead);
  writeLock(paths, lockRecord(paths, process.pid, { instanceId: 'gw_0' }));
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, startedAt, instanceId: 'gw_0' }));
  return { reclaim: () => reclaimLock(paths, left), stopListening: () => (server.close(), once(server, 'close')) };
}

test('a predecessor that has taken the place of a dead gateway is found as long as something listens on its port', async () => {
  const { reclaim, stopListening } = await afterSuccessor('2019-12-31T23:59:59.999Z');
  expect(await reclaim()).toMatchObject({ kind: 'answers', status: { instanceId: 'gw_0' } });
  await stopListening();
  expect(await reclaim()).toBeUndefined();
});

test('a gateway that somebody has started in the place of a dead one is not taken for its predecessor', async () => {
  const { reclaim } = await afterSuccessor('2020-01-01T00:00:00.001Z');
  expect(await reclaim()).toBeUndefined();
});

test.each([{ machineId: 'other', bootId: 'other' }, {}])('the lock of a gateway that may live (%j) stays', async (change) => {
  const paths = testPaths();
  const living = await startProgram(READY);
  const lock = writeLock(paths, lockRecord(paths, living.pid, change));
  await reclaimLock(paths, lock);
  expect(existsSync(paths.lockPath)).toBe(true);
});

test('where no lock is left, nothing is made', async () => {
  const paths = testPaths();
  const lock = lockRecord(paths, process.pid);
  await reclaimLock(paths, lock);
  expect(existsSync(paths.lockPath)).toBe(false);
});
