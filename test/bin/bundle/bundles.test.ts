import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundleSources } from '../../../bin/bundle/bundles.mjs';
import { tempDir } from '../../helpers/temp-dir.js';

test.each([
  ["export const text = '…'", true],
  ['export const pattern = /[\\u2026]/', true],
  ['export const pattern = /[…]/', false],
])('a bundle of %s is built: %s', async (source, isBuilt) => {
  const directory = tempDir();
  mkdirSync(join(directory, 'bin'));
  writeFileSync(join(directory, 'bin', 'main.ts'), source);
  const built = bundleSources(directory);
  if (isBuilt) expect((await built).outputs.map(({ name }) => name)).toEqual(['main.cjs']);
  else await expect(built).rejects.toThrow('main.cjs is not ASCII: write the characters of regular expressions as \\u escapes');
});
