/**
 * Servers that tests run: the system's, or Debian's packages unpacked beside the tests. Nothing is installed: no package's scripts run, so no
 * service starts, no PostgreSQL cluster is made and no user is created.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './real-gateway.js';

/** Names of the programs, each with its package. */
const PACKAGES = {
  nginx: 'nginx',
  haproxy: 'haproxy',
  caddy: 'caddy',
  postgres: 'postgresql',
  pgbouncer: 'pgbouncer',
  bindfs: 'bindfs',
} as const;

export type ProgramName = keyof typeof PACKAGES;

export interface Program {
  /** Directory of the program and of those that came with it. */
  readonly directory: string;
  readonly path: string;
  readonly env: Record<string, string>;
}

/** What root unpacks must be found by the users that its servers run as, who may not enter root's own directories. */
export const CACHE = process.getuid?.() === 0 ? '/var/cache/xopc-test' : join(root, '.cache', 'programs');
const PACKAGE_LIMIT_MS = 180_000;
const OLDEST_POSTGRES = 15;
const SYSTEM = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

/** Debian keeps the server of each version in a directory of its own. @returns the newest first */
function postgresDirectories(usr: string): string[] {
  const lib = join(usr, 'lib', 'postgresql');
  const versions = existsSync(lib) ? readdirSync(lib).map(Number) : [];
  const usable = versions.filter((version) => version >= OLDEST_POSTGRES).toSorted((one, other) => other - one);
  return usable.map((version) => join(lib, String(version), 'bin'));
}

export function findProgram(name: ProgramName): Program | undefined {
  const unpacked = join(CACHE, name);
  const usr = join(unpacked, 'usr');
  // A package that is unpacked only brings libraries that others are installed with.
  const paths = [usr, unpacked].flatMap((place) => ['aarch64', 'x86_64'].map((cpu) => join(place, 'lib', `${cpu}-linux-gnu`)));
  const libraries = { LD_LIBRARY_PATH: paths.join(':') };
  const candidates = [
    ...[...postgresDirectories('/usr'), ...SYSTEM].map((directory) => ({ directory, env: {} })),
    ...[...postgresDirectories(usr), join(usr, 'sbin'), join(usr, 'bin')].map((directory) => ({ directory, env: libraries })),
  ];
  return candidates.map((found) => ({ ...found, path: join(found.directory, name) })).find(({ path }) => existsSync(path));
}

/** @throws when it is not there: see {@link whyMissing} */
export function getProgram(name: ProgramName): Program {
  const program = findProgram(name);
  if (program === undefined) throw new Error(`${name} is not there`);
  return program;
}

/** Several test runs may do so at once: each unpacks for itself, and one's result is kept. */
function unpackPackage(name: ProgramName): void {
  mkdirSync(CACHE, { recursive: true });
  const directory = mkdtempSync(join(CACHE, `${name}.`));
  const run = (command: string, args: readonly string[]): boolean =>
    spawnSync(command, args, { cwd: directory, stdio: 'ignore', timeout: PACKAGE_LIMIT_MS }).status === 0;
  const archives = join(directory, 'archives');
  const options = ['-o', `Dir::Cache::archives=${archives}`, '-o', 'Debug::NoLocking=1', '-o', 'APT::Sandbox::User=root'];
  const download = (): boolean =>
    run('apt-get', ['install', '-y', '-q', '--download-only', '--no-install-recommends', ...options, PACKAGES[name]]);
  try {
    mkdirSync(join(archives, 'partial'), { recursive: true });
    if (!download() && !(run('apt-get', ['update', '-q']) && download())) return;
    const files = readdirSync(archives).filter((file) => file.endsWith('.deb'));
    // Unpacking also gives the directory the mode of Debian's root, so that everybody may enter it.
    const areUnpacked = files.every((file) => run('dpkg-deb', ['-x', join(archives, file), '.']));
    rmSync(archives, { recursive: true });
    if (!areUnpacked || findProgram(name) !== undefined) return;
    rmSync(join(CACHE, name), { recursive: true, force: true });
    renameSync(directory, join(CACHE, name));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * Finds the programs, and unpacks those that are missing where this is Debian.
 * @returns why one is missing, or undefined
 * @throws in CI on Linux, where a missing tool must not pass for a passed test
 */
export function whyMissing(names: readonly ProgramName[]): string | undefined {
  const missing = (): ProgramName[] => names.filter((name) => findProgram(name) === undefined);
  if (existsSync('/usr/bin/apt-get')) for (const name of missing()) unpackPackage(name);
  if (missing().length === 0) return undefined;
  const reason = `${missing().join(', ')} not found on ${process.platform} ${process.arch}, and apt-get cannot download it`;
  if (process.env['CI'] !== undefined && process.platform === 'linux') throw new Error(reason);
  return reason;
}
