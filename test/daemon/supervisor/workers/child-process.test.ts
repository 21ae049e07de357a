import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  type Child,
  type ChildExit,
  type SpawnOptions,
  spawnChild,
  spawnProgram,
} from '../../../../daemon/supervisor/workers/child-process.js';
import { bindListenSocket } from '../../../../daemon/supervisor/socket/listen-socket.js';
import { isAlive } from '../../../../shared/node/process/process-identity.js';
import { killGroup } from '../../../../shared/node/process/send-signal.js';
import { buildFixture } from '../../../helpers/fixture-process.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const FACTS = join(import.meta.dirname, '../../..', 'fixtures', 'child-facts.mjs');

interface Facts {
  readonly type: string;
  readonly boot: unknown;
  readonly environment: Record<string, string>;
  readonly execArgv: string[];
  readonly [field: string]: unknown;
}

interface Started {
  readonly child: Child;
  readonly exited: Promise<ChildExit>;
  message(): Promise<Facts>;
}

function start(args: readonly string[], options: Partial<SpawnOptions> = {}): Started {
  const received: Facts[] = [];
  let wake: () => void = () => undefined;
  let onExit: (exit: ChildExit) => void = () => undefined;
  const exited = new Promise<ChildExit>((resolve) => (onExit = resolve));
  const child = spawnProgram(
    args,
    { role: 'worker', boot: { instanceId: 'wk_1' }, output: 'ignore', ...options },
    {
      onMessage: (message) => {
        received.push(message as Facts);
        wake();
      },
      onExit,
    },
  );
  onTestFinished(() => child.kill());
  const message = async (): Promise<Facts> => {
    while (received.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return received.shift()!;
  };
  return { child, exited, message };
}

describe('a child', () => {
  test('gets its boot document and its environment, without that of its parent', async () => {
    vi.stubEnv('NODE_OPTIONS', '--no-warnings');
    vi.stubEnv('LISTEN_FDS', '1');
    vi.stubEnv('LISTEN_PID', '1');
    vi.stubEnv('XOPC_BOOT', '{"of":"another"}');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { message } = start([FACTS], { extra: { XOPC_GATEWAY_TOKEN: 'secret' } });
    const { boot, environment } = await message();
    expect(boot).toEqual({ instanceId: 'wk_1' });
    expect(environment).toMatchObject({ XOPC_GATEWAY_TOKEN: 'secret', PATH: process.env['PATH'] });
    for (const name of ['NODE_OPTIONS', 'LISTEN_FDS', 'LISTEN_PID']) expect(environment).not.toHaveProperty(name);
  });

  test.skipIf(process.platform !== 'linux')('leads a session and a process group of its own', async () => {
    const { child, message } = start([FACTS]);
    await message();
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
    const [, , group, session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    expect([Number(group), Number(session)]).toEqual([child.pid, child.pid]);
  });

  test('gets messages with and without a handle, and answers', async () => {
    const socket = await bindListenSocket('127.0.0.1', 0);
    onTestFinished(() => socket.close());
    const { child, message } = start([FACTS]);
    await message();
    child.send({ type: 'echo', payload: 'ä🤖' });
    expect(await message()).toEqual({ type: 'echo', payload: 'ä🤖', hasHandle: false });
    child.send({ type: 'echo', payload: 1 }, socket.handle);
    expect(await message()).toEqual({ type: 'echo', payload: 1, hasHandle: true });
  });

  test.each([0, 7, 125])('that leaves with code %i is an exit, once, and what is sent to it then is nothing', async (code) => {
    const { child, message, exited } = start([FACTS]);
    await message();
    child.send({ type: 'leave', code });
    expect(await exited).toEqual({ code, signal: null });
    child.send({ type: 'echo' });
    child.requestStack();
    child.kill();
    child.release();
  });

  test('that is killed is an exit by its signal', async () => {
    const { child, message, exited } = start([FACTS]);
    await message();
    child.kill();
    expect(await exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(isAlive(child.pid)).toBe(false);
  });

  test('that is released lives on without us', async () => {
    const path = join(tempDir(), 'disconnected');
    const { child, message } = start([FACTS, '--lives'], { extra: { ON_DISCONNECT: path } });
    await message();
    const stays = setInterval(() => undefined, 1_000);
    child.release();
    while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 5));
    clearInterval(stays);
    expect(readFileSync(path, 'utf8')).toBe(String(child.pid));
    expect(isAlive(child.pid)).toBe(true);
    killGroup(child.pid);
  });

  test('whose program does not exist is an exit with Node’s own words', async () => {
    const { child, exited } = start([join(tempDir(), 'none.mjs')], { output: 'pipe' });
    let words = '';
    child.stderr?.on('data', (chunk: Buffer) => (words += chunk.toString()));
    expect(await exited).toEqual({ code: 1, signal: null });
    expect(words).toContain('none.mjs');
  });

  test('that cannot be started at all is an exit that says why', async () => {
    const node = process.execPath;
    process.execPath = '/';
    onTestFinished(() => void (process.execPath = node));
    const { child, exited } = start([FACTS]);
    process.execPath = node;
    expect(await exited).toEqual({ code: null, signal: null, spawnError: expect.stringContaining('EACCES') as string });
    child.send({ type: 'echo' });
    child.kill();
    child.requestStack();
    child.release();
  });
});

describe.skipIf(process.platform !== 'linux')('a parent at a limit', () => {
  test.each([
    ['open files', '--nofile=3:', 'EMFILE'],
    ['processes', '--nproc=1:', 'EAGAIN'],
  ])('of %s lives on, and starts children when the limit is raised', async (_what, limit, code) => {
    const script = buildFixture('spawner');
    // Limits of processes do not apply to root.
    chmodSync(dirname(script), 0o755);
    const uid = process.getuid?.() === 0 ? { uid: 65_534 } : {};
    const parent = fork(script, [], { execArgv: [], cwd: '/', ...uid });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const setLimit = (value: string): void => void execFileSync('prlimit', ['--pid', String(parent.pid), value], uid);
    const spawns = async (): Promise<unknown> => {
      parent.send('spawn');
      return ((await once(parent, 'message')) as unknown[])[0];
    };
    await once(parent, 'message');
    setLimit(limit);
    for (let time = 0; time < 3; time += 1)
      expect(await spawns()).toEqual({ code: null, signal: null, spawnError: expect.stringContaining(code) as string });
    setLimit(limit.replace(/\d+/, '4096'));
    expect(await spawns()).toEqual({ code: 0, signal: null });
  });
});

test('a role of the gateway is its build’s main program with Node’s own flags', async () => {
  let words = '';
  const exited = new Promise<ChildExit>((resolve) => {
    // Here is no build: what Node says of the missing program tells what was started.
    const child = spawnChild({ role: 'fallback', boot: {}, output: 'pipe' }, { onMessage: () => undefined, onExit: resolve });
    child.stderr?.on('data', (chunk: Buffer) => (words += chunk.toString()));
  });
  expect(await exited).toMatchObject({ code: 1 });
  expect(words).toMatch(/Cannot find module '[^']*main\.cjs'/);
});
