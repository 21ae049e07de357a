/** The bundles, and how esbuild builds them. Writes nothing. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { bundleStubs } from './bundle-stubs.mjs';

/** Bundle name → entry. Entries that do not exist (in a test's clone) are skipped. */
const CLIENT = { client: 'client/main.ts', tools: 'client/tools.ts' };
const DAEMON = {
  supervisor: 'daemon/supervisor/main.ts',
  worker: 'daemon/worker/main.ts',
  fallback: 'daemon/fallback/main.ts',
  ai: 'daemon/worker/lazy/ai.ts',
  late: 'daemon/worker/lazy/late.ts',
  mcp: 'daemon/worker/lazy/mcp.ts',
  database: 'daemon/worker/lazy/database.ts',
};

export const OPTIONS = {
  bundle: true,
  write: false,
  metafile: true,
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  platform: 'node',
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  alias: {
    // Its CommonJS build loads its parts in a way that cannot be bundled.
    'jsonc-parser': 'jsonc-parser/lib/esm/main.js',
    // One table, loaded once, instead of the three versions that Koa's packages depend on.
    'mime-db': 'mime-db',
    'mime-types': 'mime-types',
    '@neon-rs/load': './bin/native-database.ts',
  },
  // Makes libsql use `@neon-rs/load` to choose its native part. `debug` looks for `localStorage`, of which Node 26 warns.
  define: { 'process.env.LIBSQL_JS_DEV': '"1"', localStorage: 'undefined' },
  external: ['@libsql/*'],
  logLevel: 'silent',
  plugins: [bundleStubs()],
};

/**
 * Bundles the sources under `sourceRoot`.
 * @returns the bundles as file name and contents, and by file name the sources that went into each with their bytes
 */
export async function bundleSources(sourceRoot) {
  const options = { ...OPTIONS, absWorkingDir: sourceRoot };
  const present = (entries) => Object.fromEntries(Object.entries(entries).filter(([, path]) => existsSync(join(sourceRoot, path))));
  const results = await Promise.all([
    // The entry must parse on an old Node, to report that it is too old.
    build({ ...options, entryPoints: { main: 'bin/main.ts' }, target: 'node12' }),
    // clipanion would open standard input when loaded. Our own code that reads standard input imports `node:process`.
    build({ ...options, entryPoints: present(CLIENT), define: { 'process.stdin': 'undefined' }, target: 'node20' }),
    build({ ...options, entryPoints: present(DAEMON), target: 'node20' }),
  ]);
  const warnings = results.flatMap((result) => result.warnings);
  if (warnings.length > 0) throw new Error(warnings.map((warning) => `${warning.location?.file}: ${warning.text}`).join('\n'));
  const outputs = results.flatMap((result) => result.outputFiles).map((file) => ({ name: basename(file.path), contents: file.text }));
  // V8 stores a string with a single non-Latin-1 character in two bytes per character. esbuild escapes such characters, but not in
  // regular expressions.
  const wide = outputs.find(({ contents }) => /[^\0-\x7f]/.test(contents));
  if (wide !== undefined) throw new Error(`${wide.name} is not ASCII: write the characters of regular expressions as \\u escapes`);
  const inputs = results
    .flatMap((result) => Object.entries(result.metafile.outputs))
    .map(([path, output]) => [basename(path), output.inputs]);
  return { outputs, inputs: Object.fromEntries(inputs) };
}
