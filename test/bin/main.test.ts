import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeMiniClone, type MiniClone, start } from '../helpers/mini-clone.js';

let clone: MiniClone;

beforeAll(async () => {
  clone = makeMiniClone({ isInstalled: true });
  expect((await clone.run()).code).toBe(3);
});
afterAll(() => clone.remove());

test.each([
  ['@supervisor', 'supervisor ["a"]\n'],
  ['@worker', 'worker ["a"] 1 Invalid input: expected number, received string\n'],
  ['@fallback', 'fallback ["a"]\n'],
])('%s loads that role with the arguments after it', async (role, stdout) => {
  expect(await clone.runEntry(role, 'a')).toMatchObject({ code: 0, stdout });
});

test('any other first argument is for the client, with all arguments', async () => {
  const result = await clone.runEntry('@other', 'gateway');
  expect(result).toMatchObject({ code: 3, stdout: expect.stringContaining('["@other","gateway"]') as string });
  expect((await clone.runEntry('toString')).stdout).toContain('["toString"]');
});

test('the exit waits until a slow reader has taken everything', async () => {
  const running = start('/bin/sh', ['-c', `"${process.execPath}" "${clone.at('dist', 'main.cjs')}" big 5000000 | { sleep 0.3; wc -c; }`], {
    env: clone.env,
  });
  expect((await running.done).stdout.trim()).toBe('5000000');
});

test('a reader that closes the pipe early causes no error', async () => {
  const running = start('/bin/sh', ['-c', `"${process.execPath}" "${clone.at('dist', 'main.cjs')}" big 5000000 | head -c 10`], {
    env: clone.env,
  });
  expect(await running.done).toMatchObject({ code: 0, stdout: 'xxxxxxxxxx', stderr: '' });
});

test('a role whose main returns nothing stays alive', async () => {
  const running = start(process.execPath, [clone.at('dist', 'main.cjs'), 'wait'], { env: clone.env });
  await running.seen('waiting');
  expect(running.child.exitCode).toBe(null);
  running.child.kill('SIGTERM');
  expect((await running.done).signal).toBe('SIGTERM');
});

test('a role whose main fails ends with 1 and the error on stderr', async () => {
  expect(await clone.runEntry('throw')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('thrown by the fixture') as string,
  });
});

/** Runs `use` with the source of a bundle replaced. */
async function withBundle(name: string, source: string, use: () => Promise<void>): Promise<void> {
  const path = clone.at('dist', `${name}.cjs`);
  const whole = readFileSync(path, 'utf8');
  writeFileSync(path, source);
  try {
    await use();
  } finally {
    writeFileSync(path, whole);
  }
}

const BROKEN = [
  ['cut off', 'function ('],
  ['failing at load', "throw new Error('no such luck')"],
  ['without a main', 'exports.other = 1;'],
] as const;

/** What a process of each role tells its parent. */
const REPORTS = [
  ['worker', { type: 'bootFailed', problems: [] }],
  ['supervisor', { type: 'failed' }],
] as const;

describe.each(REPORTS)('a %s bundle', (name, report) => {
  test.each(BROKEN)('%s tells its parent by IPC before it exits', async (_how, source) => {
    await withBundle(name, source, async () => {
      const running = start(process.execPath, [clone.at('dist', 'main.cjs'), `@${name}`], { env: clone.env, ipc: true });
      const message = new Promise((resolve) => running.child.once('message', resolve));
      expect(await message).toMatchObject({
        ...report,
        error: {
          code: 'BUILD_BROKEN',
          message: expect.stringContaining(`the ${name} program cannot be loaded`) as string,
          hint: expect.stringContaining('npm run build') as string,
        },
      });
      expect((await running.done).code).toBe(1);
    });
  });
});

test.each(BROKEN)('a client bundle %s prints one line with the fix on stderr', async (_how, source) => {
  await withBundle('client', source, async () => {
    const result = await clone.runEntry('agent');
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
    expect(result.stderr).toMatch(/^xopc: the client program cannot be loaded from .*npm run build/);
  });
});

const STORMS = 30;

/** Whether something listens on Node's default debugger port. */
function isDebuggerOpen(): boolean {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFileSync(path, 'utf8'));
  return tables.some((table) => /:240D [0-9A-F]+:0000 0A/.test(table));
}

test.skipIf(process.platform !== 'linux')(
  'SIGUSR1 every third of a millisecond from the first on ends no process and opens no debugger',
  async () => {
    for (let round = 0; round < STORMS; round++) {
      const script = `trap '' USR1; echo trapped; exec "${clone.at('bin', 'xopc')}" wait`;
      const running = start('/bin/sh', ['-c', script], { env: clone.env });
      await running.seen('trapped');
      let isReady = false;
      void running.seen('waiting').then(() => (isReady = true));
      while (!isReady && running.child.exitCode === null && running.child.signalCode === null) {
        for (let shot = 0; shot < 5; shot++) running.child.kill('SIGUSR1');
        expect(isDebuggerOpen()).toBe(false);
        await new Promise(setImmediate);
      }
      for (let shot = 0; shot < 20; shot++) running.child.kill('SIGUSR1');
      expect(isReady).toBe(true);
      expect(isDebuggerOpen()).toBe(false);
      running.child.kill('SIGTERM');
      expect((await running.done).signal).toBe('SIGTERM');
    }
  },
);
