import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rotateLogs } from '../../../../daemon/supervisor/logs/log-rotation.js';
import { walkGenerations } from '../../../../shared/node/log/log-generations.js';
import { tempDir } from '../../../helpers/temp-dir.js';

/** A log with generations `.1` to `.3`; what they contain is their age. */
function makeLog(): string {
  const path = join(tempDir(), 'gateway.log');
  writeFileSync(path, '0');
  for (const generation of [1, 2, 3]) writeFileSync(`${path}.${generation}`, `${generation}`);
  return path;
}

async function walk(path: string, onFile: (text: string) => void = () => undefined): Promise<string[]> {
  const texts: string[] = [];
  for await (const { handle } of walkGenerations(path)) {
    texts.push(await handle.readFile('utf8'));
    await handle.close();
    onFile(texts.at(-1) ?? '');
  }
  return texts;
}

function rotate(path: string): void {
  rotateLogs({ logPath: path, files: 90 });
  writeFileSync(path, 'newer');
}

test('the files are opened from newest to oldest; a number may be missing', async () => {
  const path = makeLog();
  rotateLogs({ logPath: path, files: 9 });
  expect(await walk(path)).toEqual(['0', '1', '2', '3']);
  mkdirSync(path);
  expect(await walk(path)).toEqual(['0', '1', '2', '3']);
});

test.each([1, 2, 5])('%d rotations after each file: each older one once, and none that is newer', async (rotations) => {
  const path = makeLog();
  const texts = await walk(path, () => {
    for (let rotation = 0; rotation < rotations; rotation += 1) rotate(path);
  });
  expect(texts).toEqual(['0', '1', '2', '3']);
});
