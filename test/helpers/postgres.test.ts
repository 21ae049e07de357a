import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getProgram } from './debian-programs.js';
import { type Postgres, startPostgres, whyNoPostgres } from './postgres.js';

const reason = whyNoPostgres();

/** Runs statements in one session. @returns their rows */
async function ask(url: string, ...statements: string[]): Promise<string[]> {
  const { directory, env } = getProgram('postgres');
  const options = ['-XqAt', '-v', 'ON_ERROR_STOP=1', ...statements.flatMap((statement) => ['-c', statement])];
  const { stdout } = await promisify(execFile)(join(directory, 'psql'), [url, ...options], { env: { ...process.env, ...env } });
  return stdout.trimEnd().split('\n');
}

describe.skipIf(reason !== undefined)(`PostgreSQL${reason === undefined ? '' : ` (${reason})`}`, () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.close());

  test('has databases in UTF-8 of their own, each for an owner who is no superuser and may search by trigrams', async () => {
    const [one, other] = [await postgres.createDatabase(), await postgres.createDatabase()];
    await ask(one, 'create extension pg_trgm', 'create table notes (text text)', "insert into notes values ('中文')");
    const facts = "select current_setting('server_encoding'), current_setting('is_superuser'), datcollate from pg_database";
    expect(await ask(one, `${facts} where datname = current_database()`)).toEqual(['UTF8|off|C.UTF-8']);
    expect(await ask(one, 'select char_length(text) from notes')).toEqual(['2']);
    await expect(ask(other, 'select * from notes')).rejects.toThrow('relation "notes" does not exist');
    expect(Number((await postgres.sql('show server_version_num'))[0])).toBeGreaterThanOrEqual(150_000);
  });

  test('keeps what was committed over a crash and a stop, and is then at the same URL', async () => {
    const url = await postgres.createDatabase();
    await ask(url, 'create table notes (text text)', "insert into notes values ('kept')");
    await postgres.restart('immediate');
    expect(await ask(url, 'select * from notes')).toEqual(['kept']);
    await postgres.stop();
    await expect(ask(url, 'select 1')).rejects.toThrow('Connection refused');
    await postgres.start();
    expect(await ask(url, 'select * from notes')).toEqual(['kept']);
  });

  test('pgbouncer in front of it gives each transaction any connection', async () => {
    const url = await postgres.createDatabase();
    const pooled = await postgres.pgbouncer(url);
    expect(pooled).not.toBe(url);
    // Nothing of a session is left when its transaction has ended, so the next client finds what the first one set.
    await ask(pooled, "set search_path to 'leaked'");
    expect(await ask(pooled, 'show search_path')).toEqual(['leaked']);
  });
});
