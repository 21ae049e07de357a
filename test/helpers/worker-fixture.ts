/** Bundles a fixture program that opens the store: libsql stays outside, because its native part cannot be bundled. */
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { tempDir } from './temp-dir.js';

const root = join(import.meta.dirname, '..', '..');

/** @param name  of a file under test/fixtures. @returns the path of a script for node */
export function buildWorkerFixture(name: string): string {
  const directory = tempDir();
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'), 'dir');
  const outfile = join(directory, `${name}.cjs`);
  buildSync({
    entryPoints: [join(root, 'test', 'fixtures', `${name}.ts`)],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['libsql'],
    outfile,
    logLevel: 'error',
  });
  return outfile;
}
