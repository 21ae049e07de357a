import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { LibsqlConnection } from '../../../../../daemon/worker/store/sqlite/connection.js';
import { tempDir } from '../../../../helpers/temp-dir.js';

function open(path = join(tempDir(), 'x.db'), isThreaded = true): LibsqlConnection {
  const connection = new LibsqlConnection(path, { isThreaded });
  onTestFinished(() => connection.close());
  return connection;
}

async function withTable(isThreaded = true): Promise<LibsqlConnection> {
  const connection = open(undefined, isThreaded);
  await connection.exec('create table t (value)');
  return connection;
}

function pair(isThreaded = true): [LibsqlConnection, LibsqlConnection] {
  const path = join(tempDir(), 'x.db');
  return [open(path, isThreaded), open(path, isThreaded)];
}

const LONG = 'with recursive n (x) as (select 1 union all select x + 1 from n where x < 500000) select x from n';

test.each<{ name: string; given: unknown; read: unknown }>([
  { name: 'a text with U+0000', given: 'a\u0000b\u001A', read: 'a\u0000b\u001A' },
  { name: 'a boolean, which crashes the driver', given: true, read: 1 },
  { name: 'null', given: null, read: null },
  { name: 'a time in milliseconds', given: 1_770_000_000_123, read: 1_770_000_000_123 },
  { name: 'an empty text', given: '', read: '' },
])('$name comes back as a row without anything of the driver', async ({ given, read }) => {
  for (const isThreaded of [true, false]) {
    const connection = await withTable(isThreaded);
    expect(await connection.run('insert into t values (?)', [given])).toMatchObject({ changes: 1 });
    expect((await connection.run('select value from t')).rows).toEqual([{ value: read }]);
    expect(await connection.first('select value from t')).toEqual({ value: read });
    expect(await connection.first('select value from t where false')).toBeUndefined();
  }
});

test.each([
  { name: 'undefined', value: undefined },
  { name: 'NaN', value: NaN },
  { name: 'infinity', value: Infinity },
  { name: 'an object', value: {} },
])('$name is refused as a parameter instead of being stored as something else', async ({ value }) => {
  await expect((await withTable()).run('insert into t values (?)', [value])).rejects.toThrow(/cannot be a SQL parameter/);
});

test.each([true, false])(
  'a statement that is used again sees what another connection changed, new columns too (threaded: %s)',
  async (isThreaded) => {
    const [one, two] = pair(isThreaded);
    await one.run('pragma journal_mode = wal');
    await one.exec('create table t (value)');
    expect((await two.run('select * from t')).rows).toEqual([]);
    for (let value = 0; value < 250; value += 1) await one.run('insert into t values (?)', [value]);
    expect((await two.run('select * from t')).rows).toHaveLength(250);
    await one.exec("alter table t add column added text default 'new'");
    expect((await two.run('select * from t')).rows[0]).toEqual({ value: 0, added: 'new' });
  },
);

test('a statement that runs several times at once keeps its parameters and rows apart', async () => {
  const connection = await withTable();
  for (let value = 0; value < 20; value += 1) await connection.run('insert into t values (?)', [value]);
  const values = Array.from({ length: 20 }, (_, value) => value);
  const read = () => Promise.all(values.map((value) => connection.run('select value from t where value >= ? order by value', [value])));
  await read();
  expect((await read()).map(({ rows }) => rows.length)).toEqual(values.map((value) => 20 - value));
});

test('the first row of a statement that writes is written, too, and leaves nothing open', async () => {
  const [one, two] = pair();
  await one.exec('pragma journal_mode = wal; create table t (value); begin immediate');
  expect(await one.first('insert into t values (?), (?) returning value', [1, 2])).toEqual({ value: 1 });
  await one.exec('commit');
  expect((await two.run('select count(*) as count from t')).rows).toEqual([{ count: 2 }]);
  await one.first('select * from t');
  await two.run('insert into t values (3)');
  expect((await one.run('select count(*) as count from t')).rows).toEqual([{ count: 3 }]);
});

test('what takes long does not hold the event loop, and another connection is used meanwhile', async () => {
  const [one, two] = pair();
  let isDone = false;
  const long = one.exec(`create table t as ${LONG}`).then(() => (isDone = true));
  let turns = 0;
  for (; !isDone; turns += 1) await new Promise(setImmediate);
  await long;
  expect(turns).toBeGreaterThan(10);
  expect((await two.run('select count(*) as count from t')).rows).toEqual([{ count: 500_000 }]);
});

test('a read that is under way when the connection is closed comes to its end', async () => {
  const connection = open();
  const reading = connection.run(`select count(*) as count from (${LONG})`);
  await new Promise(setImmediate);
  connection.close();
  expect((await reading).rows).toEqual([{ count: 500_000 }]);
});

test('what fails rejects with the driver’s error, and leaves the transaction to be rolled back', async () => {
  const [one, two] = pair();
  await one.exec('create table t (value); begin immediate');
  await expect(two.exec('begin immediate')).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
  await expect(one.exec('insert into t values (1); insert into nowhere values (1); commit')).rejects.toThrow(/no such table: nowhere/);
  await one.exec('rollback');
  await expect(one.exec('rollback')).rejects.toThrow(/no transaction is active/);
  await one.exec('insert into t values (2)');
  expect((await two.run('select value from t')).rows).toEqual([{ value: 2 }]);
});
