/** Reads that take too long: they fail alone, and end at the server, too. */
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { Preparing, Readers, ReadTimeout } from '../../../../../daemon/worker/store/postgres/driver.js';
import { queriesOf } from '../../../../../daemon/worker/store/transaction.js';
import { openStore } from '../../../../helpers/open-store.js';
import { eventually } from '../../../../helpers/eventually.js';
import { createDatabase, postgresAt, query } from '../../../../helpers/store-engine.js';

const sleepers = (url: string) =>
  query(url, "select pid from pg_stat_activity where datname = current_database() and state = 'active' and query like 'select pg_sleep%'");

test('a read that takes too long is ended at the server, and the store stays available', async () => {
  const url = await createDatabase();
  const store = await openStore({ engine: postgresAt(url, { readLimits: { statementMs: 300 } }) });
  const slow = store.read((tx) => sql`select pg_sleep(60)`.execute(queriesOf(tx)));
  await expect(slow).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('a read ends after ten seconds') as string,
    hint: expect.stringContaining('pg_stat_activity') as string,
  });
  expect([store.isAvailable, store.warnings()]).toEqual([true, []]);
  expect(await sleepers(url)).toEqual([]);
  expect((await store.read((tx) => sql`select 1 as one`.execute(queriesOf(tx)))).rows).toEqual([{ one: 1 }]);
});

test('one that the server does not end is not sent again', async () => {
  const url = await createDatabase();
  const readers = new Readers(url, new Preparing(), { answerMs: 1_000 });
  onTestFinished(() => readers.close());
  const slow = readers.run('select pg_sleep(60)');
  await eventually(async () => expect(await sleepers(url)).toHaveLength(1));
  await expect(slow).rejects.toBeInstanceOf(ReadTimeout);
  expect(await sleepers(url)).toHaveLength(1);
});

test('only a session of the server itself gets the limit', async () => {
  const url = await createDatabase();
  const readers = new Readers(url, new Preparing());
  onTestFinished(() => readers.close());
  expect((await readers.run('show statement_timeout')).rows).toEqual([{ statement_timeout: '10s' }]);
});
