/**
 * `npm run build`: one minified CommonJS bundle per process role and per part that is loaded late, each with V8 cached
 * data for this Node, and the page as one file. A running gateway may read `dist` at any moment: every file is renamed into place complete, its
 * cached data before it, and `build.json`, by which a running gateway notices a newer build, comes last. `--design` adds the page of all
 * components, `#/design`.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleSources } from './bundle/bundles.mjs';
import { libsqlPackages } from './libsql-packages.mjs';
import { noticesOf } from './bundle/notices.mjs';
import { packPage } from './bundle/page-pack.mjs';
import { acquireSetupLock } from './setup-lock.mjs';
import { readSources, writeStamp } from './stamp.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Loading every bundle once and running its warm-up takes half a second. */
const WARM_UP_TIMEOUT_MS = 30_000;

const sha256 = (data) => createHash('sha256').update(data).digest('hex');

/** @returns the path of libsql's native part that loads on this machine, or undefined where none is installed. */
function nativeLibsql(require) {
  for (const name of libsqlPackages(process)) {
    try {
      require(name);
      return require.resolve(name);
    } catch {
      // Built for the other C library, or not installed by the package manager.
    }
  }
  return undefined;
}

function linkOrCopy(from, to) {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

const withHeader = (contents) => `// ${sha256(contents).slice(0, 16)}\n${contents}`;

/** Adds the wrapper that `require` would add; only the entry is loaded through `require`. */
const wrapped = (contents) => `(function (exports, require, module, __filename, __dirname) {${contents}\n})\n`;

/** Writes everything into `staging`, cached data included. @returns the build id */
function writeStaging({ staging, dist, files, require }) {
  mkdirSync(staging, { recursive: true });
  for (const [name, source] of files) writeFileSync(join(staging, name), source);
  const native = nativeLibsql(require);
  if (native !== undefined) linkOrCopy(native, join(staging, 'libsql.node'));
  execFileSync(process.execPath, [join(staging, 'main.cjs'), '@cached-data', dist], {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: WARM_UP_TIMEOUT_MS,
  });
  return sha256(files.map(([, source]) => source).join('\0')).slice(0, 16);
}

/** Renames the staged files into `dist`, then removes files of other builds. */
function publish({ staging, dist, files, info }) {
  const [cacheKey] = readdirSync(join(staging, 'cache'));
  const cacheDirectory = join(dist, 'cache', cacheKey);
  mkdirSync(cacheDirectory, { recursive: true });
  const data = readdirSync(join(staging, 'cache', cacheKey));
  const names = files.map(([name]) => name);
  for (const name of data) renameSync(join(staging, 'cache', cacheKey, name), join(cacheDirectory, name));
  for (const name of ['libsql.node', ...names]) if (existsSync(join(staging, name))) renameSync(join(staging, name), join(dist, name));
  for (const key of readdirSync(join(dist, 'cache')))
    if (key !== cacheKey) rmSync(join(dist, 'cache', key), { recursive: true, force: true });
  for (const name of readdirSync(cacheDirectory)) if (!data.includes(name)) rmSync(join(cacheDirectory, name), { force: true });
  for (const name of readdirSync(dist)) if (name.endsWith('.cjs') && !names.includes(name)) rmSync(join(dist, name), { force: true });
  writeFileSync(join(staging, 'build.json'), `${JSON.stringify(info)}\n`);
  renameSync(join(staging, 'build.json'), join(dist, 'build.json'));
}

/**
 * Builds the sources under `sourceRoot` into its `dist`. The caller holds the setup lock: anything in the staging directory was left by a
 * killed build.
 * @returns build.json's content and the bundles' sizes in bytes
 */
async function buildAll(sourceRoot) {
  const dist = join(sourceRoot, 'dist');
  const staging = join(dist, '.staging');
  const readAtMs = Date.now();
  const sources = readSources(sourceRoot);
  mkdirSync(dist, { recursive: true });
  rmSync(staging, { recursive: true, force: true });
  try {
    const [{ outputs, inputs }, page] = await Promise.all([
      bundleSources(sourceRoot),
      packPage(sourceRoot, { hasDesign: process.argv.includes('--design') }),
    ]);
    const files = outputs.map(({ name, contents }) => [name, withHeader(name === 'main.cjs' ? contents : wrapped(contents))]);
    if (page !== undefined) files.push(['page.json', page.text]);
    const parts = [...Object.values(inputs).flatMap((bundle) => Object.keys(bundle)), ...(page?.modules ?? [])];
    files.push(['THIRD-PARTY-NOTICES.txt', noticesOf(sourceRoot, parts)]);
    const require = createRequire(join(sourceRoot, 'package.json'));
    const buildId = writeStaging({ staging, dist, files, require });
    const { version } = JSON.parse(readFileSync(join(sourceRoot, 'package.json'), 'utf8'));
    const info = { version, buildId };
    publish({ staging, dist, files, info });
    const manual = execFileSync(process.execPath, [join(dist, 'main.cjs'), '@man'], { timeout: WARM_UP_TIMEOUT_MS });
    writeFileSync(join(staging, 'xopc.1'), manual);
    renameSync(join(staging, 'xopc.1'), join(dist, 'xopc.1'));
    rmSync(staging, { recursive: true, force: true });
    writeStamp(sourceRoot, sources, readAtMs);
    return { ...info, sizes: Object.fromEntries(files.map(([name, source]) => [name, source.length])) };
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

async function main() {
  // Vite reads this variable; the caller's value does not concern the page.
  process.env.NODE_ENV = 'production';
  const startedAt = performance.now();
  const { version, buildId, sizes } = await buildAll(root);
  const kilobytes = Object.entries(sizes).map(([name, bytes]) => `${name} ${Math.ceil(bytes / 1024)} KB`);
  process.stdout.write(`xopc ${version} build ${buildId}: ${kilobytes.join(', ')} in ${Math.round(performance.now() - startedAt)} ms\n`);
}

// Not compared by path: that of the module is without links.
if (basename(process.argv[1] ?? '') === 'build.mjs') {
  const isLocked = process.argv.includes('--locked');
  const onWait = (pid) => process.stderr.write(`xopc: process ${pid} is building here; waiting for it ...\n`);
  const lock = isLocked ? undefined : await acquireSetupLock(join(root, '.cache', 'setup'), onWait);
  try {
    await main();
  } catch (error) {
    // esbuild's messages include the position in the source; our own errors need the stack.
    process.stderr.write(`${error.errors === undefined ? error.stack : error.message}\n`);
    process.exitCode = 1;
  } finally {
    lock?.release();
  }
}
