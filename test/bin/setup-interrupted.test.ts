import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { isProcessAlive, makeMiniClone, type MiniClone, start } from '../helpers/mini-clone.js';

let clone: MiniClone;

beforeEach(() => {
  clone = makeMiniClone({ isInstalled: false });
});
afterEach(() => clone.remove());

const hold = (): string => join(clone.npm, 'hold');

/** The lock's latest record. */
function lockRecord(): { pid?: number; child?: { pid: number }; free?: boolean } {
  const directory = clone.at('.cache', 'setup');
  const highest = Math.max(...readdirSync(directory).map(Number).filter(Number.isInteger));
  return JSON.parse(readFileSync(join(directory, String(highest)), 'utf8')) as ReturnType<typeof lockRecord>;
}

async function npmStarted(count = 1): Promise<void> {
  await expect.poll(() => clone.npmRuns().length, { timeout: 5_000, interval: 10 }).toBe(count);
}

describe.skipIf(process.platform === 'win32')('an interrupted first run', () => {
  test('after a killed setup the next command ends the leftover npm, reinstalls and runs', async () => {
    writeFileSync(hold(), '');
    const first = clone.launch('first');
    await npmStarted();
    const { pid = 0, child } = lockRecord();
    const orphan = clone.npmRuns()[0]?.pid ?? 0;
    expect(child?.pid).toBe(orphan);
    process.kill(pid, 'SIGKILL');
    expect((await first.done).code).toBe(1);
    expect(isProcessAlive(orphan)).toBe(true);

    const second = clone.launch('second');
    await npmStarted(2);
    expect(isProcessAlive(orphan)).toBe(false);
    rmSync(hold());
    expect(await second.done).toMatchObject({ code: 3, stdout: expect.stringContaining('["second"]') as string });
    expect(lockRecord()).toEqual({ free: true });
  });

  test('of ten commands that find a dead lock holder, one takes over and all run', async () => {
    writeFileSync(hold(), '');
    const first = clone.launch();
    await npmStarted();
    process.kill(lockRecord().pid ?? expect.fail('the lock names nobody'), 'SIGKILL');
    await first.done;
    const commands = Array.from({ length: 10 }, () => clone.launch());
    await Promise.any(commands.map(({ seen }) => seen('npm ci')));
    await Promise.any(commands.map(({ seen }) => seen('waiting for it')));
    rmSync(hold());
    const results = await Promise.all(commands.map(({ done }) => done));
    expect(results.map(({ code }) => code)).toEqual(Array.from({ length: 10 }, () => 3));
    expect(clone.npmRuns()).toHaveLength(2);
  });

  test('Ctrl-C ends npm too and frees the lock', async () => {
    writeFileSync(hold(), '');
    const running = start(clone.at('bin', 'xopc'), [], { env: clone.env, detached: true });
    await npmStarted();
    const npm = clone.npmRuns()[0]?.pid ?? 0;
    process.kill(-(running.child.pid ?? 0), 'SIGINT');
    const result = await running.done;
    expect(result.code === 3).toBe(false);
    await expect.poll(() => isProcessAlive(npm), { timeout: 5_000 }).toBe(false);
    await expect.poll(() => lockRecord().free, { timeout: 5_000 }).toBe(true);
  });

  test('after a kill at any moment of the build, the next command rebuilds and removes leftovers', async () => {
    for (const delayMs of [10, 70, 130, 190]) {
      rmSync(clone.at('dist'), { recursive: true, force: true });
      const running = start(clone.at('bin', 'xopc'), [], { env: clone.env, detached: true });
      await running.seen('building');
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      const { pid = 0, child } = lockRecord();
      for (const victim of [pid, child?.pid ?? 0]) if (victim > 0 && isProcessAlive(victim)) process.kill(victim, 'SIGKILL');
      await running.done;

      expect(await clone.run()).toMatchObject({ code: 3, stdout: expect.stringContaining('first words') as string });
      expect(readdirSync(clone.at('dist')).filter((name) => name.startsWith('.'))).toEqual([]);
      expect(existsSync(clone.at('dist', 'build.json'))).toBe(true);
    }
  });

  test('a lock that another user has left unreadable ends the command, which names it', async () => {
    mkdirSync(clone.at('.cache', 'setup'), { recursive: true });
    writeFileSync(clone.at('.cache', 'setup', '7'), '{ "free": true }', { mode: 0 });
    chmodSync(clone.root, 0o755);
    // Root may read everything.
    const uid = process.getuid?.() === 0 ? 65_534 : undefined;
    const { child, done } = start(process.execPath, [clone.at('bin', 'setup.mjs')], { env: clone.env, uid });
    onTestFinished(() => void child.kill('SIGKILL'));
    expect(await done).toMatchObject({ code: 1, stderr: expect.stringMatching(/permission denied.*\.cache\/setup\/7/) as string });
  });

  test('a package that went missing from node_modules is installed again when the lockfile changes', async () => {
    expect((await clone.run()).code).toBe(3);
    rmSync(clone.at('node_modules'));
    expect((await clone.run()).code).toBe(3);
    expect(clone.npmRuns()).toHaveLength(1);
    const later = new Date(Date.now() + 2_000);
    writeFileSync(clone.at('package-lock.json'), `${readFileSync(clone.at('package-lock.json'), 'utf8')}\n`);
    utimesSync(clone.at('package-lock.json'), later, later);
    expect((await clone.run()).code).toBe(3);
    expect(clone.npmRuns()).toHaveLength(2);
  });
});
