import { chmodSync, chownSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { loadNativeAsset } from '../../../../shared/node/build/native-asset.js';
import { tempDir } from '../../../helpers/temp-dir.js';

/** Loads it as the single executable does. Returns the file that was loaded. */
function load(): string {
  const sea = { getAsset: () => 'v1', getRawAsset: () => Buffer.from('a module') };
  const real = process.getBuiltinModule;
  const replaced = (id: string): unknown => (id === 'node:sea' ? sea : real(id));
  const builtin = vi.spyOn(process, 'getBuiltinModule').mockImplementation(replaced as typeof real);
  let loaded = '';
  const dlopen = vi.spyOn(process, 'dlopen').mockImplementation((_module, path) => void (loaded = path));
  try {
    loadNativeAsset('libsql.node');
    return loaded;
  } finally {
    builtin.mockRestore();
    dlopen.mockRestore();
  }
}

const ANOTHER_USER = 12_345;

test.runIf(process.getuid?.() === 0)('the native module is only loaded from directories that no other user can write to', () => {
  const [home, runtimeDir] = [tempDir(), tempDir()];
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv('XOPC_HOME', home);
  vi.stubEnv('XDG_RUNTIME_DIR', runtimeDir);
  const inHome = load();
  expect(inHome).toBe(join(home, 'cache', 'v1', 'libsql.node'));
  chmodSync(join(home, 'cache'), 0o777);
  expect(load()).toBe(inHome);
  expect(statSync(join(home, 'cache')).mode & 0o777).toBe(0o700);
  chownSync(join(home, 'cache'), ANOTHER_USER, 0);
  const besides = load();
  expect(besides.startsWith(runtimeDir)).toBe(true);
  chownSync(dirname(dirname(besides)), ANOTHER_USER, 0);
  expect(load).toThrow(expect.objectContaining({ code: 'STORE_UNAVAILABLE' }) as Error);
});
