/** `gateway stop` where a service is installed for the configuration. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { recordPath } from '../../../client/service/files/install-record.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { fakeControl, frame, sampleStatus } from '../../fakes/control-socket.js';
import { startProgram } from '../../helpers/child-program.js';
import { runCommand } from '../../helpers/command-line.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';
import { makeServicePlan } from '../../helpers/service-plan.js';

const READY = "console.log('ready'); setInterval(() => {}, 1e6)";
const STOPPED = { stopped: true, pid: 0, cut: { requests: 0, streams: 0, sockets: 0 }, durationMs: 1_240 };

function installed(): GatewayPaths {
  const paths = testPaths();
  const directory = join(paths.dataDir, 'service');
  mkdirSync(directory, { recursive: true });
  const plan = makeServicePlan({ home: paths.home, configPath: paths.configPath, launcherPath: join(directory, 'launch') });
  writeFileSync(recordPath(directory), JSON.stringify({ v: 1, plan, enabledLinger: false, version: '1.0.0', installedAt: '' }));
  return paths;
}

/** What the service manager and the fake gateway of a test were asked, in this order. */
const steps: string[] = vi.hoisted(() => []);

vi.mock('../../../client/service/manager/choose-manager.js', () => {
  const note = (step: string) => () => Promise.resolve(void steps.push(step));
  return { chooseManager: () => ({ title: 'systemd', suspend: note('suspend'), confirmStopped: note('confirmStopped') }) };
});

afterEach(() => void steps.splice(0));

async function stop(paths: GatewayPaths, args: readonly string[]): Promise<{ code: number; steps: string[] }> {
  const { code } = await runCommand(['gateway', 'stop', ...args], { home: paths.home });
  return { code, steps };
}

test('an invalid option changes nothing', async () => {
  expect(await stop(installed(), ['--timeout', 'abc'])).toEqual({ code: 2, steps: [] });
});

test('a gateway that cannot be asked keeps its socket activation', async () => {
  const paths = installed();
  const supervisor = await startProgram(READY);
  writeLock(paths, lockRecord(paths, supervisor.pid));
  await fakeControl(paths.controlPath, () => undefined);
  chmodSync(dirname(paths.controlPath), 0o777);
  expect(await stop(paths, [])).toEqual({ code: 4, steps: [] });
});

test('so does one that does not answer and cannot be verified', async () => {
  const paths = installed();
  const stranger = await startProgram(READY);
  writeLock(paths, lockRecord(paths, stranger.pid, { startTime: null }));
  await fakeControl(paths.controlPath, (socket) => void socket.write('no answer\n'));
  expect(await stop(paths, [])).toEqual({ code: 4, steps: [] });
});

test.each([[[]], [['--force']]])('socket activation ends before the gateway is asked to stop: %j', async (args) => {
  const paths = installed();
  const supervisor = await startProgram(READY);
  writeLock(paths, lockRecord(paths, supervisor.pid));
  await fakeControl(paths.controlPath, (socket, request) => {
    if (request.type === 'status')
      return void socket.write(frame(request, { type: 'result', result: { ...sampleStatus, pid: supervisor.pid } }));
    steps.push(request.type);
    supervisor.child.kill('SIGKILL');
    socket.write(frame(request, { type: 'result', result: STOPPED }));
  });
  expect(await stop(paths, args)).toEqual({ code: 0, steps: ['suspend', 'stop', 'confirmStopped'] });
});

test('it also ends where no gateway runs, since a connection would start one', async () => {
  expect(await stop(installed(), [])).toEqual({ code: 0, steps: ['suspend', 'confirmStopped'] });
});
