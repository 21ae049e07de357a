import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noMountReason } from './helpers/small-disk.js';
import { tempDir } from './helpers/temp-dir.js';
import { inMemory } from './memory.mjs';

test.skipIf(noMountReason !== undefined)('temporary files are in memory, for the command alone, which is run as it is', () => {
  const directory = tempDir();
  const command = 'echo "$TMPDIR: $1" > "$TMPDIR/said"; cat "$TMPDIR/said"; stat --file-system --format=%T "$TMPDIR"';
  const [program = '', ...args] = [...inMemory(directory, Infinity), 'sh', '-c', command, 'sh', 'two words'];
  expect(execFileSync(program, args, { encoding: 'utf8' })).toBe(`${directory}: two words\ntmpfs\n`);
  expect(readdirSync(directory)).toEqual([]);
});

test.skipIf(process.platform !== 'linux')('where none can be mounted, or memory is short, a command runs as without it', () => {
  expect([inMemory(join(tempDir(), 'missing'), Infinity), inMemory(tempDir(), 2 ** 31)]).toEqual([[], []]);
});
