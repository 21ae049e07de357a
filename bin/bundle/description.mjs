/** Generates the API description from the routes themselves, which the build bundles and runs for this. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInThisContext } from 'node:vm';
import { build } from 'esbuild';
import { OPTIONS } from './bundles.mjs';

/** @returns `descriptionFiles` of the routes under `sourceRoot`, with the version from its package.json */
export async function describeApi(sourceRoot) {
  const entryPoints = { describe: 'daemon/worker/http/openapi/describe-routes.ts' };
  const { outputFiles } = await build({ ...OPTIONS, absWorkingDir: sourceRoot, entryPoints, target: 'node20', metafile: false });
  const path = join(sourceRoot, 'dist', 'describe.cjs');
  const module = { exports: {} };
  runInThisContext(`(function (exports, require, module) {${outputFiles[0].text}\n})`, { filename: path })(
    module.exports,
    createRequire(pathToFileURL(path)),
    module,
  );
  const { version } = JSON.parse(readFileSync(join(sourceRoot, 'package.json'), 'utf8'));
  return module.exports.descriptionFiles(version);
}
