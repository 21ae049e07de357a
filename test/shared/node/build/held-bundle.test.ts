import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { holdBundle } from '../../../../shared/node/build/held-bundle.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const bundle = (value: string): string => `// 0123456789abcdef\n(function (exports) {exports.value = ${value};})`;

test.each([
  { what: 'was replaced', change: (path: string) => (rmSync(path), writeFileSync(path, bundle("'of another build'"))) },
  { what: 'was removed with its directory', change: (path: string) => rmSync(join(path, '..'), { recursive: true }) },
  { what: 'is as it was', change: () => undefined },
])('a bundle that $what is the one that it was at the start', ({ change }) => {
  const directory = join(tempDir(), 'dist');
  mkdirSync(directory);
  const path = join(directory, 'ai.cjs');
  writeFileSync(path, bundle("'of this build'"));
  const load = holdBundle<{ value: string }>('ai', directory);
  change(path);
  expect(load().value).toBe('of this build');
});

test('a load that failed may be tried again', () => {
  const directory = tempDir();
  writeFileSync(join(directory, 'ai.cjs'), bundle('(globalThis.tries = (globalThis.tries ?? 0) + 1) > 1 ? 1 : missing'));
  const load = holdBundle<{ value: number }>('ai', directory);
  expect(() => load()).toThrow('missing is not defined');
  expect(load().value).toBe(1);
});

test('a bundle that is not there says so when it is needed', () => {
  const load = holdBundle('ai', join(tempDir(), 'nowhere'));
  expect(() => load()).toThrow('ai.cjs');
});
