/** A PostgreSQL of the benchmark's own, whose commits wait for the disk as in use. */
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { root } from './gateway.mjs';
import { cleanEnvironment, freePort, runCommand, startProcess } from './processes.mjs';

/** The system's, or what `npm test` has unpacked. */
const PLACES = ['/usr', '/var/cache/xopc-test/postgres/usr', join(root, '.cache', 'programs', 'postgres', 'usr')];
/** PostgreSQL refuses to run as root. */
const NOBODY = 65_534;
const USER = process.getuid() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
const START_LIMIT_MS = 30_000;
const CHATS = 20;

function findPrograms() {
  for (const usr of PLACES) {
    const lib = join(usr, 'lib', 'postgresql');
    const [newest] = existsSync(lib)
      ? readdirSync(lib)
          .map(Number)
          .toSorted((one, other) => other - one)
      : [];
    if (newest !== undefined)
      return {
        directory: join(lib, String(newest), 'bin'),
        libraries: usr === '/usr' ? undefined : join(usr, 'lib', `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`),
      };
  }
  throw new Error('there is no PostgreSQL here; npm test unpacks it');
}

/** The rows of one accepted message, in one statement: the least that pgbench can do. */
const ACCEPT = `\\set chat random(1, ${CHATS})
with touched as (
  insert into sessions (key, agent_id, channel, account_id, peer_kind, peer_id, title, message_count, created_at, updated_at, is_unread)
  values ('pgbench-' || :chat::text, 'main', 'webchat', 'default', 'direct', 'pgbench-' || :chat::text, 'a message', 1, 1, 1, 1)
  on conflict (key) where deleted_at is null do update set message_count = sessions.message_count + 1, updated_at = 2 returning id
), said as (
  insert into messages (id, session_id, role, content, status, created_at)
  select 'msg_' || gen_random_uuid(), id, 'assistant', 'a message for the chat number, of an ordinary length', 'complete', 1 from touched
)
insert into outbox_messages (id, channel, account_id, chat_id, content, state, due_at, expires_at, created_at, updated_at, finished_at)
values ('msg_' || gen_random_uuid(), 'webchat', 'default', 'pgbench-' || :chat::text, 'a message for the chat number, of an ordinary length', 'delivered',
  1, 2, 1, 1, 1);
`;

export class PostgresServer {
  #programs = findPrograms();
  #home = mkdtempSync(join(tmpdir(), 'xopc-bench-postgres-'));
  #child;
  #databases = 0;
  port = 0;

  get #env() {
    const { libraries } = this.#programs;
    return cleanEnvironment(libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries });
  }

  #program(name) {
    return join(this.#programs.directory, name);
  }

  async start() {
    if (USER.uid !== undefined) chownSync(this.#home, USER.uid, USER.gid);
    this.port = await freePort();
    const options = { ...USER, env: this.#env, cwd: this.#home };
    const data = join(this.#home, 'data');
    const initdb = ['-D', data, '-U', 'xopc', '--encoding=UTF8', '--locale=C.UTF-8', '--auth=trust'];
    execFileSync(this.#program('initdb'), initdb, { ...options, stdio: 'ignore' });
    const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${this.#home}`, 'max_connections=200'];
    const args = ['-D', data, '-p', String(this.port), ...settings.flatMap((setting) => ['-c', setting])];
    this.#child = startProcess(this.#program('postgres'), args, options);
    for (const giveUpAt = performance.now() + START_LIMIT_MS; ; await delay(50)) {
      const { code } = await runCommand(this.#program('pg_isready'), ['-h', '127.0.0.1', '-p', String(this.port)], this.#env);
      if (code === 0) return;
      if (performance.now() > giveUpAt) throw new Error('PostgreSQL did not start');
    }
  }

  /** @returns the URL of an empty database */
  async createDatabase() {
    const name = `bench_${(this.#databases += 1)}`;
    await this.#run('createdb', ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'xopc', name]);
    return `postgres://xopc@127.0.0.1:${this.port}/${name}`;
  }

  /** @returns transactions a second, each with the rows of an accepted message, at the best number of clients */
  async pgbench(url, { clients, seconds }) {
    const script = join(this.#home, 'accept.sql');
    writeFileSync(script, ACCEPT);
    const { hostname, port, pathname } = new URL(url);
    const rates = [];
    for (const count of clients) {
      const options = ['-n', '-M', 'prepared', '-f', script, '-c', String(count), '-j', '2', '-T', String(seconds)];
      const { stdout } = await this.#run('pgbench', [...options, '-h', hostname, '-p', port, '-U', 'xopc', pathname.slice(1)]);
      rates.push(Number(/tps = ([\d.]+)/.exec(stdout)[1]));
    }
    return Math.max(...rates);
  }

  async #run(name, args) {
    const result = await runCommand(this.#program(name), args, this.#env);
    if (result.code !== 0) throw new Error(`${name} ended with ${result.code}: ${result.stderr}`);
    return result;
  }

  dispose() {
    this.#child?.kill('SIGKILL');
    rmSync(this.#home, { recursive: true, force: true });
  }
}
