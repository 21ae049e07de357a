import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { OpenDatabase } from '../../../../daemon/worker/store/engine.js';
import { openSqlite } from '../../../../daemon/worker/store/sqlite/open.js';
import type { Migration } from '../../../../daemon/worker/store/migrations/migration.js';
import { MIGRATIONS, NEWEST_SCHEMA } from '../../../../daemon/worker/store/migrations/index.js';
import { addSession, openStore } from '../../../helpers/open-store.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { queriesOf } from '../../../../daemon/worker/store/transaction.js';

const add = (version: number, statement: string, phase: Migration['phase'] = 'expand'): Migration => ({
  version,
  phase,
  up: async (db) => void (await sql.raw(statement).execute(db)),
});

const one = add(1, 'create table one (x)');
const two = add(2, 'alter table one add column y');
const three = add(3, 'alter table one drop column x', 'contract');
const four = add(4, 'create table four (x)');

const place = (): string => join(tempDir(), 'state', 'gateway.db');

async function columns(database: OpenDatabase, table: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from pragma_table_info(${table})`.execute(queriesOf(database.reader));
  return rows.map(({ name }) => name);
}

test('migrations run in order, each once, and the next build continues where the last one stopped', async () => {
  const path = place();
  await (await openSqlite(path, [one])).close();
  const database = await openSqlite(path, [one, two]);
  expect(await columns(database, 'one')).toEqual(['x', 'y']);
  await database.close();
  await (await openSqlite(path, [one, two])).close();
});

test('a contraction waits for the one active worker, and so does what comes after it', async () => {
  const path = place();
  const database = await openSqlite(path, [one, two, three, four]);
  expect(await columns(database, 'one')).toEqual(['x', 'y']);
  expect(await columns(database, 'four')).toEqual([]);
  await database.contract();
  expect(await columns(database, 'one')).toEqual(['y']);
  expect(await columns(database, 'four')).toEqual(['x']);
  await database.close();
});

test('no expansion comes after a contraction: requests would miss its tables until the worker is alone', () => {
  const phases = MIGRATIONS.map(({ phase }) => phase);
  expect(phases).toEqual(phases.toSorted((left, right) => Number(left === 'contract') - Number(right === 'contract')));
});

test('an older build works with an expanded database and refuses a contracted one', async () => {
  const path = place();
  const newer = await openSqlite(path, [one, two, three]);
  const older = await openSqlite(path, [one]);
  expect(await columns(older, 'one')).toEqual(['x', 'y']);
  await newer.contract();
  await expect(openSqlite(path, [one, two])).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringContaining('schema 3, this one knows 2') as string,
  });
  await Promise.all([newer.close(), older.close()]);
});

test('a migration that fails leaves nothing behind', async () => {
  const path = place();
  const broken: Migration = {
    version: 2,
    phase: 'expand',
    async up(db) {
      await sql`create table half (x)`.execute(db);
      throw new Error('half-way');
    },
  };
  await expect(openSqlite(path, [one, broken])).rejects.toMatchObject({
    message: `${path} cannot be used: the migration to schema 2 failed (half-way)`,
    hint: expect.stringContaining('Start the version from before') as string,
  });
  const database = await openSqlite(path, [one]);
  expect(await columns(database, 'half')).toEqual([]);
  await database.close();
});

test('a store contracts only when no other worker lives', async () => {
  const path = place();
  const version = NEWEST_SCHEMA + 1;
  const migrations = [...MIGRATIONS, add(version, 'create table contracted (x)', 'contract')];
  let isAlone = true;
  const store = await openStore({ path, migrations, isSoleWorker: () => isAlone });
  isAlone = false;
  const isContracted = () =>
    store.read(
      async (tx) => (await sql`select name from sqlite_schema where name = 'contracted'`.execute(queriesOf(tx))).rows.length === 1,
    );
  await store.contract();
  expect(await isContracted()).toBe(false);
  isAlone = true;
  await store.contract();
  expect(await isContracted()).toBe(true);
  await addSession(store, 'works');
});

test('the versions of this build’s migrations grow, and none is one that databases know as the end of the journal', () => {
  const versions = MIGRATIONS.map(({ version }) => version);
  expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
  // A database that ran the contraction as this version would leave out a migration with it.
  expect(versions.filter((version) => [13, 16, 18, 20, 22, 27, 29, 31, 40, 42, 46, 48, 50].includes(version))).toEqual([]);
});
