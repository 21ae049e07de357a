import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hashText } from '../../../../shared/node/config/config-text.js';
import {
  isVersionOf,
  keepVersion,
  listVersions,
  MAX_CONFIG_VERSIONS,
  readVersion,
} from '../../../../shared/node/config/config-versions.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const directory = (): string => join(tempDir(), 'versions');

test('each text is kept once in a row, newest first, with its time', async () => {
  const dir = directory();
  expect(listVersions(dir)).toEqual([]);
  await keepVersion(dir, '{"a":1}', 1_700_000_000_000);
  await keepVersion(dir, '{"a":1}', 1_700_000_001_000);
  await keepVersion(dir, '{"a":2}', 1_700_000_002_000);
  await keepVersion(dir, '{"a":1}', 1_700_000_003_000);
  const versions = listVersions(dir);
  expect(versions.map(({ id, atMs }) => [readVersion(dir, id), atMs])).toEqual([
    ['{"a":1}', 1_700_000_003_000],
    ['{"a":2}', 1_700_000_002_000],
    ['{"a":1}', 1_700_000_000_000],
  ]);
  expect(versions.map((version) => isVersionOf(version, hashText('{"a":2}')))).toEqual([false, true, false]);
  expect(statSync(join(dir, readdirSync(dir)[0] ?? '')).mode & 0o777).toBe(0o600);
});

test('the oldest beyond the limit go, also while the clock stands still or was set back', async () => {
  const dir = directory();
  for (let number = 0; number < MAX_CONFIG_VERSIONS + 5; number += 1) await keepVersion(dir, String(number), 1_700_000_000_000 - number);
  expect(readdirSync(dir)).toHaveLength(MAX_CONFIG_VERSIONS);
  expect(listVersions(dir).map(({ id }) => readVersion(dir, id))).toEqual(
    Array.from({ length: MAX_CONFIG_VERSIONS }, (_value, index) => String(MAX_CONFIG_VERSIONS + 4 - index)),
  );
});

test('what is no version is left alone and cannot be read as one', async () => {
  const dir = directory();
  await keepVersion(dir, '{}', 1_700_000_000_000);
  writeFileSync(join(dir, 'notes.json'), 'mine');
  expect(listVersions(dir)).toHaveLength(1);
  for (const id of ['notes', '../versions/notes', '']) expect(readVersion(dir, id)).toBeUndefined();
});
