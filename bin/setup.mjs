/**
 * Makes a clone ready to run: installs the packages of the lockfile, builds, and stamps (bin/stamp.mjs). Needs nothing
 * but Node and npm. Finished steps are skipped; those of an interrupted run are repeated. Progress goes to stderr.
 * With `--packages` it only installs, for the npm scripts whose tools are packages.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acquireSetupLock } from './setup-lock.mjs';
import { readSources, readStampHash, writeStamp } from './stamp.mjs';

const isWindows = process.platform === 'win32';
const OUTPUT_KEPT_BYTES = 65_536;
const UNREACHABLE_MS = 4_000;
const KILL_AFTER_MS = 1_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const NPM_CI = [
  'ci',
  '--include=dev',
  '--include=optional',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--progress=false',
  // Its output shows whether the registry responds at all.
  '--loglevel=http',
  '--fetch-retries=2',
  '--fetch-retry-mintimeout=1000',
  '--fetch-retry-maxtimeout=5000',
];

/** Matches the sentence of the registry watch, or npm's error code, if the network or the registry failed; not if npm refused a certificate. */
const NETWORK_FAILURE =
  /(?: cannot be reached: |^npm (?:error|ERR!) code E?)(?:408|420|429|5\d\d|undefined|FETCH_ERROR|ERR_STREAM_PREMATURE_CLOSE|ENOTFOUND|EAI_\w+|ECONN\w+|ENETUNREACH|EHOSTUNREACH|[A-Z_]*TIMED?OUT)\b/m;

const note = (text) => process.stderr.write(`xopc: ${text}\n`);
const seconds = (sinceMs) => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;

/** A failed step, with the output of its tool. */
class SetupError extends Error {}

/** Whether npm does not install the package here: it names other platforms. */
function isForeign({ os = [], cpu = [], libc = [] }, { platform, arch, libc: ownLibc }) {
  const excludes = (names, own) => names.length > 0 && names.every((name) => name !== own && !name.startsWith('!'));
  return excludes(os, platform) || excludes(cpu, arch) || excludes(libc, ownLibc);
}

/** `libc` is that of Linux, where alone packages name one. */
function readMachine() {
  const libc = process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  return { platform: process.platform, arch: process.arch, libc };
}

/**
 * As its last step, npm records the installed packages in `node_modules/.package-lock.json`. Optional packages may be missing there, most of
 * them for other platforms. None of those is there, unless the directory was copied from another machine; all optional ones are missing if
 * npm was configured to omit them.
 */
function isInstalled(root) {
  try {
    const wanted = Object.entries(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages);
    const installed = JSON.parse(readFileSync(join(root, 'node_modules', '.package-lock.json'), 'utf8')).packages;
    const isAsWanted = ([path, { version, optional }]) =>
      path === '' || (path in installed ? installed[path].version === version : optional === true);
    const optional = wanted.filter(([path, entry]) => entry.optional === true && path in installed);
    const machine = readMachine();
    return wanted.every(isAsWanted) && optional.length > 0 && !optional.some(([, entry]) => isForeign(entry, machine));
  } catch {
    return false;
  }
}

function killGroup(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  process.kill(isWindows ? child.pid : -child.pid, signal);
}

/**
 * Returns the arguments of `spawn`. On Windows npm is a script, which only a shell can run; no other tool gets a shell, which would split
 * a path such as `C:\Program Files\nodejs\node.exe`.
 */
export function spawnArguments(platform, { root, command, args }) {
  const options = { cwd: root, windowsHide: true, stdio: ['pipe', 'pipe', 'pipe'] };
  const gated = ['-c', 'read -r go && exec "$@" </dev/null', 'sh', command, ...args];
  if (platform !== 'win32') return ['/bin/sh', gated, { ...options, detached: true }];
  return command === 'npm' ? [[command, ...args].join(' '), [], { ...options, shell: true }] : [command, args, options];
}

/**
 * Runs a tool in a process group of its own, recorded in the lock before it begins: should this process be killed, the
 * next one ends what is left of it.
 * @param options.onOutput  sees the output so far; a returned text ends the tool as a failure with that message.
 * @returns the tool's output when it fails, undefined when it succeeds
 */
function runTool({ root, lock, command, args, onOutput = () => undefined }) {
  const child = spawn(...spawnArguments(process.platform, { root, command, args }));
  if (child.pid !== undefined) lock.recordChild(child.pid);
  return new Promise((resolve, reject) => {
    let output = '';
    let failure;
    const end = (reason) => {
      failure ??= reason;
      killGroup(child, 'SIGTERM');
      setTimeout(killGroup, KILL_AFTER_MS, child, 'SIGKILL').unref();
    };
    const collect = (chunk) => {
      output = (output + chunk).slice(-OUTPUT_KEPT_BYTES);
      const reason = onOutput(output);
      if (reason !== undefined) end(reason);
    };
    const onSignal = (signal) => end(new SetupError(`interrupted by ${signal}`));
    for (const signal of SIGNALS) process.once(signal, onSignal);
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', collect);
    child.once('error', (error) => reject(new SetupError(`'${command}' cannot be run: ${error.message}`)));
    child.once('close', (code, signal) => {
      for (const name of SIGNALS) process.off(name, onSignal);
      lock.recordChild(undefined);
      if (failure instanceof Error) reject(failure);
      else resolve(failure ?? (code === 0 ? undefined : output.trim() || `npm exited with ${signal ?? `exit code ${code}`}`));
    });
    // Started only now that the process group is recorded and a signal would end it.
    child.stdin.on('error', () => undefined).end('go\n');
  });
}

/**
 * npm requests some hundred packages and retries each one, which takes minutes without a network. When nothing has arrived and
 * second attempts fail, or first attempts have failed for `UNREACHABLE_MS`, further attempts will not help.
 */
function makeRegistryWatch() {
  let failedSince;
  return (output) => {
    if (/^npm http fetch GET 200 /m.test(output)) return undefined;
    const [, url, reason] = /^npm http fetch GET (\S+) attempt \d failed with (\S+)$/m.exec(output) ?? [];
    if (url === undefined) return undefined;
    const { origin } = new URL(url);
    if (failedSince === undefined) note(`npm cannot reach ${origin} (${reason}); retrying ...`);
    failedSince ??= performance.now();
    const isHopeless = / attempt [2-9] failed with /.test(output) || performance.now() - failedSince > UNREACHABLE_MS;
    return isHopeless ? `${origin} cannot be reached: ${reason}` : undefined;
  };
}

async function install(root, lock) {
  const startedAt = performance.now();
  note('first run or changed dependencies: installing packages (npm ci) ...');
  const failure = await runTool({ root, lock, command: 'npm', args: NPM_CI, onOutput: makeRegistryWatch() });
  if (failure !== undefined && /\bnpm: (command )?not found|is not recognized/.test(failure)) {
    throw new SetupError('npm is not installed, or not in PATH; it comes with Node.js: https://nodejs.org');
  }
  if (failure !== undefined) {
    const reason = failure.replace(/^npm (http .*|error A complete log.*|error +at .*)\n?/gm, '').trim();
    const advice = NETWORK_FAILURE.test(reason)
      ? 'Installing needs network access. Run the same command again when it is available.'
      : 'Correct this problem, then run the same command again.';
    throw new SetupError(`npm could not install the packages:\n${reason}\n${advice}`);
  }
  note(`packages installed in ${seconds(startedAt)}`);
}

async function build(root, lock) {
  const startedAt = performance.now();
  note('building ...');
  const args = [join(root, 'bin', 'build.mjs'), '--locked'];
  const failure = await runTool({ root, lock, command: process.execPath, args });
  if (failure !== undefined) throw new SetupError(`the build failed:\n${failure}`);
  note(`built in ${seconds(startedAt)}`);
}

/** Installs, and unless `onlyPackages` builds, what is missing or older than the sources. */
async function makeReady(root, { onlyPackages }) {
  const onWait = (pid) => note(`process ${pid} is setting up this clone; waiting for it ...`);
  const lock = await acquireSetupLock(join(root, '.cache', 'setup'), onWait);
  try {
    const hadPackages = isInstalled(root);
    if (!hadPackages) await install(root, lock);
    if (onlyPackages) return;
    const readAtMs = Date.now();
    const sources = readSources(root);
    // The build contains native parts of packages: with those of another machine, it does not run here.
    const isBuilt = hadPackages && readStampHash(root) === sources.hash && existsSync(join(root, 'dist', 'build.json'));
    if (isBuilt) writeStamp(root, sources, readAtMs);
    else await build(root, lock);
  } finally {
    lock.release();
  }
}

/**
 * @returns whether the clone can be run. With a build of older sources, a failure is only a warning, so that a running gateway can still be
 *   queried and stopped.
 */
export async function setUp(root, { onlyPackages = false } = {}) {
  try {
    await makeReady(root, { onlyPackages });
    return true;
  } catch (error) {
    const isExpected = error instanceof SetupError || error.code === 'EACCES' || error.code === 'EROFS';
    note(isExpected ? error.message : error.stack);
    if (error.code === 'EACCES')
      note(
        `another user, such as root, has set up this clone; run the command as that user, or make the clone yours: sudo chown -R "$USER" '${root}'`,
      );
    if (onlyPackages || !existsSync(join(root, 'dist', 'build.json')) || error.message?.startsWith('interrupted')) return false;
    note('using the existing build, which may be older than the sources');
    return true;
  }
}

// Not compared by path: that of the module is without links.
if (basename(process.argv[1] ?? '') === 'setup.mjs') {
  const options = { onlyPackages: process.argv.includes('--packages') };
  const isReady = await setUp(dirname(dirname(fileURLToPath(import.meta.url))), options);
  process.exitCode = isReady ? 0 : 1;
}
