import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installedDirectory } from '../../../../shared/node/build/installed-directory.js';

let root: string;

beforeAll(() => (root = realpathSync(mkdtempSync(join(tmpdir(), 'xopc-installed-')))));
afterAll(() => rmSync(root, { recursive: true }));

/** @returns the path of a package's new `dist` */
function packageAt(...parts: string[]): string {
  const dist = join(root, ...parts, 'dist');
  mkdirSync(join(root, ...parts, 'bin'), { recursive: true });
  mkdirSync(dist);
  return dist;
}

test('an entry that was started by its own path stays there', () => {
  const dist = packageAt('plain');
  expect(installedDirectory(dist, join(dist, 'main.cjs'))).toBe(dist);
  expect(installedDirectory(dist, join(root, 'plain', 'bin', 'xopc.mjs'))).toBe(dist);
  expect(installedDirectory(dist, undefined)).toBe(dist);
});

test('a link to the command says nothing about the package', () => {
  const dist = packageAt('lib', 'node_modules', 'xopc');
  mkdirSync(join(root, 'bin'));
  symlinkSync('../lib/node_modules/xopc/bin/xopc.mjs', join(root, 'bin', 'xopc'));
  expect(installedDirectory(dist, join(root, 'bin', 'xopc'))).toBe(dist);
});

test('a package that is reached by a link to its version keeps the path of the link', () => {
  const dist = packageAt('releases', '1');
  symlinkSync('releases/1', join(root, 'current'));
  const named = join(root, 'current', 'dist');
  expect(installedDirectory(dist, join(named, 'main.cjs'))).toBe(named);
  expect(installedDirectory(dist, join(root, 'current', 'bin', 'xopc.mjs'))).toBe(named);
});

test.each([
  ['global', ['global', '.pnpm'], ['global', 'node_modules', 'xopc']],
  ['of a project', ['project', 'node_modules', '.pnpm'], ['project', 'node_modules', 'xopc']],
])('a package %s in the directories of pnpm has the path of its link', (_where, store, link) => {
  const dist = packageAt(...store, 'xopc@0.1.0', 'node_modules', 'xopc');
  mkdirSync(join(root, ...link, '..'), { recursive: true });
  expect(installedDirectory(dist, join(dist, '..', 'bin', 'xopc.mjs'))).toBe(dist);
  symlinkSync(join(dist, '..'), join(root, ...link));
  expect(installedDirectory(dist, join(dist, '..', 'bin', 'xopc.mjs'))).toBe(join(root, ...link, 'dist'));
});
