/** A real PostgreSQL with data of its own, and pgbouncer in front of it. */
import { execFile, execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { CACHE, getProgram, type Program, whyMissing } from './debian-programs.js';
import { freePort } from './free-port.js';
import type { Host } from './two-hosts.js';
import { makeServerDirectory, type ServerProcess, startServer, UNPRIVILEGED } from './server-process.js';

const run = promisify(execFile);

/** Owner of the databases, without other rights. */
const USER = { name: 'xopc', password: 'xopc-password' };
const INITDB = ['-U', 'postgres', '--encoding=UTF8', '--locale=C.UTF-8', '--auth-local=trust', '--auth-host=scram-sha-256', '--no-sync'];
/** Small, because several may run at once. Only a superuser can drop a database that is being vacuumed. */
const SETTINGS = { shared_buffers: '32MB', listen_addresses: '127.0.0.1', autovacuum: 'off' };

/** @returns why there is no PostgreSQL or pgbouncer here, or undefined */
export function whyNoPostgres(): string | undefined {
  return whyMissing(['postgres', 'pgbouncer']);
}

/** Making a cluster takes seconds: it is made once for each version and copied. @returns where it is */
function provideCluster(program: Program): string {
  const cluster = join(CACHE, `cluster-${basename(dirname(program.directory))}`);
  if (existsSync(cluster)) return cluster;
  const parent = makeServerDirectory();
  const made = join(parent, 'data');
  const env = { ...process.env, ...program.env };
  execFileSync(join(program.directory, 'initdb'), [...INITDB, '-D', made], { ...UNPRIVILEGED, env, cwd: parent, stdio: 'pipe' });
  mkdirSync(CACHE, { recursive: true });
  const copied = mkdtempSync(`${cluster}.`);
  execFileSync('cp', ['-a', made, copied]);
  // Another test run may have made it meanwhile.
  if (!existsSync(cluster)) renameSync(join(copied, 'data'), cluster);
  for (const directory of [parent, copied]) rmSync(directory, { recursive: true, force: true });
  return cluster;
}

export class Postgres {
  readonly port: number;
  readonly #program: Program;
  readonly #directory: string;
  readonly #settings: Record<string, string>;
  readonly #host: Host | undefined;
  readonly #poolers: ServerProcess[] = [];
  #server: ServerProcess | undefined;
  #databases = 0;

  /** Called by {@link startPostgres}. */
  constructor(options: { program: Program; directory: string; port: number; settings: Record<string, string>; host: Host | undefined }) {
    this.#program = options.program;
    this.#directory = options.directory;
    this.#settings = options.settings;
    this.port = options.port;
    this.#host = options.host;
  }

  /** Starts it again on the same port, with the same data. */
  async start(): Promise<void> {
    const settings = { ...this.#settings, port: String(this.port), unix_socket_directories: this.#directory };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.#server = await startServer([this.#program.path, '-D', join(this.#directory, 'data'), ...args], {
      directory: this.#directory,
      env: this.#program.env,
      readyLine: 'database system is ready to accept connections',
      host: this.#host,
    });
  }

  /** @param mode  `fast` rolls back what is open and writes everything; `immediate` is like a crash, after which it recovers */
  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    await this.#server?.end(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
  }

  async restart(mode?: 'fast' | 'immediate'): Promise<void> {
    await this.stop(mode);
    await this.start();
  }

  /** Creates an empty one. @returns its URL, for a user that owns it and is no superuser */
  async createDatabase(): Promise<string> {
    const name = `test_${(this.#databases += 1)}`;
    await this.sql(`create database ${name} owner ${USER.name}`);
    return `postgres://${USER.name}:${USER.password}@${this.#host?.address ?? '127.0.0.1'}:${this.port}/${name}`;
  }

  /** @returns the URL of the same database through a socket in the file system, which every host has */
  local(url: string): string {
    return `postgres://${USER.name}@${encodeURIComponent(this.#directory)}:${this.port}${new URL(url).pathname}`;
  }

  /** Runs a statement as the superuser. @returns its rows, with columns separated by `|` */
  async sql(statement: string, database = 'postgres'): Promise<string[]> {
    const at = ['-h', this.#directory, '-p', String(this.port), '-U', 'postgres', '-d', database];
    const options = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '-v', 'ON_ERROR_STOP=1'];
    const env = { ...process.env, ...this.#program.env };
    const { stdout } = await run(join(this.#program.directory, 'psql'), [...at, ...options, '-c', statement], { env });
    return stdout.split('\n').filter((line) => line !== '');
  }

  /** Starts pgbouncer in transaction mode. @returns the URL of the same database through it */
  async pgbouncer(url: string): Promise<string> {
    const through = new URL(url);
    through.port = String(await freePort());
    const directory = makeServerDirectory(this.#directory);
    writeFileSync(join(directory, 'users'), `"${USER.name}" "${USER.password}"\n`);
    const lines = [
      '[databases]',
      `* = host=127.0.0.1 port=${this.port}`,
      '[pgbouncer]',
      `listen_addr = ${through.hostname}`,
      `listen_port = ${through.port}`,
      'unix_socket_dir =',
      'auth_type = scram-sha-256',
      `auth_file = ${join(directory, 'users')}`,
      'pool_mode = transaction',
      'server_login_retry = 1',
    ];
    const file = join(directory, 'configuration');
    writeFileSync(file, `${lines.join('\n')}\n`);
    const { path, env } = getProgram('pgbouncer');
    this.#poolers.push(await startServer([path, file], { directory, env, readyLine: 'process up', host: this.#host }));
    return through.href;
  }

  /** Ends it, and pgbouncer with it, and removes its data. */
  async close(): Promise<void> {
    for (const pooler of this.#poolers) await pooler.end('SIGKILL');
    await this.stop('immediate');
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/**
 * Starts a server for the tests of a file, which close it. Requires that {@link whyNoPostgres} finds no reason against it.
 * @param options.isDurable  whether a commit waits for the disk, as in use; without that, only a crash of the machine would lose any
 * @param options.host  where it runs, among the test's own hosts; others may connect
 */
export async function startPostgres({ isDurable = false, host }: { isDurable?: boolean; host?: Host } = {}): Promise<Postgres> {
  const program = getProgram('postgres');
  const cluster = provideCluster(program);
  const directory = makeServerDirectory();
  execFileSync('cp', ['-a', cluster, join(directory, 'data')]);
  if (host !== undefined) appendFileSync(join(directory, 'data', 'pg_hba.conf'), 'host all all samenet scram-sha-256\n');
  const settings = { ...SETTINGS, fsync: isDurable ? 'on' : 'off', ...(host === undefined ? {} : { listen_addresses: '*' }) };
  const postgres = new Postgres({ program, directory, port: await freePort(), settings, host });
  await postgres.start();
  await postgres.sql(`create role ${USER.name} login password '${USER.password}'`);
  return postgres;
}
