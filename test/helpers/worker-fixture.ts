/** Bundles a program that opens the store: libsql stays outside, because its native part cannot be bundled. */
import { symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildSync } from 'esbuild';
import { tempDir } from './temp-dir.js';

const root = join(import.meta.dirname, '..', '..');

/** @param entry  below the root. @returns the path of a script for node */
function bundle(entry: string): string {
  const directory = tempDir();
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'), 'dir');
  const outfile = join(directory, `${basename(entry, '.ts')}.cjs`);
  buildSync({
    entryPoints: [join(root, entry)],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['libsql', 'pg'],
    outfile,
    logLevel: 'error',
  });
  return outfile;
}

/** @param name  of a file under test/fixtures. @returns the path of a script for node */
export function buildWorkerFixture(name: string): string {
  return bundle(`test/fixtures/${name}.ts`);
}
