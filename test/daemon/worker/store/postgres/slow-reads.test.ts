/** Reads that take too long: they fail alone, and end at the server, too. */
import { createServer, type Socket } from 'node:net';
import { sql } from 'kysely';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ConnectionLost, Preparing, Readers, ReadTimeout } from '../../../../../daemon/worker/store/postgres/driver.js';
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
    message: expect.stringContaining('a read ends after 10 s') as string,
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

/** Of a store, for reads. */
const CONNECTIONS = 5;

function fakeTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
}

test('while slow reads take all connections, another read fails alone', async () => {
  fakeTimers();
  const url = await createDatabase();
  const readers = new Readers(url, new Preparing());
  onTestFinished(() => readers.close());
  const slow = Promise.allSettled(Array.from({ length: CONNECTIONS }, () => readers.run('select pg_sleep(60)')));
  await eventually(async () => expect(await sleepers(url)).toHaveLength(CONNECTIONS));
  const waiting = Promise.allSettled([readers.run('select 1')]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await waiting).toEqual([{ status: 'rejected', reason: expect.any(ReadTimeout) as unknown }]);
  await query(
    url,
    "select pg_cancel_backend(pid) from pg_stat_activity where query like 'select pg_sleep%' and datname = current_database()",
  );
  await slow;
});

test('where no connection can be made, no read counts as a slow one', async () => {
  fakeTimers();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const readers = new Readers(`postgres://xopc@127.0.0.1:${(server.address() as { port: number }).port}/xopc`, new Preparing());
  const errors: unknown[] = [];
  for (let index = 0; index <= CONNECTIONS; index += 1) readers.run('select 1').catch((error: unknown) => errors.push(error));
  await eventually(async () => {
    await vi.advanceTimersByTimeAsync(1_000);
    expect(errors).toHaveLength(CONNECTIONS + 1);
  });
  expect(errors.filter((error) => !(error instanceof ConnectionLost))).toEqual([]);
});
