import { expect, test } from 'vitest';
import { endProcesses, TERM_GRACE_MS, waitUntilGone } from '../../../../client/gateway/end/end-process.js';
import { isAlive } from '../../../../shared/node/process/process-identity.js';
import { endOf, startProgram } from '../../../helpers/child-program.js';

const READY = "console.log('ready'); setInterval(() => {}, 1e6)";
const DEAF = `process.on('SIGTERM', () => {}); ${READY}`;

test('a process that exits on SIGTERM is not killed', async () => {
  const program = await startProgram(`process.on('SIGTERM', () => process.exit(7)); ${READY}`);
  expect(await endProcesses([program])).toEqual([]);
  expect(await endOf(program)).toBe(7);
});

test('one that ignores SIGTERM is killed after the grace period', async () => {
  const program = await startProgram(DEAF);
  const startedAt = performance.now();
  expect(await endProcesses([program])).toEqual([]);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(TERM_GRACE_MS - 20);
  expect(await endOf(program)).toBe('SIGKILL');
});

test('a suspended one is killed too', async () => {
  const program = await startProgram(READY);
  program.child.kill('SIGSTOP');
  expect(await endProcesses([program])).toEqual([]);
  expect(await endOf(program)).toMatch(/^SIG(TERM|KILL)$/);
});

test('a pid that means another process by now is never signalled', async () => {
  const program = await startProgram(`process.on('SIGTERM', () => process.exit(7)); ${READY}`);
  expect(await endProcesses([{ pid: program.pid, startTime: '1' }])).toEqual([]);
  expect(isAlive(program.pid)).toBe(true);
});

test('exited processes are ignored', async () => {
  const program = await startProgram("console.log('done')");
  await endOf(program);
  expect(await waitUntilGone([program], 0)).toBe(true);
  expect(await endProcesses([program])).toEqual([]);
});
