import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { awaitService, awaitServiceManager, startService } from '../../../client/service/await-service.js';
import { recordPath } from '../../../client/service/files/install-record.js';
import type { ServiceManager, ServiceState } from '../../../client/service/manager/service-manager.js';
import type { RunTool } from '../../../client/service/manager/run-tool.js';
import { TaskSchedulerManager } from '../../../client/service/task-scheduler/task-scheduler-manager.js';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { testPaths } from '../../helpers/lock-file.js';
import { makeServicePlan, makeServiceTarget } from '../../helpers/service-plan.js';
import { tempDir } from '../../helpers/temp-dir.js';

const ACTIVE: ServiceState = {
  isRegistered: true,
  isEnabled: true,
  activity: 'active',
  pid: 42,
  restarts: 0,
  lastExitCode: null,
  description: 'active (running)',
};

/** A manager that reports these states, the last one from then on. */
function managerIn(states: Partial<ServiceState>[], words: string[] = []): ServiceManager {
  let asked = 0;
  return {
    marker: 'systemd',
    state: () => Promise.resolve({ ...ACTIVE, ...states[Math.min(asked++, states.length - 1)] }),
    lastWords: () => Promise.resolve(words),
  } as Partial<ServiceManager> as ServiceManager;
}

test.each([
  {
    what: 'has failed',
    states: [{ activity: 'failed', lastExitCode: 78 } as const],
    words: ['Started.', 'xopc: the port is taken'],
    code: 'CONFIG_INVALID',
    message: 'the service exited after it was started: the port is taken',
  },
  {
    what: 'was stopped',
    states: [{ activity: 'inactive', description: 'inactive (dead)' } as const],
    words: [],
    code: 'UNAVAILABLE',
    message: 'the service exited after it was started: inactive (dead)',
  },
  {
    what: 'is started again and again',
    states: [{ restarts: 4 }, { restarts: 5 }, { restarts: 7, activity: 'restarting', lastExitCode: 1 } as const],
    words: ['Started.', 'SyntaxError: Unexpected token', '    at line 1', 'Main process exited, status=1/FAILURE'],
    code: 'UNAVAILABLE',
    message:
      'the service exits each time it is started; its last output:\n    Started.\n' +
      '    SyntaxError: Unexpected token\n        at line 1\n    Main process exited, status=1/FAILURE',
  },
  {
    what: 'runs something else',
    states: [{}],
    words: [],
    code: 'UNAVAILABLE',
    message: 'process 42 of the service is not the gateway of this configuration: active (running)',
  },
])('a service that $what ends the wait at once, with the reason', async ({ what, states, words, code, message }) => {
  await expect(
    awaitService(testPaths(), managerIn(states, words), what === 'runs something else' ? { lockLimitMs: 0 } : {}),
  ).rejects.toMatchObject({
    code,
    message,
    details: { lastWords: words },
  });
});

test('a gateway of the service that does not name the service manager ends the wait', async () => {
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, pid: 42, supervisedBy: null }));
  await expect(awaitService(paths, managerIn([{}]))).rejects.toMatchObject({
    message: expect.stringContaining("XOPC_SERVICE_MARKER is '' in it, not 'systemd'") as string,
  });
});

test('the Task Scheduler, which does not say whether its task runs, leaves the answer to the gateway', async () => {
  const paths = testPaths();
  // The first look finds no gateway.
  const run: RunTool = async () => {
    await fakeControl(paths.controlPath, answers({ ...sampleStatus, supervisedBy: 'schtasks' }));
    return { code: 0, stdout: '', stderr: '' };
  };
  const manager = new TaskSchedulerManager(makeServiceTarget(), { run, userId: 'ada' });
  expect(await awaitService(paths, manager)).toMatchObject({ pid: sampleStatus.pid });
});

test('a service that serves ends the wait with its status', async () => {
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, supervisedBy: 'systemd' }));
  expect(await awaitService(paths, managerIn([{}]))).toMatchObject({ pid: sampleStatus.pid });
});

test('where no service is installed and nobody starts the gateway again, it is said what to do', async () => {
  await expect(awaitServiceManager(testPaths(), 'gw_1', 10)).rejects.toMatchObject({
    code: 'NOT_RUNNING',
    message: expect.stringContaining('it exited because XOPC_SERVICE_MARKER is set') as string,
    hint: expect.stringContaining('xopc gateway start') as string,
  });
});

test.each([
  { what: 'known to its manager', state: {}, needsUnit: false, started: 'start' },
  { what: 'lost', state: { isRegistered: false }, needsUnit: true, started: 'activate' },
])('a service that is $what is not started while a file is missing: the command that installs it again is named', async (world) => {
  const paths = testPaths();
  const directory = join(paths.dataDir, 'service');
  const unit = join(tempDir(), 'xopc-gateway.service');
  const launcherPath = join(directory, 'launch');
  const plan = makeServicePlan({ home: paths.home, port: 81, launcherPath });
  mkdirSync(directory, { recursive: true });
  writeFileSync(recordPath(directory), JSON.stringify({ v: 1, plan, enabledLinger: false, version: '', installedAt: '' }));
  const started: string[] = [];
  const note = (step: string) => () => Promise.resolve(void started.push(step));
  const manager = {
    ...managerIn([world.state]),
    assertAvailable: () => Promise.resolve(),
    files: () => [{ path: unit, text: '', mode: 0o644, encoding: 'utf8' as const }],
    start: note('start'),
    activate: note('activate'),
  };
  const hint = 'Install the service again: xopc gateway install --port 81';
  for (const path of [...(world.needsUnit ? [unit] : []), launcherPath]) {
    const message = `${path} is missing; the service cannot be started`;
    await expect(startService(paths, undefined, manager)).rejects.toMatchObject({ code: 'NOT_FOUND', message, hint });
    writeFileSync(path, '');
  }
  expect(started).toEqual([]);
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, supervisedBy: 'systemd' }));
  await startService(paths, undefined, manager);
  expect(started).toEqual([world.started]);
});
