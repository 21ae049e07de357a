/** nginx, for recipes that are to be proven: the system's, or Debian's package unpacked beside the tests without installing it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Running, root, runProcess, until } from './real-gateway.js';
import { tempDir } from './temp-dir.js';

const CACHE = join(root, '.cache', 'nginx');
const PACKAGE_LIMIT_MS = 120_000;

export type FoundNginx = { readonly program: string } | { readonly missing: string };

function succeeds(command: string, args: readonly string[], cwd: string): boolean {
  return spawnSync(command, args, { cwd, stdio: 'ignore', timeout: PACKAGE_LIMIT_MS }).status === 0;
}

/** Several test runs may do so at once: each unpacks for itself, and one's result is kept. @returns what went wrong */
function unpackPackage(): string | undefined {
  mkdirSync(join(CACHE, '..'), { recursive: true });
  const directory = mkdtempSync(`${CACHE}.`);
  try {
    const download = (): boolean => succeeds('apt-get', ['download', '-q', 'nginx'], directory);
    const isRoot = process.getuid?.() === 0;
    if (!download() && !(isRoot && succeeds('apt-get', ['update', '-q'], directory) && download())) return 'apt-get cannot download it';
    const [file = ''] = readdirSync(directory);
    if (!succeeds('dpkg-deb', ['-x', file, '.'], directory)) return 'its package cannot be unpacked';
    if (!existsSync(CACHE)) renameSync(directory, CACHE);
    return undefined;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Finds nginx, or says why there is none. */
export function findNginx(): FoundNginx {
  const candidates = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/opt/homebrew/bin/nginx', join(CACHE, 'usr', 'sbin', 'nginx')];
  const isUsable = (path: string): boolean => existsSync(path) && succeeds(path, ['-v'], root);
  const found = candidates.find(isUsable);
  if (found !== undefined) return { program: found };
  const where = `${process.platform} ${process.arch}`;
  if (!existsSync('/usr/bin/apt-get')) return { missing: `nginx is not installed, and ${where} has no apt-get` };
  const problem = unpackPackage();
  const unpacked = candidates.find(isUsable);
  return unpacked === undefined
    ? { missing: `nginx is not installed on ${where}, and ${problem ?? 'its package does not run here'}` }
    : { program: unpacked };
}

function mainConfiguration(directory: string, site: string): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`);
  return `
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    daemon off;
    worker_processes 1;
    pid ${directory}/nginx.pid;
    error_log ${directory}/error.log;
    events {}
    http { access_log off; ${paths.join(' ')} include ${site}; }`;
}

export interface RunningNginx {
  readonly process: Running;
  /** What `nginx -t` said. */
  readonly check: string;
}

/** Checks a `server { … }` with `nginx -t` and runs it until the test ends. @throws with nginx's words when it refuses the configuration */
export async function startNginx(program: string, site: string, port: number): Promise<RunningNginx> {
  const directory = tempDir();
  const file = join(directory, 'nginx.conf');
  writeFileSync(join(directory, 'site.conf'), site);
  writeFileSync(file, mainConfiguration(directory, join(directory, 'site.conf')));
  const args = ['-c', file, '-p', directory, '-e', join(directory, 'error.log')];
  const check = spawnSync(program, [...args, '-t'], { encoding: 'utf8' });
  if (check.status !== 0) throw new Error(`nginx -t: ${check.stderr}`);
  const running = runProcess([program], args, { env: {} });
  onTestFinished(async () => {
    running.child.kill('SIGTERM');
    await running.done;
  });
  await until('nginx to listen', () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      (error: unknown) => !/ECONNREFUSED/.test(String((error as Error).cause)),
    ),
  );
  return { process: running, check: check.stderr };
}
