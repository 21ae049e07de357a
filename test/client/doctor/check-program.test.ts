import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkBuild, checkLauncher, checkNode } from '../../../client/doctor/check-program.js';
import { tempDir } from '../../helpers/temp-dir.js';

test.each([
  ['20.19.0', 'ok'],
  ['22.11.0', 'ok'],
  ['24.0.0', 'ok'],
  ['26.12.1', 'ok'],
  ['23.1.0', 'warn'],
])('Node.js %s: %s', (version, level) => {
  expect(checkNode(version)).toMatchObject({ id: 'node', level, message: expect.stringContaining(version) as string });
});

test('a bundle that is missing, cut or changed is named', () => {
  const directory = tempDir();
  const text = 'exports.main = 1;';
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  writeFileSync(join(directory, 'client.cjs'), `// ${hash}\n${text}`);
  writeFileSync(join(directory, 'config.cjs'), `// ${hash}\n${text.slice(0, -4)}`);
  const { level, message } = checkBuild(directory);
  expect(level).toBe('fail');
  expect(message).not.toContain('client.cjs');
  expect(message).toContain('config.cjs differs from the build');
  expect(message).toContain('worker.cjs cannot be read (ENOENT)');
});

/** A package with its launcher, which is `bin/xopc` in a clone. */
function makePackage(launcher = 'xopc'): string {
  const directory = realpathSync(tempDir());
  for (const part of ['bin', 'dist']) mkdirSync(join(directory, part));
  writeFileSync(join(directory, 'dist', 'main.cjs'), '');
  writeFileSync(join(directory, 'bin', launcher), '#!/bin/sh\n', { mode: 0o755 });
  return directory;
}

function linkTo(target: string): string {
  const directory = tempDir();
  symlinkSync(target, join(directory, 'xopc'));
  return directory;
}

describe('xopc in PATH', () => {
  test('may be this one, also by a link', () => {
    const own = makePackage();
    expect(checkLauncher(own, join(own, 'bin'))).toMatchObject({ level: 'ok', message: expect.stringContaining('is this one') as string });
    expect(checkLauncher(own, [tempDir(), linkTo(join(own, 'bin', 'xopc'))].join(delimiter))).toMatchObject({ level: 'ok' });
  });

  test.each(['xopc', 'xopc.mjs'])("may be missing, which names the %s of this one, or a package manager's script", (launcher) => {
    const own = makePackage(launcher);
    expect(checkLauncher(own, tempDir())).toMatchObject({ level: 'ok', message: `${join(own, 'bin', launcher)}; no xopc is in PATH` });
    const shims = tempDir();
    writeFileSync(join(shims, 'xopc'), '#!/bin/sh\n', { mode: 0o755 });
    expect(checkLauncher(own, shims)).toMatchObject({
      level: 'ok',
      message: expect.stringContaining('a script whose target is not known') as string,
    });
  });

  test('that is another package is pointed out', () => {
    const other = makePackage();
    expect(checkLauncher(makePackage(), linkTo(join(other, 'bin', 'xopc')))).toMatchObject({
      level: 'warn',
      message: expect.stringContaining(join(other, 'bin', 'xopc')) as string,
    });
  });
});
