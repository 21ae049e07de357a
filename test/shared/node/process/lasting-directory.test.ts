import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { lastingDirectory } from '../../../../shared/node/process/lasting-directory.js';
import { tempDir } from '../../../helpers/temp-dir.js';

function withHome(home: string): string {
  vi.stubEnv('HOME', home);
  onTestFinished(() => void vi.unstubAllEnvs());
  return lastingDirectory();
}

test('is the home', () => {
  const home = tempDir();
  expect(withHome(home)).toBe(home);
});

test('is the root where the home is missing, or is a file', () => {
  const home = join(tempDir(), 'home');
  expect(withHome(home)).toBe('/');
  writeFileSync(home, '');
  chmodSync(home, 0o700);
  expect(withHome(home)).toBe('/');
});

test.skipIf(process.getuid?.() === 0)('is the root where the home must not be entered', () => {
  const home = tempDir();
  chmodSync(home, 0o600);
  onTestFinished(() => chmodSync(home, 0o700));
  expect(withHome(home)).toBe('/');
});
