import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LibsqlConnection } from '../../../../../daemon/worker/store/sqlite/libsql-connection.js';
import { tempDir } from '../../../../helpers/temp-dir.js';

function open(): LibsqlConnection {
  const connection = new LibsqlConnection(join(tempDir(), 'x.db'));
  connection.exec('create table t (value)');
  return connection;
}

test.each<{ name: string; given: unknown; read: unknown }>([
  { name: 'a text with U+0000', given: 'a\u0000b\u001A', read: 'a\u0000b\u001A' },
  { name: 'a boolean, which the driver itself dies of', given: true, read: 1 },
  { name: 'null', given: null, read: null },
  { name: 'a time in milliseconds', given: 1_770_000_000_123, read: 1_770_000_000_123 },
  { name: 'an empty text', given: '', read: '' },
])('$name comes back as a row without anything of the driver', ({ given, read }) => {
  const connection = open();
  expect(connection.run('insert into t values (?)', [given])).toMatchObject({ changes: 1, insertId: 1 });
  expect(connection.run('select value from t').rows).toEqual([{ value: read }]);
});

test.each([
  { name: 'undefined', value: undefined },
  { name: 'NaN', value: NaN },
  { name: 'infinity', value: Infinity },
  { name: 'an object', value: {} },
])('$name is refused as a parameter instead of being stored as something else', ({ value }) => {
  expect(() => open().run('insert into t values (?)', [value])).toThrow(/cannot be a SQL parameter/);
});

test('a statement that is used again sees what another connection changed, new columns too', () => {
  const path = join(tempDir(), 'x.db');
  const [one, two] = [new LibsqlConnection(path), new LibsqlConnection(path)];
  one.run('pragma journal_mode = wal');
  one.exec('create table t (value)');
  expect(two.run('select * from t').rows).toEqual([]);
  for (let value = 0; value < 250; value += 1) one.run('insert into t values (?)', [value]);
  expect(two.run('select * from t').rows).toHaveLength(250);
  one.exec("alter table t add column added text default 'new'");
  expect(two.run('select * from t').rows[0]).toEqual({ value: 0, added: 'new' });
});

test('what runs aside does not hold the event loop, and another connection is used meanwhile', async () => {
  const path = join(tempDir(), 'x.db');
  const [one, two] = [new LibsqlConnection(path), new LibsqlConnection(path)];
  let isDone = false;
  const long = one
    .execAside('create table t as with recursive n (x) as (select 1 union all select x + 1 from n where x < 500000) select x from n')
    .then(() => (isDone = true));
  let turns = 0;
  for (; !isDone; turns += 1) await new Promise(setImmediate);
  await long;
  expect(turns).toBeGreaterThan(10);
  expect(two.run('select count(*) as count from t').rows).toEqual([{ count: 500_000 }]);
});

test('what fails aside rejects with the driver’s error, and leaves the transaction to be undone', async () => {
  const path = join(tempDir(), 'x.db');
  const [one, two] = [new LibsqlConnection(path), new LibsqlConnection(path)];
  one.exec('create table t (value); begin immediate');
  await expect(two.execAside('begin immediate')).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
  await expect(one.execAside('insert into t values (1); insert into nowhere values (1); commit')).rejects.toThrow(/no such table: nowhere/);
  expect(one.isInTransaction).toBe(true);
  one.run('rollback');
  await one.execAside('insert into t values (2)');
  expect(two.run('select value from t').rows).toEqual([{ value: 2 }]);
});
