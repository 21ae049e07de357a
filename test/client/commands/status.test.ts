import { expect, test } from 'vitest';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { runCommand } from '../../helpers/command-line.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';
import type { StatusDocument } from '../../../shared/api/gateway/status.js';

const young = { createdAt: new Date().toISOString() };

async function status(
  args: readonly string[],
  make: (paths: ReturnType<typeof testPaths>) => unknown,
  variables: Record<string, string> = {},
) {
  const paths = testPaths();
  await make(paths);
  return runCommand(['gateway', 'status', ...args], { home: paths.home, variables });
}

const running =
  (change: Partial<StatusDocument> = {}) =>
  (paths: ReturnType<typeof testPaths>) =>
    fakeControl(paths.controlPath, answers({ ...sampleStatus, ...change }));

test('a running gateway is shown on stdout, with nothing on stderr and no colour in a pipe', async () => {
  const { code, stdout, stderr } = await status([], running());
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^✅ Gateway is running\n {3}Port: 18790\n/);
});

test('`xopc status` is the same', async () => {
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers(sampleStatus));
  expect(await runCommand(['status'], { home: paths.home })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Gateway is running'),
  });
});

test('--json is the whole document with `running`, also where colour is forced', async () => {
  const { code, stdout, stderr } = await status(['--json'], running(), { FORCE_COLOR: '1' });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({ running: true, ...sampleStatus });
});

/** What there is → exit code, `running`, error code, text. Text, JSON and exit code must tell the same. */
test.each<[string, (paths: ReturnType<typeof testPaths>) => unknown, number, boolean | undefined, string | undefined, RegExp]>([
  ['running', running(), 0, true, undefined, /Gateway is running/],
  ['draining', running({ state: 'draining', desired: 'down', ready: false }), 0, true, undefined, /Gateway is stopping/],
  ['starting', running({ state: 'starting', ready: false }), 6, true, undefined, /Gateway is starting/],
  ['backoff', running({ state: 'backoff', ready: false }), 1, true, undefined, /down and will be started again/],
  ['failed', running({ state: 'failed', ready: false }), 1, true, undefined, /has failed and keeps trying/],
  ['nothing', () => undefined, 3, false, 'NOT_RUNNING', /the gateway is not running/],
  [
    'a stale lock',
    (paths) => writeLock(paths, lockRecord(paths, process.pid, { startTime: '1' })),
    3,
    false,
    'NOT_RUNNING',
    /process \d+ died/,
  ],
  [
    'a lock without a socket yet',
    (paths) => writeLock(paths, lockRecord(paths, process.pid, young)),
    6,
    true,
    'STILL_STARTING',
    /still starting, pid \d+/,
  ],
  [
    'a socket that says nothing',
    (paths) => (writeLock(paths, lockRecord(paths, process.pid)), fakeControl(paths.controlPath, () => undefined)),
    4,
    true,
    'CONTROL_UNREACHABLE',
    /not responding, pid \d+/,
  ],
  [
    'another program on the socket',
    (paths) => fakeControl(paths.controlPath, (socket) => void socket.write('hello\n')),
    4,
    undefined,
    'CONTROL_PROTOCOL',
    /does not speak this version's protocol/,
  ],
  [
    'another machine',
    (paths) => writeLock(paths, lockRecord(paths, process.pid, { machineId: 'm', bootId: 'b' })),
    4,
    true,
    'CONTROL_UNREACHABLE',
    /another machine or container/,
  ],
])('%s: text, JSON and exit code agree', async (...[_title, make, exitCode, isRunning, errorCode, text]) => {
  const plain = await status([], make);
  expect(plain.code).toBe(exitCode);
  expect(errorCode === undefined ? plain.stdout : plain.stderr).toMatch(text);
  expect(errorCode === undefined ? plain.stderr : plain.stdout).toBe('');

  const json = await status(['--json'], make);
  const document = JSON.parse(json.stdout) as { running?: boolean; error?: { code: string } };
  expect(json).toMatchObject({ code: exitCode, stderr: '' });
  expect({ running: document.running, error: document.error?.code }).toEqual({ running: isRunning, error: errorCode });
});

test('the token is shown even if the worker has not reported it yet', async () => {
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, auth: { enabled: false, tokenHint: null } }));
  const token = `first123${'-'.repeat(30)}lastchar`;
  const { stdout } = await runCommand(['gateway', 'status'], { home: paths.home, environment: { token } });
  expect(stdout).toContain('   Token: first123...lastchar\n');
  expect(stdout).not.toContain(token);
});

test('where it does not run, the gateways of this home that do are named', async () => {
  const paths = testPaths();
  const work = testPaths(paths.home, 'work.json');
  writeLock(work, lockRecord(work, process.pid, { port: 4711 }));
  await fakeControl(work.controlPath, answers(sampleStatus));
  const dead = testPaths(paths.home, 'dead.json');
  writeLock(dead, lockRecord(dead, process.pid, { startTime: '1' }));
  const { code, stderr } = await runCommand(['gateway', 'status'], { home: paths.home });
  expect({ code, stderr }).toEqual({
    code: 3,
    stderr: [
      'xopc: the gateway is not running',
      '  Start it with: xopc gateway start',
      `  Running in this home: ${work.configPath} (pid ${process.pid}, port 4711)`,
      '',
    ].join('\n'),
  });
  const { stdout } = await runCommand(['gateway', 'status', '--json'], { home: paths.home });
  const others = [{ configPath: work.configPath, pid: process.pid, host: '127.0.0.1', port: 4711 }];
  expect(JSON.parse(stdout)).toMatchObject({ running: false, error: { code: 'NOT_RUNNING', details: { others } } });
});
