import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { OpenFiles } from '../../../../../daemon/worker/store/sqlite/open-files.js';
import { tempDir } from '../../../../helpers/temp-dir.js';

function makeFiles() {
  const directory = tempDir();
  const path = join(directory, 'gateway.db');
  const all = ['', '-wal', '-shm'].map((suffix) => path + suffix);
  for (const file of all) writeFileSync(file, 'x');
  return { directory, path, all };
}

test.each([0, 1, 2])('file %i of three that is removed, or replaced, is no longer in place', (number) => {
  const { path, all } = makeFiles();
  const files = new OpenFiles(path);
  expect(files.areInPlace()).toBe(true);
  const file = all[number] ?? '';
  renameSync(file, `${file}.away`);
  expect(files.areInPlace()).toBe(false);
  writeFileSync(file, 'x');
  expect(files.areInPlace()).toBe(false);
  renameSync(`${file}.away`, file);
  expect(files.areInPlace()).toBe(true);
});

test('a file that was missing from the beginning, and a directory that is a file now, are not in place', () => {
  const { path, directory } = makeFiles();
  const files = new OpenFiles(path);
  rmSync(`${path}-shm`);
  expect(new OpenFiles(path).areInPlace()).toBe(false);
  rmSync(directory, { recursive: true });
  writeFileSync(directory, 'x');
  expect(files.areInPlace()).toBe(false);
});
