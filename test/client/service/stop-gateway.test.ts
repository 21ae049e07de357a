import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { requestStop } from '../../../client/gateway/end/request-stop.js';
import { requireGateway } from '../../../client/gateway/locate-gateway.js';
import { stopGateway } from '../../../client/service/stop-gateway.js';
import type { ControlRequest } from '../../../shared/control/messages.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { type ChildProgram, endOf, startProgram } from '../../helpers/child-program.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';

const startSupervisor = (): Promise<ChildProgram> => startProgram("console.log('ready'); setInterval(() => {}, 1e6)");

test('a gateway that hands over while it is asked has stopped when its successor has', async () => {
  const paths = testPaths();
  const [first, second] = [await startSupervisor(), await startSupervisor()];
  const succeed = (): Promise<unknown> =>
    fakeControl(paths.controlPath, (socket, request) => {
      if (request.type === 'status') return answers({ ...sampleStatus, pid: second.pid, instanceId: 'gw_2' })(socket, request);
      second.child.kill('SIGTERM');
      socket.destroy();
    });
  await fakeControl(paths.controlPath, (socket, request) => {
    if (request.type === 'status') return answers({ ...sampleStatus, pid: first.pid })(socket, request);
    rmSync(paths.controlPath);
    void succeed().then(() => {
      first.child.kill('SIGTERM');
      socket.destroy();
    });
  });
  await stopGateway(await requireGateway(paths), paths);
  expect(await endOf(second)).toBe('SIGTERM');
});

test('a signal ends the wait, also while the successor is looked for', async () => {
  const paths = testPaths();
  const first = await startSupervisor();
  const waiting = new AbortController();
  await fakeControl(paths.controlPath, (socket, request) => {
    if (request.type !== 'status') return void (first.child.kill('SIGKILL'), socket.destroy());
    if (first.child.killed) waiting.abort();
    answers({ ...sampleStatus, pid: first.pid })(socket, request);
  });
  const stopped = requestStop(await requireGateway(paths), { paths, signal: waiting.signal });
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
});

/** A gateway that no longer answers once it is to stop, until `isRoused`, given each later request. */
async function silentGateway(
  isRoused: (supervisor: ChildProgram, request: ControlRequest) => boolean,
): Promise<{ paths: GatewayPaths; supervisor: ChildProgram; types: () => string[] }> {
  const paths = testPaths();
  const supervisor = await startSupervisor();
  writeLock(paths, lockRecord(paths, supervisor.pid));
  let isStopping = false;
  const control = await fakeControl(paths.controlPath, (socket, request) => {
    if (request.type === 'stop' && !isStopping) isStopping = true;
    else if (!isStopping || isRoused(supervisor, request)) answers({ ...sampleStatus, pid: supervisor.pid })(socket, request);
    else socket.write('no answer\n');
  });
  return { paths, supervisor, types: () => control.requests.map(({ type }) => type) };
}

test('a gateway that answers again during its drain is asked again', async () => {
  let requests = 0;
  const { paths, supervisor, types } = await silentGateway(({ child }, { type }) => {
    if (type === 'stop') child.kill('SIGKILL');
    return (requests += 1) > 1;
  });
  await stopGateway(await requireGateway(paths), paths);
  expect(types().filter((type) => type === 'stop')).toHaveLength(2);
  expect(await endOf(supervisor)).toBe('SIGKILL');
});

test('a gateway that stops responding during its drain and ends has stopped', async () => {
  let requests = 0;
  const { paths, supervisor } = await silentGateway(({ child }) => {
    if ((requests += 1) > 1) child.kill('SIGKILL');
    return false;
  });
  await stopGateway(await requireGateway(paths), paths);
  expect(await endOf(supervisor)).toBe('SIGKILL');
});

test('a gateway that stops responding during its drain is an error a second after the drain time, and is not killed', async () => {
  const { paths, supervisor } = await silentGateway(() => false);
  await expect(stopGateway(await requireGateway(paths), paths, 0)).rejects.toMatchObject({
    code: 'CONTROL_UNREACHABLE',
    message: `the gateway is not responding, pid ${supervisor.pid}`,
  });
  expect(supervisor.child.exitCode ?? supervisor.child.signalCode).toBeNull();
});
