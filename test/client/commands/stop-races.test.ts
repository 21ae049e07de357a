import { rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AnsweringGateway } from '../../../client/gateway/locate-gateway.js';
import type { LockRecord } from '../../../shared/node/files/lock-record.js';
import { answers, fakeControl, frame, sampleStatus } from '../../fakes/control-socket.js';
import { type ChildProgram, endOf, startProgram } from '../../helpers/child-program.js';
import * as tools from '../../../client/tools.js';
import { runCommand, startCommand } from '../../helpers/command-line.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';

const startSupervisor = (): Promise<ChildProgram> => startProgram("console.log('ready'); setInterval(() => {}, 1e6)");

test('a gateway that exits between the check and the stop request counts as stopped', async () => {
  const paths = testPaths();
  const supervisor = await startSupervisor();
  await fakeControl(paths.controlPath, (socket, request) => {
    supervisor.child.kill('SIGKILL');
    rmSync(paths.controlPath);
    socket.end(frame(request, { type: 'result', result: { ...sampleStatus, pid: supervisor.pid } }));
  });
  expect(await runCommand(['gateway', 'stop'], { home: paths.home })).toEqual({
    code: 0,
    stdout: `Gateway stopped (pid ${supervisor.pid}).\n`,
    stderr: '',
  });
});

test('stopping a gateway that hands over stops its successor', async () => {
  const paths = testPaths();
  const [first, second] = [await startSupervisor(), await startSupervisor()];
  const succeed = (): Promise<unknown> =>
    fakeControl(paths.controlPath, (socket, request) => {
      const status = { ...sampleStatus, pid: second.pid, instanceId: 'gw_2' };
      if (request.type === 'status') return void socket.write(frame(request, { type: 'result', result: status }));
      second.child.kill('SIGKILL');
      socket.write(
        frame(request, {
          type: 'result',
          result: { stopped: true, pid: second.pid, cut: { requests: 0, streams: 0, sockets: 0 }, durationMs: 40 },
        }),
      );
    });
  await fakeControl(paths.controlPath, (socket, request) => {
    if (request.type === 'status')
      return void socket.write(frame(request, { type: 'result', result: { ...sampleStatus, pid: first.pid } }));
    rmSync(paths.controlPath);
    void succeed().then(() => {
      first.child.kill('SIGKILL');
      socket.destroy();
    });
  });
  expect(await runCommand(['gateway', 'stop'], { home: paths.home })).toMatchObject({
    code: 0,
    stdout: `Gateway stopped (pid ${second.pid}) in 0.0 s.\n`,
  });
});

test('Ctrl-C shortens the drain of a successor too', async () => {
  const paths = testPaths();
  const [first, second] = [await startSupervisor(), await startSupervisor()];
  const succeed = (): ReturnType<typeof fakeControl> =>
    fakeControl(paths.controlPath, (socket, request) => {
      const status = { ...sampleStatus, pid: second.pid, instanceId: 'gw_2' };
      if (request.type === 'status') return answers(status)(socket, request);
      second.child.kill('SIGKILL');
      rmSync(paths.controlPath);
      socket.destroy();
    });
  let successor: ReturnType<typeof fakeControl> | undefined;
  let asked: (socket: Socket) => void = (socket) => {
    command.interrupt();
    asked = () => {
      rmSync(paths.controlPath);
      successor = succeed();
      void successor.then(() => {
        first.child.kill('SIGKILL');
        socket.destroy();
      });
    };
  };
  await fakeControl(paths.controlPath, (socket, request) => {
    if (request.type === 'status') return answers({ ...sampleStatus, pid: first.pid })(socket, request);
    asked(socket);
  });
  const command = startCommand(['gateway', 'stop', '--timeout', '600000'], { home: paths.home });
  expect(await command.exitCode).toBe(0);
  expect((await successor)?.requests.filter(({ type }) => type === 'stop')).toMatchObject([{ timeoutMs: 0 }]);
});

test('a predecessor that takes over again from a successor that was killed is ended by force too', async () => {
  const paths = testPaths();
  const [predecessor, successor] = [await startSupervisor(), await startSupervisor()];
  writeLock(paths, lockRecord(paths, successor.pid));
  successor.child.kill('SIGSTOP');
  const controlPath = join(paths.home, 'predecessor.sock');
  const control = await fakeControl(controlPath, () => undefined);
  const heir = { kind: 'answers' as const, controlPath, status: { ...sampleStatus, pid: predecessor.pid, instanceId: 'gw_0' } };
  const reclaimLock = (_: unknown, { instanceId }: LockRecord): Promise<AnsweringGateway | undefined> => {
    if (instanceId === 'gw_0') return Promise.resolve(undefined);
    writeLock(paths, lockRecord(paths, predecessor.pid, { instanceId: 'gw_0', controlPath }));
    return Promise.resolve(heir);
  };
  const loadTools = () => ({ ...tools, reclaimLock });
  expect(await runCommand(['gateway', 'stop', '--force'], { home: paths.home, runtime: { loadTools } })).toEqual({
    code: 0,
    stdout: `Gateway killed (pid ${predecessor.pid}).\n`,
    stderr: '',
  });
  expect(control.requests).toMatchObject([{ type: 'stop', force: true }]);
  expect([await endOf(successor), await endOf(predecessor)]).toEqual(['SIGKILL', 'SIGKILL']);
});

test('a second Ctrl-C stops waiting for a gateway that stops responding during its drain', async () => {
  const paths = testPaths();
  const supervisor = await startSupervisor();
  writeLock(paths, lockRecord(paths, supervisor.pid));
  let isStopping = false;
  await fakeControl(paths.controlPath, (socket, request) => {
    if (request.type === 'stop') isStopping = true;
    else if (isStopping) socket.write('no answer\n');
    else socket.write(frame(request, { type: 'result', result: { ...sampleStatus, pid: supervisor.pid } }));
  });
  const command = startCommand(['gateway', 'stop', '--timeout', '600000'], { home: paths.home });
  await command.err.until((text) => text.includes('is not responding'));
  command.interrupt();
  command.interrupt();
  expect(await command.exitCode).toBe(130);
  expect(supervisor.child.exitCode ?? supervisor.child.signalCode).toBeNull();
});

test('a gateway that stops responding during its drain is killed a second after the drain time, counted anew', async () => {
  const paths = testPaths();
  const supervisor = await startProgram("process.on('SIGTERM', () => process.exit(7)); console.log('ready'); setInterval(() => {}, 1e6)");
  writeLock(paths, lockRecord(paths, supervisor.pid));
  let isFrozen = false;
  await fakeControl(paths.controlPath, (socket, request) => {
    if (isFrozen) return;
    if (request.type === 'status')
      return void socket.write(frame(request, { type: 'result', result: { ...sampleStatus, pid: supervisor.pid } }));
    isFrozen = true;
    socket.write(frame(request, { type: 'progress', message: 'requests have at most 5000 ms to finish' }));
  });
  const { code, stdout, stderr } = await runCommand(['gateway', 'stop', '--timeout', '100'], { home: paths.home });
  expect({ code, stdout }).toEqual({ code: 0, stdout: `Gateway killed (pid ${supervisor.pid}).\n` });
  expect(stderr).toContain(
    `The gateway (pid ${supervisor.pid}) is not responding; it is killed if it neither ends nor answers within 1100 ms.`,
  );
  // Not by a second request to stop, which would have shortened its drain.
  expect(await endOf(supervisor)).toBe('SIGKILL');
});

test('a hung gateway that dies before its service manager is asked about it is looked for again, and not started', async () => {
  const paths = testPaths();
  const supervisor = await startSupervisor();
  writeLock(paths, lockRecord(paths, supervisor.pid));
  await fakeControl(paths.controlPath, (socket) => void socket.write('no answer\n'));
  const isServiceProcess = async (): Promise<boolean> => {
    supervisor.child.kill('SIGKILL');
    await endOf(supervisor);
    rmSync(paths.controlPath);
    return false;
  };
  const startAgain = (): Promise<never> => Promise.reject(new Error('started'));
  const loadTools = () => ({ ...tools, isServiceProcess, startAgain });
  const { stderr } = await runCommand(['gateway', 'restart'], { home: paths.home, runtime: { loadTools } });
  expect(stderr).toContain(`the gateway is not running; process ${supervisor.pid} died`);
});
