/** Starts and signals at moments and in places that nobody plans. Through the real binary. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../helpers/temp-dir.js';
import { Installation } from '../helpers/installation.js';
import { isAlive, RealGateway, root, runProcess, until, launcher } from '../helpers/real-gateway.js';

test('a start that is stopped before it serves says so', async () => {
  const installation = new Installation();
  installation.replace('worker', 'setInterval(() => undefined, 1_000);');
  const gateway = await RealGateway.create({}, installation.command);
  const start = gateway.xopc('gateway', 'start');
  const supervisor = await until('the supervisor', () => {
    try {
      return gateway.lock().pid;
    } catch {
      return undefined;
    }
  });
  process.kill(supervisor, 'SIGTERM');
  const { code, stdout, stderr } = await start;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toBe('xopc: the gateway was stopped during its start\n  Start it again with: xopc gateway start\n');
  expect(isAlive(supervisor)).toBe(false);
  expect(readdirSync(join(gateway.xopcHome, 'locks'))).toEqual([]);
});

test('SIGUSR2 kills neither supervisor nor worker; SIGQUIT stops in order', async () => {
  const gateway = await RealGateway.start();
  const worker = gateway.workerPid();
  for (const pid of [worker, gateway.process.pid]) process.kill(pid, 'SIGUSR2');
  await until('the log line', () => gateway.log().some((entry) => entry['signal'] === 'SIGUSR2'));
  expect((await gateway.status()).worker?.pid).toBe(worker);
  process.kill(gateway.process.pid, 'SIGQUIT');
  expect(await gateway.process.done).toMatchObject({ code: 0, signal: null });
  expect(isAlive(worker)).toBe(false);
});

test('a start in the background works with a HOME that is not there', async () => {
  const gateway = await RealGateway.create();
  const env = { ...gateway.env, HOME: join(gateway.home, 'nowhere') };
  const outcome = await runProcess(launcher, ['gateway', 'start'], { env }).done;
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  expect(existsSync(env.HOME)).toBe(false);
});

test('a gateway in the foreground outlives the directory in which it was started', async () => {
  const gateway = await RealGateway.create();
  const cwd = join(gateway.home, 'unpacked');
  mkdirSync(cwd);
  runProcess(launcher, ['gateway'], { env: { ...gateway.env, XOPC_HOME: '../.xopc' }, cwd });
  await gateway.untilHealthy();
  rmSync(cwd, { recursive: true });
  const first = gateway.workerPid();
  process.kill(first, 'SIGKILL');
  await gateway.untilReplaced(first);
  expect(await gateway.xopc('gateway', 'restart')).toMatchObject({ code: 0 });
  const supervisor = gateway.lock().pid;
  expect(await gateway.xopc('gateway', 'restart', '--force')).toMatchObject({ code: 0 });
  expect(gateway.lock().pid).not.toBe(supervisor);
});

test('a gateway outlives the file of the Node that runs it', async () => {
  const node = join(tempDir(), 'node');
  copyFileSync(process.execPath, node);
  const gateway = await RealGateway.create({}, [node, join(root, 'dist', 'main.cjs')]);
  await gateway.run();
  rmSync(node);
  const first = gateway.workerPid();
  process.kill(first, 'SIGKILL');
  await gateway.untilReplaced(first);
  const supervisor = gateway.lock().pid;
  expect(await runProcess(launcher, ['gateway', 'restart', '--force'], { env: gateway.env }).done).toMatchObject({ code: 0 });
  expect(gateway.lock().pid).not.toBe(supervisor);
  const second = gateway.workerPid();
  process.kill(second, 'SIGKILL');
  await gateway.untilReplaced(second);
});

test('a restart by a command of another installation says that the gateway runs on with its own build', async () => {
  const older = new Installation();
  older.setBuild({ version: '0.0.9', buildId: 'older' });
  const gateway = await RealGateway.create({}, older.command);
  expect(await gateway.xopc('gateway', 'restart', '--force')).toMatchObject({
    code: 0,
    stdout: expect.not.stringContaining('OTHER_BUILD'),
  });
  const newer = (...args: string[]) => runProcess(launcher, ['gateway', ...args], { env: gateway.env }).done;
  const said = expect.stringContaining('the gateway runs 0.0.9 (build older) of another installation');
  expect(await newer('restart')).toMatchObject({ code: 0, stdout: said });
  expect(await newer('status')).toMatchObject({ code: 0, stdout: said });
  for (const command of ['stop', 'start']) expect(await newer(command)).toMatchObject({ code: 0 });
  expect(await newer('status')).toMatchObject({ code: 0, stdout: expect.not.stringContaining('OTHER_BUILD') });
});

test('a directory in the place of the control socket is named, and nothing is left behind', async () => {
  const gateway = await RealGateway.start();
  const socket = join(gateway.xopcHome, 'run', readdirSync(join(gateway.xopcHome, 'run'))[0] ?? '');
  await gateway.xopc('gateway', 'stop');
  mkdirSync(socket);
  const outcome = await gateway.xopc('gateway', 'start');
  expect(outcome).toMatchObject({
    code: 78,
    stderr: expect.stringContaining(`a directory is in the place of the control socket ${socket}`),
  });
  expect(readdirSync(join(gateway.xopcHome, 'locks'))).toEqual([]);
  rmSync(socket, { recursive: true });
  expect((await gateway.xopc('gateway', 'start')).code).toBe(0);
  expect(statSync(socket).isSocket()).toBe(true);
});

test('a pipe in the place of the log holds up neither commands nor requests', async () => {
  const gateway = await RealGateway.create();
  mkdirSync(join(gateway.xopcHome, 'logs'), { recursive: true, mode: 0o700 });
  execFileSync('mkfifo', [gateway.logPath]);
  await gateway.run();
  const { code, stderr } = await gateway.xopc('gateway', 'logs');
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('is not a regular file') });
  const { stdout: token } = await gateway.xopc('gateway', 'token', '--show');
  const answer = await fetch(`${gateway.url}/api/logs`, { headers: { Authorization: `Bearer ${token.trim()}` } });
  expect(await answer.json()).toMatchObject({ entries: [] });
});

test('Ctrl-C in the editor of `config edit` is for the editor alone', async () => {
  const gateway = await RealGateway.create();
  // Its keys go to the whole group, as those of a terminal do.
  const editor = `f() { (trap '' INT QUIT; kill -INT 0; kill -QUIT 0; echo '{ "logs": {} }' > "$1"); }; f`;
  const edit = runProcess(launcher, ['config', 'edit'], { env: { ...gateway.env, EDITOR: editor }, detached: true });
  expect(await edit.done).toMatchObject({ code: 0, signal: null, stderr: expect.stringContaining('is written') as string });
  expect(readFileSync(join(gateway.xopcHome, 'config.json'), 'utf8')).toBe('{ "logs": {} }\n');
  expect(readdirSync(join(gateway.xopcHome, 'state')).filter((name) => name.includes('draft'))).toEqual([]);
});
