/**
 * `npm run build:binary`: builds one executable, `dist/xopc`: a copy of Node (bin/sea-node.mjs) that contains the built bundles,
 * their cached data and the native part of the database (https://nodejs.org/api/single-executable-applications.html). It runs every
 * command without an installed Node, package or any other file, on the platform and C library that it was built on.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findSeaNode, FUSE } from './sea-node.mjs';
import { setUp } from './setup.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const isMac = process.platform === 'darwin';
const binaryName = process.platform === 'win32' ? 'xopc.exe' : 'xopc';

/** As in shared/node/build/single-executable.ts. */
const TRAILER_MARK = 'XOPC-BUILD';
const TRAILER_BYTES = 256;

const sha256 = (data) => createHash('sha256').update(data).digest('hex');
const note = (text) => process.stdout.write(`xopc: ${text}\n`);

/**
 * The assets of the executable: name → file. Cached data loses the hash in its name, because the executable contains only one
 * build.
 */
function collectAssets(node, work) {
  const names = readdirSync(dist).filter(
    (name) => (name.endsWith('.cjs') && name !== 'main.cjs') || ['build.json', 'page.json'].includes(name),
  );
  const assets = Object.fromEntries(names.map((name) => [name, join(dist, name)]));
  const key = execFileSync(node, ['-p', '`${process.version}-${process.arch}-${process.versions.v8}`'], { encoding: 'utf8' }).trim();
  const cache = join(dist, 'cache', key);
  if (!existsSync(cache)) execFileSync(node, [join(dist, 'main.cjs'), '@cached-data'], { stdio: 'inherit' });
  for (const name of readdirSync(cache)) assets[name.replace(/-[0-9a-f]{16}\.bin$/, '.bin')] = join(cache, name);
  const native = join(dist, 'libsql.node');
  const hash = join(work, 'libsql.node.hash');
  writeFileSync(hash, sha256(readFileSync(native)).slice(0, 16));
  return { ...assets, 'libsql.node': native, 'libsql.node.hash': hash };
}

function makeBlob(node, work) {
  const blob = join(work, 'app.blob');
  const config = join(work, 'sea.json');
  const settings = {
    main: join(dist, 'main.cjs'),
    output: blob,
    disableExperimentalSEAWarning: true,
    // As in bin/xopc: until the program has its handler, SIGUSR1 would open Node's debugger. With `--disable-sigusr1` Node
    // leaves the signal blocked (24.21), so that the handler is never called.
    execArgv: ['--inspect-port=192.0.2.1:9229'],
    assets: collectAssets(node, work),
  };
  writeFileSync(config, JSON.stringify(settings));
  execFileSync(node, ['--experimental-sea-config', config], { stdio: 'pipe' });
  return readFileSync(blob);
}

/** Runs an optional tool. */
function tryTool(command, args) {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The copy of Node into which the blob is written. */
function copyNode(node, target) {
  copyFileSync(node, target);
  chmodSync(target, 0o755);
  // Symbols make up a tenth of the file.
  if (process.platform === 'linux') tryTool('strip', ['--strip-all', target]);
  if (isMac) tryTool('codesign', ['--remove-signature', target]);
}

async function inject(target, blob) {
  const { inject: postject } = await import('postject');
  await postject(target, 'NODE_SEA_BLOB', blob, { sentinelFuse: FUSE, ...(isMac ? { machoSegmentName: 'NODE_SEA' } : {}) });
}

/** macOS requires a signature over the whole file, so nothing can be appended: there a running gateway does not notice its replacement. */
function finish(target, info) {
  if (isMac) return tryTool('codesign', ['--sign', '-', target]);
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.write(`${TRAILER_MARK}${JSON.stringify(info)}`);
  appendFileSync(target, trailer);
}

async function buildBinary() {
  const startedAt = performance.now();
  const work = join(dist, `.binary-${process.pid}`);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  try {
    const target = join(work, binaryName);
    const info = JSON.parse(readFileSync(join(dist, 'build.json'), 'utf8'));
    const node = findSeaNode(root, note);
    copyNode(node, target);
    await inject(target, makeBlob(node, work));
    finish(target, info);
    const version = execFileSync(target, ['--version'], { encoding: 'utf8' }).trim();
    if (version !== info.version) throw new Error(`the executable says version '${version}' instead of ${info.version}`);
    // A running executable cannot be overwritten; after a rename it keeps using the file that it was started from.
    renameSync(target, join(dist, binaryName));
    const megabytes = Math.round(statSync(join(dist, binaryName)).size / 1_048_576);
    note(
      `dist/${binaryName} ${info.version} build ${info.buildId}: ${megabytes} MB in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`,
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (await setUp(root)) {
  try {
    await buildBinary();
  } catch (error) {
    process.stderr.write(`xopc: the executable could not be built: ${error.message}\n`);
    process.exitCode = 1;
  }
} else {
  process.exitCode = 1;
}
