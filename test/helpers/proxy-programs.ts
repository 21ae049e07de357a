/** nginx, HAProxy and Caddy: the system's, or Debian's packages unpacked beside the tests without installing them. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Running, root, runProcess, until } from './real-gateway.js';

export type ProxyName = 'nginx' | 'haproxy' | 'caddy';

const NAMES: readonly ProxyName[] = ['nginx', 'haproxy', 'caddy'];
const CACHE = join(root, '.cache', 'proxies');
const PACKAGE_LIMIT_MS = 180_000;
/** A package that is unpacked only brings libraries that others are installed with. */
const LIBRARIES = { LD_LIBRARY_PATH: ['aarch64', 'x86_64'].map((cpu) => join(CACHE, 'usr', 'lib', `${cpu}-linux-gnu`)).join(':') };

interface Program {
  readonly path: string;
  readonly env: Record<string, string>;
}

function findProgram(name: ProxyName): Program | undefined {
  const system = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'].map((directory) => ({
    path: join(directory, name),
    env: {},
  }));
  const unpacked = ['sbin', 'bin'].map((directory) => ({ path: join(CACHE, 'usr', directory, name), env: LIBRARIES }));
  return [...system, ...unpacked].find(({ path }) => existsSync(path));
}

/** Several test runs may do so at once: each unpacks for itself, and one's result is kept. @returns whether it worked */
function unpackPackages(names: readonly ProxyName[]): boolean {
  mkdirSync(join(CACHE, '..'), { recursive: true });
  const directory = mkdtempSync(`${CACHE}.`);
  const run = (command: string, args: readonly string[]): boolean =>
    spawnSync(command, args, { cwd: directory, stdio: 'ignore', timeout: PACKAGE_LIMIT_MS }).status === 0;
  const archives = join(directory, 'archives');
  const options = ['-o', `Dir::Cache::archives=${archives}`, '-o', 'Debug::NoLocking=1', '-o', 'APT::Sandbox::User=root'];
  const download = (): boolean =>
    run('apt-get', ['install', '-y', '-q', '--download-only', '--no-install-recommends', ...options, ...names]);
  try {
    mkdirSync(join(archives, 'partial'), { recursive: true });
    if (!download() && !(run('apt-get', ['update', '-q']) && download())) return false;
    const files = readdirSync(archives).filter((file) => file.endsWith('.deb'));
    const areUnpacked = files.every((file) => run('dpkg-deb', ['-x', join(archives, file), '.']));
    rmSync(archives, { recursive: true });
    if (areUnpacked && !NAMES.every((name) => findProgram(name) !== undefined)) {
      rmSync(CACHE, { recursive: true, force: true });
      renameSync(directory, CACHE);
    }
    return areUnpacked;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * Finds the three programs.
 * @returns why one is missing, or undefined
 * @throws in CI, where a missing tool must not pass for a passed test
 */
export function whyNoProxies(): string | undefined {
  const missing = (): ProxyName[] => NAMES.filter((name) => findProgram(name) === undefined);
  if (missing().length > 0 && existsSync('/usr/bin/apt-get')) unpackPackages(missing());
  if (missing().length === 0) return undefined;
  const reason = `${missing().join(', ')} not found on ${process.platform} ${process.arch}, and apt-get cannot download it`;
  if (process.env['CI'] !== undefined) throw new Error(reason);
  return reason;
}

/** What belongs around the text of the manual: where the program keeps its files, that it opens no other port, and that it is one process. */
const AROUND: Readonly<Record<ProxyName, (text: string, directory: string) => string>> = {
  nginx(text, directory) {
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`);
    return `${process.getuid?.() === 0 ? 'user root;' : ''}
      daemon off;
      master_process off;
      pid ${directory}/nginx.pid;
      error_log ${directory}/error.log;
      events {}
      http { access_log off; ${paths.join(' ')}\n${text} }`;
  },
  haproxy: (text) => text,
  caddy: (text) => `{\nadmin off\nauto_https disable_redirects\n}\n${text}`,
};

const ARGS: Readonly<Record<ProxyName, (file: string, directory: string) => string[]>> = {
  nginx: (file, directory) => ['-c', file, '-p', directory, '-e', join(directory, 'error.log')],
  haproxy: (file) => ['-db', '-f', file],
  caddy: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
};

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** Runs a proxy until `stop`. @throws with its words when it refuses the configuration */
export async function startProxy(
  name: ProxyName,
  text: string,
  place: { port: number; directory: string },
): Promise<{ stop(): Promise<void> }> {
  const program = findProgram(name);
  if (program === undefined) throw new Error(`${name} is not there`);
  const directory = join(place.directory, `${name}.${place.port}`);
  mkdirSync(directory);
  const file = join(directory, 'configuration');
  writeFileSync(file, `${AROUND[name](text, directory)}\n`);
  const env = { ...program.env, HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory };
  const running: Running = runProcess([program.path], ARGS[name](file, directory), { env, cwd: directory });
  const refused = running.done.then(({ stdout, stderr }) => Promise.reject(new Error(`${name} ended: ${stderr}${stdout}`)));
  await Promise.race([until(`${name} to listen`, () => accepts(place.port)), refused]);
  refused.catch(() => undefined);
  return {
    async stop() {
      running.child.kill('SIGKILL');
      await running.done;
      await until(`${name} to leave no process that listens`, async () => !(await accepts(place.port)));
    },
  };
}
