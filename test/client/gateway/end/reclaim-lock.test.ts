import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { reclaimLock } from '../../../../client/gateway/end/reclaim-lock.js';
import { readLock } from '../../../../shared/node/files/lock-record.js';
import { isAlive } from '../../../../shared/node/process/process-identity.js';
import { answers, fakeControl, sampleStatus } from '../../../fakes/control-socket.js';
import { type ChildProgram, endOf, startProgram } from '../../../helpers/child-program.js';
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
  expect(readLock(paths.lockPath)?.instanceId).toBe('gw_2');
  expect(existsSync(paths.controlPath)).toBe(true);
  server.close();
});

/** A successor that has died; `answering` answers on the control socket. */
async function afterSuccessor(predecessor: ChildProgram, answering: ChildProgram): Promise<ReturnType<typeof reclaimLock>> {
  const paths = testPaths();
  const dead = await startProgram(READY);
  const left = lockRecord(paths, dead.pid, { predecessor });
  dead.child.kill('SIGKILL');
  await endOf(dead);
  writeLock(paths, lockRecord(paths, answering.pid, { instanceId: 'gw_0' }));
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, pid: answering.pid, instanceId: 'gw_0' }));
  return reclaimLock(paths, left);
}

test('a predecessor that has taken the place of a dead gateway is found', async () => {
  const predecessor = await startProgram(READY);
  expect(await afterSuccessor(predecessor, predecessor)).toMatchObject({ kind: 'answers', status: { pid: predecessor.pid } });
});

test('a gateway that somebody has started in the place of a dead one is not taken for its predecessor', async () => {
  expect(await afterSuccessor(await startProgram(READY), await startProgram(READY))).toBeUndefined();
});

test('a predecessor that stays silent is an error', async () => {
  const paths = testPaths();
  const [predecessor, dead] = [await startProgram(READY), await startProgram(READY)];
  const left = writeLock(paths, lockRecord(paths, dead.pid, { predecessor }));
  dead.child.kill('SIGKILL');
  await endOf(dead);
  await expect(reclaimLock(paths, left, 0)).rejects.toMatchObject({ code: 'CONTROL_UNREACHABLE', details: { pid: predecessor.pid } });
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
