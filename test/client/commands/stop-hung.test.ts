import { chmodSync, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { fakeControl, frame } from '../../fakes/control-socket.js';
import { endOf, startProgram } from '../../helpers/child-program.js';
import { runCommand } from '../../helpers/command-line.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';
import { machineSlackMs } from '../../helpers/machine-slack.js';

const READY = "console.log('ready'); setInterval(() => {}, 1e6)";
const STOPPED = { stopped: true, pid: 0, cut: { requests: 0, streams: 0, sockets: 0 }, durationMs: 1_240 };

test('a suspended supervisor that obeys SIGTERM ends in order, and its lock is removed', async () => {
  const paths = testPaths();
  const supervisor = await startProgram(`process.on('SIGTERM', () => process.exit(7)); ${READY}`);
  writeLock(paths, lockRecord(paths, supervisor.pid));
  await fakeControl(paths.controlPath, () => undefined);
  supervisor.child.kill('SIGSTOP');
  expect(await runCommand(['gateway', 'stop'], { home: paths.home })).toEqual({
    code: 0,
    stdout: `Gateway stopped (pid ${supervisor.pid}).\n`,
    stderr: `The gateway (pid ${supervisor.pid}) is not responding; it is killed if it neither ends nor answers within 6000 ms.\n`,
  });
  expect(await endOf(supervisor)).toBe(7);
  expect(existsSync(paths.lockPath)).toBe(false);
});

test.each([[['status']], [['stop']], [['restart']], [['restart', '--force']], [['--background', '--force']]])(
  'gateway %j leaves alone one whose control socket others could replace, and says how to repair it',
  async (args) => {
    const paths = testPaths();
    const supervisor = await startProgram(READY);
    writeLock(paths, lockRecord(paths, supervisor.pid));
    const directory = dirname(paths.controlPath);
    await fakeControl(paths.controlPath, () => undefined);
    chmodSync(directory, 0o777);
    expect(await runCommand(['gateway', ...args], { home: paths.home })).toMatchObject({
      code: 4,
      stdout: '',
      stderr: `xopc: the control socket ${paths.controlPath} cannot be trusted: others may write to its directory\n  Close it with: chmod 700 ${directory}\n`,
    });
    expect(supervisor.child.exitCode ?? supervisor.child.signalCode).toBeNull();
  },
);

test('one that neither answers nor ends is killed a second after the drain time', async () => {
  const paths = testPaths();
  const supervisor = await startProgram(`process.on('SIGTERM', () => {}); ${READY}`);
  writeLock(paths, lockRecord(paths, supervisor.pid));
  await fakeControl(paths.controlPath, () => undefined);
  expect(await runCommand(['gateway', 'stop', '--timeout', '100'], { home: paths.home })).toMatchObject({
    code: 0,
    stdout: `Gateway killed (pid ${supervisor.pid}).\n`,
    stderr: expect.stringContaining('within 1100 ms'),
  });
  expect(await endOf(supervisor)).toBe('SIGKILL');
  expect(existsSync(paths.lockPath)).toBe(false);
});

test('--force kills one that does not answer within a second', async () => {
  const paths = testPaths();
  const supervisor = await startProgram(`process.on('SIGTERM', () => {}); ${READY}`);
  writeLock(paths, lockRecord(paths, supervisor.pid));
  await fakeControl(paths.controlPath, () => undefined);
  const startedAt = performance.now();
  expect(await runCommand(['gateway', 'stop', '--force'], { home: paths.home })).toMatchObject({
    code: 0,
    stdout: `Gateway killed (pid ${supervisor.pid}).\n`,
  });
  expect(performance.now() - startedAt).toBeLessThan(1_000 + machineSlackMs());
  expect(await endOf(supervisor)).toBe('SIGKILL');
  expect(existsSync(paths.lockPath)).toBe(false);
});

test('--force lets one that works leave by itself', async () => {
  const paths = testPaths();
  const supervisor = await startProgram(READY);
  writeLock(paths, lockRecord(paths, supervisor.pid));
  const control = await fakeControl(paths.controlPath, (socket, request) => {
    socket.write(frame(request, { type: 'result', result: STOPPED }));
    supervisor.child.kill('SIGTERM');
  });
  expect(await runCommand(['gateway', 'stop', '--force'], { home: paths.home })).toMatchObject({
    code: 0,
    stdout: `Gateway stopped (pid ${supervisor.pid}) in 1.2 s.\n`,
  });
  expect(control.requests).toMatchObject([{ type: 'stop', force: true }]);
});

test('what a gateway that has died left is removed', async () => {
  const paths = testPaths();
  const supervisor = await startProgram(READY);
  writeLock(paths, lockRecord(paths, supervisor.pid));
  supervisor.child.kill('SIGKILL');
  await endOf(supervisor);
  expect(await runCommand(['gateway', 'stop'], { home: paths.home })).toMatchObject({
    code: 0,
    stderr: `The gateway is not running; process ${supervisor.pid} died.\n`,
  });
  expect(existsSync(paths.lockPath)).toBe(false);
});

test('--force leaves alone what it cannot prove', async () => {
  const paths = testPaths();
  const stranger = await startProgram(READY);
  writeLock(paths, lockRecord(paths, stranger.pid, { startTime: null }));
  await fakeControl(paths.controlPath, () => undefined);
  expect(await runCommand(['gateway', 'stop', '--force'], { home: paths.home })).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('not touched'),
  });
  expect(stranger.child.exitCode).toBeNull();
});
