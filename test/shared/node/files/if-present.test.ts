import { constants, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { canAccess, ifPresent } from '../../../../shared/node/files/if-present.js';
import { tempDir } from '../../../helpers/temp-dir.js';

test('only a missing file counts as missing', () => {
  const directory = tempDir();
  const path = join(directory, 'file');
  expect(ifPresent(() => readFileSync(path, 'utf8'))).toBeUndefined();
  writeFileSync(path, 'text');
  expect(ifPresent(() => readFileSync(path, 'utf8'))).toBe('text');
  expect(() => ifPresent(() => readFileSync(directory))).toThrow('EISDIR');
});

test('access is asked for by mode', () => {
  const directory = tempDir();
  const path = join(directory, 'file');
  writeFileSync(path, '', { mode: 0o600 });
  expect(canAccess(path, constants.F_OK)).toBe(true);
  expect(canAccess(path, constants.X_OK)).toBe(false);
  expect(canAccess(join(directory, 'other'), constants.F_OK)).toBe(false);
});
