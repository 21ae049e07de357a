import { expect, test, vi } from 'vitest';
import { rouseGateway } from '../../../../client/gateway/end/rouse-gateway.js';
import type { GatewayPaths } from '../../../../shared/node/process/paths.js';
import { answers, fakeControl } from '../../../fakes/control-socket.js';
import { endOf, startProgram } from '../../../helpers/child-program.js';
import { lockRecord, testPaths, writeLock } from '../../../helpers/lock-file.js';

const READY = "console.log('ready'); setInterval(() => {}, 1e6)";

const options = (paths: GatewayPaths) => ({ paths, signals: ['SIGCONT'] as const, timeoutMs: 10_000, note: () => Promise.resolve() });

test('a process that obeys is given its time, and a stopped one is woken first', async () => {
  const paths = testPaths();
  const supervisor = await startProgram(`process.on('SIGTERM', () => setTimeout(() => process.exit(7), 50)); ${READY}`);
  const lock = writeLock(paths, lockRecord(paths, supervisor.pid));
  supervisor.child.kill('SIGSTOP');
  expect(await rouseGateway(lock, { ...options(paths), signals: ['SIGCONT', 'SIGTERM'] })).toBe('gone');
  expect(await endOf(supervisor)).toBe(7);
});

test('on Windows, where SIGTERM would end it at once, it gets no signal', async () => {
  const paths = testPaths();
  const supervisor = await startProgram(READY);
  const lock = writeLock(paths, lockRecord(paths, supervisor.pid));
  vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
  expect(await rouseGateway(lock, { ...options(paths), signals: ['SIGCONT', 'SIGTERM'], timeoutMs: 0 })).toBe('silent');
  expect(supervisor.child.exitCode ?? supervisor.child.signalCode).toBeNull();
});

test('one that neither ends nor answers stays silent, and one that answers again is heard at once', async () => {
  const paths = testPaths();
  const supervisor = await startProgram(READY);
  const lock = writeLock(paths, lockRecord(paths, supervisor.pid));
  let isBusy = true;
  const control = await fakeControl(paths.controlPath, (socket, request) => {
    if (!isBusy) answers({ pid: supervisor.pid })(socket, request);
  });
  expect(await rouseGateway(lock, { ...options(paths), timeoutMs: 0 })).toBe('silent');
  isBusy = false;
  expect(await rouseGateway(lock, options(paths))).toBe('answers');
  expect(control.requests).toHaveLength(2);
});
