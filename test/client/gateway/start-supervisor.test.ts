import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { type StartOptions, startSupervisor } from '../../../client/gateway/start-supervisor.js';
import type { GatewayError } from '../../../shared/errors.js';
import { isAlive } from '../../../shared/node/process/process-identity.js';
import { tempDir } from '../../helpers/temp-dir.js';

afterEach(() => vi.unstubAllEnvs());

const STAY = 'setInterval(() => {}, 1e6);';
const report = (value: unknown): string => `require('fs').writeSync(3, ${JSON.stringify(`${JSON.stringify(value)}\n`)});`;
const program = (code: string): readonly [string, ...string[]] => [process.execPath, '-e', code];
const running = { ok: true, pid: 1, instanceId: 'gw_1', host: '0.0.0.0', port: 18_790 };

/** Starts `code`, which writes its pid to a file, and sees to its end. */
function start(
  code: string,
  options: Pick<StartOptions, 'limitMs' | 'ignoresAddress'> = {},
): { started: ReturnType<typeof startSupervisor>; pid: () => number } {
  const pidFile = join(tempDir(), 'pid');
  const pid = (): number => (existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0);
  onTestFinished(() => {
    if (isAlive(pid())) process.kill(pid(), 'SIGKILL');
  });
  const note = `require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));`;
  return { started: startSupervisor({ flags: {}, command: program(note + code), ...options }), pid };
}

test('returns the report of the supervisor, which outlives the command', async () => {
  const { started, pid } = start(report(running) + STAY);
  expect(await started).toEqual(running);
  expect(isAlive(pid())).toBe(true);
});

test('the supervisor leads a session of its own, has no terminal, a lasting directory and its boot document', async () => {
  const { started } = start(`
    const fs = require('fs');
    const [, , group, session] = fs.readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
    const links = [0, 1, 2].map((fd) => fs.readlinkSync('/proc/self/fd/' + fd));
    const facts = { own: process.pid, group, session, links, cwd: process.cwd(), boot: process.env.XOPC_BOOT, marker: process.env.XOPC_SERVICE_MARKER, options: process.env.NODE_OPTIONS };
    fs.writeSync(3, JSON.stringify({ ok: true, ...facts }) + '\\n');`);
  const facts = (await started) as unknown as Record<string, unknown>;
  expect(facts).toMatchObject({
    group: String(facts['own']),
    session: String(facts['own']),
    links: ['/dev/null', '/dev/null', '/dev/null'],
    cwd: homedir(),
  });
  expect(JSON.parse(String(facts['boot']))).toEqual({ flags: {}, foreground: false, reportFd: 3 });
  expect(facts['marker']).toBe('');
  expect(facts['options']).toBeUndefined();
});

test.each([
  [false, ['9000', '::1']],
  [true, ['', '']],
])('XOPC_PORT and XOPC_HOST are ignored on request: %s', async (ignoresAddress, seen) => {
  vi.stubEnv('XOPC_PORT', '9000');
  vi.stubEnv('XOPC_HOST', '::1');
  const code = "require('fs').writeSync(3, JSON.stringify({ ok: true, seen: [process.env.XOPC_PORT, process.env.XOPC_HOST] }) + '\\n');";
  expect(await start(code, { ignoresAddress }).started).toMatchObject({ seen });
});

test("a failed start is reported with the supervisor's message and problems", async () => {
  const error = { code: 'CONFIG_INVALID', message: 'config.json:1:2 is wrong', hint: 'mend it' };
  const problems = [{ file: 'config.json', line: 1, column: 2, message: 'is wrong' }];
  const { started } = start(`${report({ ok: false, error, problems })} process.exitCode = 78`);
  await expect(started).rejects.toMatchObject({ ...error, details: { problems }, spec: { exitCode: 78 } });
});

test('one that keeps trying after its report is reported as such, and stays', async () => {
  const error = { code: 'WORKER_NOT_READY', message: 'five workers died' };
  const { started, pid } = start(report({ ok: false, error, problems: [] }) + STAY);
  await expect(started).rejects.toMatchObject({
    code: 'WORKER_NOT_READY',
    message: expect.stringMatching(/^five workers died; the gateway \(pid \d+\) keeps trying$/),
  });
  expect(isAlive(pid())).toBe(true);
});

test.each([
  ['exits', 'process.exit(3)', /exit code 3/],
  ['is killed', "process.kill(process.pid, 'SIGKILL')", /SIGKILL/],
  ['throws', "throw new Error('broken')", /exit code 1/],
  ['reports nonsense and exits', "require('fs').writeSync(3, 'hello\\n')", /exit code 0/],
  ['reports half a line and exits', "require('fs').writeSync(3, '{\"ok\":tr')", /exit code 0/],
])('one that %s silently is reported with its exit', async (_title, code, how) => {
  await expect(start(code).started).rejects.toMatchObject({
    code: 'WORKER_NOT_READY',
    message: expect.stringMatching(how),
    hint: expect.stringContaining('logs'),
  });
});

test('one that takes longer than the limit continues, and the caller is informed', async () => {
  const error = await start(STAY, { limitMs: 300 }).started.then(String, (reason: unknown) => reason as GatewayError);
  expect(error).toMatchObject({ code: 'STILL_STARTING', details: { pid: expect.any(Number) } });
  const pid = (error as GatewayError).details?.['pid'] as number;
  expect(isAlive(pid)).toBe(true);
  process.kill(pid, 'SIGKILL');
});

test('a missing program is reported at once', async () => {
  await expect(startSupervisor({ flags: {}, command: ['/nowhere/node'] })).rejects.toMatchObject({ code: 'WORKER_NOT_READY' });
});

test.each([['/nonexistent/home'], [process.execPath]])('a home that cannot be entered (%s) keeps nothing from starting', async (home) => {
  vi.stubEnv('HOME', home);
  const { started } = start(`require('fs').writeSync(3, JSON.stringify({ ok: true, cwd: process.cwd() }) + '\\n');`);
  expect(await started).toEqual({ ok: true, cwd: '/' });
});
