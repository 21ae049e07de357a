import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { spawnArguments } from '../../bin/setup.mjs';
import { isProcessAlive, makeMiniClone, type MiniClone } from '../helpers/mini-clone.js';

const NODE = 'C:\\Program Files\\nodejs\\node.exe';
const root = 'C:\\Users\\Ann Lee\\xopc';

test('on Windows only npm is run by a shell, which would split a path with spaces', () => {
  const args = [`${root}\\bin\\build.mjs`, '--locked'];
  const [command, given, options] = spawnArguments('win32', { root, command: NODE, args });
  expect([command, given, options]).toEqual([NODE, args, expect.not.objectContaining({ shell: true })]);
  const npm = spawnArguments('win32', { root, command: 'npm', args: ['ci', '--include=dev'] });
  expect(npm).toEqual(['npm ci --include=dev', [], expect.objectContaining({ cwd: root, shell: true })]);
});

describe.skipIf(process.platform === 'win32')('an npm that fails', () => {
  function cloneWith(file: 'fail' | 'unreachable', text: string): MiniClone {
    const clone = makeMiniClone({ isInstalled: false });
    onTestFinished(() => clone.remove());
    writeFileSync(join(clone.npm, file), text);
    return clone;
  }

  test("without a network npm's own reason is shown, and the next command retries", async () => {
    const clone = cloneWith('fail', 'npm error code ENOTFOUND\nnpm error network request to https://registry.example failed\n');
    const failed = await clone.run();
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toMatch(
      /npm could not install[\s\S]*ENOTFOUND[\s\S]*https:\/\/registry\.example failed[\s\S]*needs network access/,
    );
    rmSync(join(clone.npm, 'fail'));
    expect((await clone.run()).code).toBe(3);
  });

  test.each([
    ['npm error code E503\n', /code E503\nInstalling needs network access/],
    ['npm ERR! code ETIMEDOUT\n', /code ETIMEDOUT\nInstalling needs network access/],
    ['npm warn network ECONNRESET\nnpm error code ENOSPC\n', /code ENOSPC\nCorrect this problem, then run the same command again\.\n$/],
  ])('the error blames the network only if npm names it as the cause: %j', async (text, error) => {
    expect((await cloneWith('fail', text).run()).stderr).toMatch(error);
  });

  test.each([
    ['EAI_AGAIN', /cannot be reached: EAI_AGAIN\nInstalling needs network access/],
    ['503', /cannot be reached: 503\nInstalling needs network access/],
    ['FETCH_ERROR', /cannot be reached: FETCH_ERROR\nInstalling needs network access/],
    ['SELF_SIGNED_CERT_IN_CHAIN', /cannot be reached: SELF_SIGNED_CERT_IN_CHAIN\nCorrect this problem/],
  ])('a registry that never answers fails the setup after the second attempt: %s', async (reason, error) => {
    const request = 'npm http fetch GET https://registry.example/zod/-/zod-4.6.7.tgz attempt';
    const clone = cloneWith('unreachable', `${request} 1 failed with ${reason}\n${request} 2 failed with ${reason}\n`);
    const result = await clone.run();
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toMatch(error);
    expect(isProcessAlive(clone.npmRuns()[0]?.pid ?? 0)).toBe(false);
  });
});
