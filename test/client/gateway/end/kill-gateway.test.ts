import { expect, test } from 'vitest';
import { killGateway } from '../../../../client/gateway/end/kill-gateway.js';
import { rouseGateway } from '../../../../client/gateway/end/rouse-gateway.js';
import { isAlive } from '../../../../shared/node/process/process-identity.js';
import { endOf, startProgram } from '../../../helpers/child-program.js';
import { eventually } from '../../../helpers/eventually.js';
import { leaderlessGroup } from '../../../helpers/leaderless-group.js';
import { lockRecord, testPaths, writeLock } from '../../../helpers/lock-file.js';

const READY = "console.log('ready'); setInterval(() => {}, 1e6)";

test('a stopped supervisor, its stopped worker and what the worker started are all ended', async () => {
  const paths = testPaths();
  const supervisor = await startProgram(READY);
  const worker = await startProgram(
    `const c = require('child_process').spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6); console.log(1)"], { stdio: ['ignore', 'pipe', 'ignore'] });
     c.stdout.once('data', () => console.log(c.pid)); setInterval(() => {}, 1e6)`,
    { detached: true },
  );
  const tool = Number(worker.line);
  const lock = writeLock(
    paths,
    lockRecord(paths, supervisor.pid, { children: [{ role: 'worker', pid: worker.pid, startTime: worker.startTime }] }),
  );
  supervisor.child.kill('SIGSTOP');
  worker.child.kill('SIGSTOP');
  await killGateway(lock, paths.lockPath);
  expect(await endOf(supervisor)).toMatch(/^SIG/);
  expect(await endOf(worker)).toBe('SIGKILL');
  await expect.poll(() => isAlive(tool)).toBe(false);
});

test('children that the lock names only at the end are ended too', async () => {
  const paths = testPaths();
  const supervisor = await startProgram(READY);
  const worker = await startProgram(READY, { detached: true });
  const lock = lockRecord(paths, supervisor.pid);
  writeLock(paths, { ...lock, children: [{ role: 'worker', pid: worker.pid, startTime: worker.startTime }] });
  await killGateway(lock, paths.lockPath);
  expect(await endOf(worker)).toBe('SIGKILL');
});

test('what an MCP server left in its group when its leader exited is ended too', async () => {
  const paths = testPaths();
  const supervisor = await startProgram(READY);
  const { leader, other } = await leaderlessGroup();
  await killGateway(writeLock(paths, lockRecord(paths, supervisor.pid, { children: [leader] })), paths.lockPath);
  await eventually(() => expect(isAlive(other)).toBe(false));
});

test.each([
  ['a record without a start time', { startTime: null }],
  ['a record of another machine', { machineId: 'other', bootId: 'other' }],
])('%s is left alone', async (_title, change) => {
  const paths = testPaths();
  const stranger = await startProgram(READY);
  const lock = writeLock(paths, lockRecord(paths, stranger.pid, change));
  await expect(killGateway(lock, paths.lockPath)).rejects.toMatchObject({
    code: 'CONTROL_UNREACHABLE',
    message: expect.stringContaining('not touched'),
  });
  expect(isAlive(stranger.pid)).toBe(true);
});

test('one that has died meanwhile counts as killed, and a process that has its pid by now is left alone', async () => {
  const paths = testPaths();
  const [stranger, worker] = [await startProgram(READY), await startProgram(READY, { detached: true })];
  const children = [{ role: 'worker' as const, pid: worker.pid, startTime: worker.startTime }];
  const lock = writeLock(paths, lockRecord(paths, stranger.pid, { startTime: '1', children }));
  await killGateway(lock, paths.lockPath, { termMs: 10 });
  expect(await rouseGateway(lock, { paths, signals: ['SIGTERM'], timeoutMs: 0, note: () => Promise.resolve() })).toBe('gone');
  expect(await endOf(worker)).toBe('SIGKILL');
  expect(stranger.child.exitCode ?? stranger.child.signalCode).toBeNull();
});

test('a child whose pid is another process by now is left alone', async () => {
  const paths = testPaths();
  const supervisor = await startProgram(READY);
  const stranger = await startProgram(READY);
  const lock = writeLock(
    paths,
    lockRecord(paths, supervisor.pid, {
      children: [
        { role: 'worker', pid: stranger.pid, startTime: '1' },
        { role: 'fallback', pid: stranger.pid, startTime: null },
      ],
    }),
  );
  await killGateway(lock, paths.lockPath);
  expect(isAlive(stranger.pid)).toBe(true);
});
