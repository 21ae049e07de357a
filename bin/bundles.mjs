/** Which bundles there are, and how esbuild makes them. Nothing is written here. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { bundleStubs } from './bundle-stubs.mjs';
import { lateBuiltins } from './late-builtins.mjs';

/** Bundle name → entry. A part that this version does not have is left out. */
const ENTRIES = {
  main: 'bin/main.ts',
  client: 'client/main.ts',
  tools: 'client/tools.ts',
  supervisor: 'daemon/supervisor/main.ts',
  worker: 'daemon/worker/main.ts',
  fallback: 'daemon/fallback/main.ts',
  ai: 'daemon/worker/lazy/ai.ts',
  telegram: 'daemon/worker/lazy/telegram.ts',
  late: 'daemon/worker/lazy/late.ts',
  database: 'daemon/worker/lazy/database.ts',
};

const OPTIONS = {
  bundle: true,
  write: false,
  metafile: true,
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  platform: 'node',
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  // Its CommonJS form loads its parts in a way that cannot be bundled.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  logLevel: 'silent',
  plugins: [bundleStubs(), lateBuiltins()],
};

/**
 * Bundles the sources under `sourceRoot`.
 * @returns the bundles as file name and contents, and by file name the sources that went into each with their bytes
 */
export async function bundleSources(sourceRoot) {
  const options = { ...OPTIONS, absWorkingDir: sourceRoot };
  const { main, ...roles } = ENTRIES;
  const present = Object.fromEntries(Object.entries(roles).filter(([, path]) => existsSync(join(sourceRoot, path))));
  const results = await Promise.all([
    // The entry tells even an old Node what is wrong, so it must parse there.
    build({ ...options, entryPoints: { main }, target: 'node12' }),
    build({ ...options, entryPoints: present, target: 'node20' }),
  ]);
  const warnings = results.flatMap((result) => result.warnings);
  if (warnings.length > 0) throw new Error(warnings.map((warning) => `${warning.location?.file}: ${warning.text}`).join('\n'));
  const outputs = results.flatMap((result) => result.outputFiles).map((file) => ({ name: basename(file.path), contents: file.text }));
  const inputs = results
    .flatMap((result) => Object.entries(result.metafile.outputs))
    .map(([path, output]) => [basename(path), output.inputs]);
  return { outputs, inputs: Object.fromEntries(inputs) };
}
