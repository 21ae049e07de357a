import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readFileStart } from '../../../../shared/node/files/file-start.js';
import { tempDir } from '../../../helpers/temp-dir.js';

test.each([
  [3, 'abc'],
  [6, 'abcdef'],
  [100, 'abcdef'],
])('at most %i bytes are read', (maxBytes, expected) => {
  const path = join(tempDir(), 'file');
  writeFileSync(path, 'abcdef');
  const { stats, bytes } = readFileStart(path, maxBytes);
  expect([bytes.toString('utf8'), stats.size]).toEqual([expected, 6]);
});

test.runIf(process.platform !== 'win32')('a FIFO does not block, and a directory is no error', () => {
  const directory = tempDir();
  const fifo = join(directory, 'fifo');
  execFileSync('mkfifo', [fifo]);
  for (const path of [fifo, directory]) {
    const { stats, bytes } = readFileStart(path, 10);
    expect([stats.isFile(), bytes.length]).toEqual([false, 0]);
  }
});

test('no file is the error of the file system', () => {
  expect(() => readFileStart(join(tempDir(), 'none'), 1)).toThrow(expect.objectContaining({ code: 'ENOENT' }) as Error);
});
