import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ownStartMs } from '../../../shared/node/process/process-identity.js';
import { fakeControl, frame } from '../../fakes/control-socket.js';
import { endOf, listenerCode, startProgram } from '../../helpers/child-program.js';
import { runCommand } from '../../helpers/command-line.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';
import { freePort } from '../../helpers/free-port.js';
import { gateway, recording } from '../../helpers/recorded-start.js';

const READY = "console.log('ready'); setInterval(() => {}, 1e6)";

describe('--force', () => {
  const result = { instanceId: 'wk_2', workerPid: 90, pid: 91, succession: 'successor', durationMs: 50 };

  test('succeeds a gateway that answers, with the options given, and starts nothing itself', async () => {
    const paths = testPaths();
    const control = await fakeControl(
      paths.controlPath,
      gateway({}, (socket, request) => void socket.write(frame(request, { type: 'result', result }))),
    );
    const { runtime, supervisors } = recording(paths);
    expect(await runCommand(['gateway', '--force', '--port', '8123'], { home: paths.home, runtime })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'Gateway taken over (pid 91); Ctrl-C stops it.\n',
    });
    expect(control.requests.at(-1)).toMatchObject({
      type: 'restart',
      force: true,
      exclusive: true,
      expects: 'gw_1',
      succession: { port: 8123 },
    });
    expect(supervisors).toEqual([]);
  });

  test('in the background returns at once', async () => {
    const paths = testPaths();
    await fakeControl(
      paths.controlPath,
      gateway({}, (socket, request) => void socket.write(frame(request, { type: 'result', result }))),
    );
    const { runtime } = recording(paths);
    expect(await runCommand(['gateway', 'start', '--force'], { home: paths.home, runtime })).toMatchObject({
      code: 0,
      stdout: 'Gateway taken over; it continues in the background (pid 91).\n',
    });
  });

  test('never succeeds one that came up after this command was started', async () => {
    const paths = testPaths();
    const control = await fakeControl(paths.controlPath, gateway({ startedAt: new Date(ownStartMs() + 60_000).toISOString(), pid: 42 }));
    expect(await runCommand(['gateway', '--force'], { home: paths.home })).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('pid 42'),
    });
    expect(control.requests.map(({ type }) => type)).toEqual(['status']);
  });

  test('never ends a silent one that came up after this command was started', async () => {
    const paths = testPaths();
    const competitor = await startProgram(READY);
    writeLock(paths, lockRecord(paths, competitor.pid, { createdAt: new Date().toISOString() }));
    expect(await runCommand(['gateway', '--force'], { home: paths.home })).toMatchObject({ code: 5 });
    expect(competitor.child.exitCode).toBeNull();
  });

  test('gives way to a takeover that is under way', async () => {
    const paths = testPaths();
    const error = { code: 'LOCK_HELD', message: 'a takeover is already under way: pid 7' };
    await fakeControl(
      paths.controlPath,
      gateway({}, (socket, request) => void socket.write(frame(request, { type: 'error', error }))),
    );
    expect(await runCommand(['gateway', '--force'], { home: paths.home })).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('under way'),
    });
  });

  test('gives way to another takeover whose predecessor leaves while we ask', async () => {
    const paths = testPaths();
    let pid = 40;
    await fakeControl(paths.controlPath, (socket, request) => {
      if (request.type === 'status') return gateway({ pid })(socket, request);
      pid = 41;
      socket.destroy();
    });
    expect(await runCommand(['gateway', '--force'], { home: paths.home })).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('pid 41'),
    });
  });

  test('starts when the gateway exits while it is asked', async () => {
    const paths = testPaths();
    const port = await freePort();
    await fakeControl(paths.controlPath, (socket, request) => {
      rmSync(paths.controlPath, { force: true });
      gateway({})(socket, request);
      socket.end();
    });
    const { runtime, background } = recording(paths);
    const outcome = await runCommand(['gateway', 'start', '--force', '--port', String(port)], { home: paths.home, runtime });
    expect(outcome).toMatchObject({ code: 0 });
    expect(background).toHaveLength(1);
  });

  test('ends a gateway that does not respond, then starts', async () => {
    const paths = testPaths();
    const hung = await startProgram(READY);
    const port = await freePort();
    writeLock(paths, lockRecord(paths, hung.pid));
    hung.child.kill('SIGSTOP');
    const { runtime, background } = recording(paths);
    const outcome = await runCommand(['gateway', 'start', '--force', '--port', String(port)], { home: paths.home, runtime });
    expect(outcome).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`The gateway (pid ${hung.pid}) is not responding; ending it`),
    });
    expect(await endOf(hung)).toMatch(/^SIG/);
    expect(background).toHaveLength(1);
  });

  test('ends a stranger of ours on the port, named before', async () => {
    const paths = testPaths();
    const stranger = await startProgram(listenerCode());
    const { runtime, background } = recording(paths);
    const outcome = await runCommand(['gateway', 'start', '--force', '--port', stranger.line], { home: paths.home, runtime });
    expect(outcome).toMatchObject({ code: 0, stderr: expect.stringContaining(`taken by node (pid ${stranger.pid}`) });
    expect(await endOf(stranger)).toBe('SIGTERM');
    expect(background).toHaveLength(1);
  });

  test('never ends this process, and starts nothing', async () => {
    const paths = testPaths();
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { runtime, background } = recording(paths);
    const { port } = server.address() as AddressInfo;
    expect(await runCommand(['gateway', 'start', '--force', '--port', String(port)], { home: paths.home, runtime })).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('not touched'),
    });
    expect(background).toEqual([]);
  });
});
