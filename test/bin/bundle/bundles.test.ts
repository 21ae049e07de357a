import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
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

test('a byte order mark before a JSON body is removed in the bundle, too', async () => {
  const directory = tempDir();
  mkdirSync(join(directory, 'bin'));
  writeFileSync(join(directory, 'bin', 'main.ts'), `export { getDecoder } from '${resolve('node_modules/iconv-lite')}'`);
  const [main] = (await bundleSources(directory)).outputs;
  const path = join(directory, 'main.cjs');
  writeFileSync(path, main?.contents ?? '');
  const { getDecoder } = createRequire(path)(path) as { getDecoder(name: string): { write(bytes: Buffer): string; end(): string } };
  const decoder = getDecoder('utf-8');
  const bytes = Buffer.from('\u{feff}["é\u{feff}"]');
  const texts = Array.from(bytes, (_byte, at) => decoder.write(bytes.subarray(at, at + 1)));
  expect(texts.join('') + decoder.end()).toBe('["é\u{feff}"]');
});
