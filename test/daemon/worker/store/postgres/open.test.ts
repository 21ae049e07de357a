import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { sql } from 'kysely';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { OpenDatabase } from '../../../../../daemon/worker/store/engine.js';
import { ConnectionLost, QUERY_TIMEOUT_MS } from '../../../../../daemon/worker/store/postgres/driver.js';
import { openPostgres } from '../../../../../daemon/worker/store/postgres/open.js';
import type { Migration } from '../../../../../daemon/worker/store/migrations/migration.js';
import { firstSchema } from '../../../../../daemon/worker/store/postgres/first-schema.js';
import { probeWriting } from '../../../../../daemon/worker/store/leases.js';
import { createDatabase, postgresAt, query } from '../../../../helpers/store-engine.js';

async function open(url: string): Promise<OpenDatabase> {
  const database = await postgresAt(url).open({ isAlone: true });
  onTestFinished(() => database.close());
  return database;
}

test('an empty database gets the schema, whoever of several opens it first, all integers of 64 bits, and has no warnings', async () => {
  const url = await createDatabase({ isEmpty: true });
  const opened = await Promise.all([open(url), open(url), open(url)]);
  expect(opened.map(({ warnings }) => warnings)).toEqual([[], [], []]);
  const [version] = (await query(url, 'select version, minimum_reader from xopc_schema')) as { version: string }[];
  expect(Number(version?.version)).toBeGreaterThanOrEqual(firstSchema.version);
  const shorter = "table_schema = 'public' and data_type in ('smallint', 'integer', 'real')";
  expect(await query(url, `select table_name, column_name from information_schema.columns where ${shorter}`)).toEqual([]);
  await opened[0]?.contract();
  for (const database of opened) await database.transaction(probeWriting);
});

test('what ended workers left of their commits is removed', async () => {
  const url = await createDatabase();
  await query(url, "insert into commits (id, created_at) values ('old', now() - interval '2 hours'), ('new', now())");
  await open(url);
  expect(await query(url, 'select id from commits')).toEqual([{ id: 'new' }]);
});

test('a database of another program, or of a newer build, is left alone', async () => {
  const foreign = await createDatabase({ isEmpty: true });
  await query(foreign, 'create table sessions (name text)');
  await expect(open(foreign)).rejects.toMatchObject({ message: expect.stringContaining('belongs to another program') as string });
  const newer = await createDatabase();
  await query(newer, 'update xopc_schema set version = 900, minimum_reader = 900');
  await expect(open(newer)).rejects.toMatchObject({ message: expect.stringContaining('schema 900') as string });
});

test('without the extension for searches, or in the locale C, it works and says what does not', async () => {
  const url = await createDatabase({ isEmpty: true, options: "template template0 locale 'C'" });
  // A type in the way of the extension's operators: creating it fails, as without the package.
  await query(url, 'create function similarity(text, text) returns real language sql as $$ select 1.0::real $$');
  const database = await open(url);
  expect(database.warnings?.map(({ code }) => code)).toEqual(['STORE_SEARCH_SLOW', 'STORE_LOCALE']);
  await database.transaction(probeWriting);
});

test('an index for many messages is left to the administrator, who is told how to make it while everyone writes', async () => {
  const url = await createDatabase();
  await query(url, 'drop index messages_trigrams');
  await query(url, 'alter table messages alter column content set storage external');
  await query(
    url,
    `with added as (insert into sessions (key, agent_id, channel, account_id, peer_kind, peer_id, created_at, updated_at)
      values ('k', 'a', 'c', 'd', 'p', 'i', 1, 1) returning id)
    insert into messages (id, session_id, role, content, status, created_at) select n, id, 'user', repeat('x', 1000000), 'done', 1 from added, generate_series(1, 17) as n`,
  );
  const [warning, ...others] = (await open(url)).warnings ?? [];
  expect([warning?.code, others]).toEqual(['STORE_SEARCH_SLOW', []]);
  const statements = /superuser: (.*)\. Then/.exec(warning?.hint ?? '')?.[1]?.split('; ') ?? [];
  for (const statement of statements) await query(url, statement);
  expect((await open(url)).warnings).toEqual([]);
});

test('a schema of a newer build that only expanded it keeps working', async () => {
  const url = await createDatabase();
  await query(url, 'update xopc_schema set version = 900');
  const database = await open(url);
  await expect(database.transaction(probeWriting)).resolves.toBeUndefined();
});

test('a database whose pooler takes the connection and then answers nothing is given up', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const connected = once(server, 'connection');
  const opened = Promise.allSettled([open(`postgres://xopc@127.0.0.1:${(server.address() as AddressInfo).port}/xopc`)]);
  const [socket] = (await connected) as [Socket];
  await once(socket, 'data');
  // The user is let in, and the session is ready: https://www.postgresql.org/docs/current/protocol-message-formats.html
  socket.write('R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I');
  await once(socket, 'data');
  await vi.advanceTimersByTimeAsync(QUERY_TIMEOUT_MS);
  expect(await opened).toEqual([{ status: 'rejected', reason: expect.any(ConnectionLost) as unknown }]);
});

test('the size is unknown where the server does not tell it', async () => {
  const url = await createDatabase();
  expect(await postgresAt(url).readSize()).toBeGreaterThan(1_000_000);
  await query(url, "create function pg_database_size(name) returns bigint language plpgsql as $$ begin raise 'busy'; end $$");
  await query(url, `alter database ${new URL(url).pathname.slice(1)} set search_path = public, pg_catalog`);
  expect(await postgresAt(url).readSize()).toBeNull();
});

test('a migration waits for the others that write, but not for a table while they wait for it', async () => {
  const url = await createDatabase();
  const limits: unknown[] = [];
  const look: Migration = {
    version: 900,
    phase: 'expand',
    up: async (db) => void limits.push(...(await sql`show lock_timeout`.execute(db)).rows),
  };
  const { membership } = postgresAt(url);
  const database = await openPostgres({ url, place: 'the database', membership }, [look]);
  onTestFinished(() => database.close());
  expect(limits).toEqual([{ lock_timeout: '2s' }]);
});

test('a migration that fails leaves nothing behind', async () => {
  const url = await createDatabase({ isEmpty: true });
  const place = { url, place: 'the database', membership: postgresAt(url).membership };
  const broken = { version: 99, phase: 'expand', up: () => Promise.reject(new Error('broken')) } as const;
  await expect(openPostgres(place, [firstSchema, broken])).rejects.toThrow('broken');
  expect(await query(url, "select tablename from pg_tables where schemaname = 'public'")).toEqual([]);
});
