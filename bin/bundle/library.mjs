/** Builds the files of `xopc/client`. They are only for the package; a gateway never loads them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { describeApi } from './description.mjs';
import { clientTypes, operationTable } from './library-types.mjs';

const NAMES = ['client-options', 'xopc-error'];

/** @returns the declarations of the handwritten sources */
function declarationsOf(sourceRoot) {
  const outDir = mkdtempSync(join(tmpdir(), 'xopc-types-'));
  try {
    const files = NAMES.map((name) => join(sourceRoot, 'client', 'library', `${name}.ts`));
    const options = ['--declaration', '--emitDeclarationOnly', '--ignoreConfig', '--strict', '--target', 'es2022', '--lib', 'es2022,dom'];
    const tsc = join(dirname(createRequire(join(sourceRoot, 'package.json')).resolve('typescript/package.json')), 'bin', 'tsc');
    execFileSync(process.execPath, [tsc, ...options, '--outDir', outDir, ...files], { stdio: ['ignore', 'inherit', 'inherit'] });
    return NAMES.map((name) => readFileSync(join(outDir, `${name}.d.ts`), 'utf8')).join('');
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}

/** @returns the client with a table of operations, as one file */
export async function bundleClient(sourceRoot, table, format) {
  const contents = [
    "import { createClientFor } from './client.js';",
    "export { XopcError } from './xopc-error.js';",
    `export const createClient = (options) => createClientFor(${JSON.stringify(table)}, options);`,
  ].join('\n');
  const { outputFiles } = await build({
    absWorkingDir: sourceRoot,
    stdin: { contents, resolveDir: join(sourceRoot, 'client', 'library') },
    bundle: true,
    write: false,
    minify: true,
    platform: 'neutral',
    mainFields: ['module', 'main'],
    format,
    target: 'es2022',
    legalComments: 'none',
  });
  return outputFiles[0].text;
}

/** @returns the files by name: the same client as an ES module and as CommonJS, and its types for both */
export async function buildClient(sourceRoot) {
  const document = JSON.parse((await describeApi(sourceRoot))['openapi.json']);
  const table = operationTable(document);
  const both = "export * from './types.js';\n";
  return {
    'index.mjs': await bundleClient(sourceRoot, table, 'esm'),
    'index.cjs': await bundleClient(sourceRoot, table, 'cjs'),
    'index.d.mts': both,
    'index.d.cts': both,
    'types.d.ts': `${declarationsOf(sourceRoot)}${clientTypes(document)}`,
  };
}
