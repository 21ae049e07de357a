import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fakeControl, frame, sampleStatus, type Behaviour } from '../../fakes/control-socket.js';
import { startProgram } from '../../helpers/child-program.js';
import { runCommand, startCommand } from '../../helpers/command-line.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';

const READY = "console.log('ready'); setInterval(() => {}, 1e6)";
const STOPPED = { stopped: true, pid: 0, cut: { requests: 0, streams: 0, sockets: 0 }, durationMs: 1_240 };

/** Answers `status`, and everything else as `behave` says. */
function gateway(behave: Behaviour, status: object = {}): Behaviour {
  return (socket, request) => {
    if (request.type === 'status') socket.write(frame(request, { type: 'result', result: { ...sampleStatus, ...status } }));
    else behave(socket, request);
  };
}

describe('xopc gateway stop', () => {
  test('shows progress, returns when the process is gone, and reports what was interrupted', async () => {
    const paths = testPaths();
    const supervisor = await startProgram(READY);
    const control = await fakeControl(
      paths.controlPath,
      gateway(
        (socket, request) => {
          socket.write(frame(request, { type: 'progress', message: 'requests have at most 5000 ms to finish' }));
          socket.write(frame(request, { type: 'result', result: { ...STOPPED, cut: { requests: 2, streams: 1, sockets: 0 } } }));
          setTimeout(() => supervisor.child.kill('SIGTERM'), 150);
        },
        { pid: supervisor.pid },
      ),
    );
    const startedAt = performance.now();
    const { code, stdout, stderr } = await runCommand(['gateway', 'stop', '--timeout', '500'], { home: paths.home });
    expect(performance.now() - startedAt).toBeGreaterThan(140);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: `Gateway stopped (pid ${supervisor.pid}) in 1.2 s; interrupted: 2 requests, 1 stream.\n`,
      stderr: 'Stopping: requests have at most 5000 ms to finish\n',
    });
    expect(control.requests.at(-1)).toMatchObject({ type: 'stop', timeoutMs: 500 });
  });

  test.each([
    [[], 'The gateway is not running.\n', ''],
    [['--json'], '', '{\n  "stopped": true,\n  "wasRunning": false\n}\n'],
  ])('of a stopped gateway with %j succeeds', async (args, stderr, stdout) => {
    expect(await runCommand(['gateway', 'stop', ...args], { home: testPaths().home })).toEqual({ code: 0, stdout, stderr });
  });

  test('a supervisor that leaves before it has answered has stopped all the same', async () => {
    const paths = testPaths();
    const supervisor = await startProgram(READY);
    await fakeControl(
      paths.controlPath,
      gateway(
        (socket) => {
          supervisor.child.kill('SIGKILL');
          socket.destroy();
        },
        { pid: supervisor.pid },
      ),
    );
    expect(await runCommand(['gateway', 'stop', '--json'], { home: paths.home })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"stopped": true'),
    });
  });

  test('one that is just starting is stopped as soon as it listens', async () => {
    const paths = testPaths();
    const supervisor = await startProgram(READY);
    writeLock(paths, lockRecord(paths, supervisor.pid, { createdAt: new Date().toISOString() }));
    const command = startCommand(['gateway', 'stop'], { home: paths.home });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await fakeControl(
      paths.controlPath,
      gateway(
        (socket, request) => {
          socket.write(frame(request, { type: 'result', result: STOPPED }));
          supervisor.child.kill('SIGTERM');
        },
        { pid: supervisor.pid },
      ),
    );
    expect(await command.exitCode).toBe(0);
    expect(command.out.text).toContain('Gateway stopped');
  });

  test('Ctrl-C cuts the drain short, a second one stops waiting', async () => {
    const paths = testPaths();
    const control = await fakeControl(
      paths.controlPath,
      gateway(() => undefined),
    );
    const command = startCommand(['gateway', 'stop'], { home: paths.home });
    await expect.poll(() => control.requests.filter(({ type }) => type === 'stop').length).toBe(1);
    command.interrupt();
    await expect.poll(() => control.requests.filter(({ type }) => type === 'stop').length).toBe(2);
    expect(control.requests.at(-1)).toMatchObject({ timeoutMs: 0 });
    command.interrupt();
    expect(await command.exitCode).toBe(130);
    expect(command.err.text).toMatch(/Ending the drain early.*\n.*continues to stop/);
  });

  test('Ctrl-C after the answer hastens one that waits for its predecessor, a second one stops waiting', async () => {
    const paths = testPaths();
    const supervisor = await startProgram(READY);
    const answer: Behaviour = (socket, request) => void socket.end(frame(request, { type: 'result', result: STOPPED }));
    const control = await fakeControl(paths.controlPath, gateway(answer, { pid: supervisor.pid }));
    const command = startCommand(['gateway', 'stop'], { home: paths.home });
    await expect.poll(() => control.requests.filter(({ type }) => type === 'stop').length).toBe(1);
    command.interrupt();
    await expect.poll(() => control.requests.filter(({ type }) => type === 'stop').length).toBe(2);
    command.interrupt();
    expect(await command.exitCode).toBe(130);
  });
});

describe('xopc gateway restart', () => {
  const RESULT = { instanceId: 'wk_2', workerPid: 9, pid: sampleStatus.pid, succession: 'none', durationMs: 230 };
  const succeed =
    (result: object): Behaviour =>
    (socket, request) =>
      void socket.write(frame(request, { type: 'result', result }));

  test('reports the steps and the new instance', async () => {
    const paths = testPaths();
    const control = await fakeControl(
      paths.controlPath,
      gateway((socket, request) => {
        socket.write(frame(request, { type: 'progress', message: 'new worker (pid 9) is starting' }));
        socket.write(frame(request, { type: 'result', result: RESULT }));
      }),
    );
    expect(await runCommand(['gateway', 'restart', '--force', '--timeout', '1000'], { home: paths.home })).toEqual({
      code: 0,
      stdout: 'Gateway restarted in 0.2 s (worker 9).\n',
      stderr: 'Restarting: new worker (pid 9) is starting\n',
    });
    expect(control.requests.find(({ type }) => type === 'restart')).toMatchObject({ force: true, timeoutMs: 1_000 });
  });

  test('shows the warnings that the gateway has then', async () => {
    const paths = testPaths();
    const warnings = [{ code: 'ADDRESS_UNCHANGED', message: 'still on 0.0.0.0:1', hint: 'Stop it with: xopc gateway stop' }];
    await fakeControl(paths.controlPath, gateway(succeed(RESULT), { warnings }));
    const text =
      'Gateway restarted in 0.2 s (worker 9).\n⚠️  Warnings:\n   ADDRESS_UNCHANGED still on 0.0.0.0:1\n     Stop it with: ./bin/xopc gateway stop\n';
    const variable = (name: string): string | undefined => (name === 'XOPC_CALLED_AS' ? './bin/xopc' : undefined);
    const runtime = { invocation: () => ({ entry: '/clone/dist/main.cjs', variable }) };
    expect(await runCommand(['gateway', 'restart'], { home: paths.home, runtime })).toMatchObject({ code: 0, stdout: text });
    const { stdout } = await runCommand(['gateway', 'restart', '--json'], { home: paths.home });
    expect(JSON.parse(stdout)).toEqual({ restarted: true, ...RESULT, warnings });
  });

  test('that joins another whose new worker serves already ends on that worker', async () => {
    const paths = testPaths();
    await fakeControl(paths.controlPath, gateway(succeed({ ...RESULT, instanceId: sampleStatus.worker?.instanceId })));
    expect(await runCommand(['gateway', 'restart'], { home: paths.home })).toMatchObject({
      code: 0,
      stdout: 'Gateway restarted in 0.2 s (worker 9).\n',
    });
  });

  test('a refused configuration ends with its code and names the key', async () => {
    const paths = testPaths();
    const error = { code: 'CONFIG_INVALID', message: 'config.json:2:23 gateway.port is 0', details: { problems: [] } };
    await fakeControl(
      paths.controlPath,
      gateway((socket, request) => void socket.write(frame(request, { type: 'error', error }))),
    );
    expect(await runCommand(['gateway', 'restart'], { home: paths.home })).toMatchObject({
      code: 78,
      stdout: '',
      stderr: expect.stringContaining('gateway.port'),
    });
  });

  test("whose supervisor leaves for somebody else's successor ends on that one", async () => {
    const paths = testPaths();
    let status: object = {};
    await fakeControl(paths.controlPath, (socket, request) => {
      if (request.type === 'status') return gateway(() => undefined, status)(socket, request);
      status = { instanceId: 'gw_2', pid: 55, worker: { ...sampleStatus.worker, pid: 56, instanceId: 'wk_5' } };
      socket.destroy();
    });
    const { code, stdout } = await runCommand(['gateway', 'restart', '--json'], { home: paths.home });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ restarted: true, pid: 55, workerPid: 56, instanceId: 'wk_5', succession: 'successor' });
  });

  test('fails soon when the supervisor dies meanwhile', async () => {
    const paths = testPaths();
    const control = await fakeControl(
      paths.controlPath,
      gateway((socket) => {
        rmSync(paths.controlPath);
        control.server.close();
        socket.destroy();
      }),
    );
    expect(await runCommand(['gateway', 'restart'], { home: paths.home })).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('no other has started'),
    });
  });

  test('of a stopped gateway exits with 3', async () => {
    expect(await runCommand(['gateway', 'restart'], { home: testPaths().home })).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('xopc gateway start'),
    });
  });

  test('under a service manager, only a new ready instance counts', async () => {
    const paths = testPaths();
    const old = await fakeControl(
      paths.controlPath,
      gateway(succeed({ ...RESULT, succession: 'service-manager' }), { supervisedBy: 'systemd' }),
    );
    const command = startCommand(['gateway', 'restart'], { home: paths.home });
    await command.err.until((text) => text.includes('waiting for the service manager (systemd)'));
    const closed = once(old.server, 'close');
    old.server.close();
    await closed;
    rmSync(paths.controlPath, { force: true });
    await fakeControl(
      paths.controlPath,
      gateway(() => undefined, { instanceId: 'gw_2', pid: 77, worker: { ...sampleStatus.worker, pid: 78, instanceId: 'wk_9' } }),
    );
    expect(await command.exitCode).toBe(0);
    expect(command.out.text).toContain('(worker 78, supervisor 77)');
  });
});
