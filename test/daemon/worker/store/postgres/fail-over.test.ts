/** The name in the URL leads to a server that can only be read, and later to one that can be written. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { probeWriting } from '../../../../../daemon/worker/store/leases.js';
import { ConnectionLost, Preparing, Readers, Session } from '../../../../../daemon/worker/store/postgres/driver.js';
import { openStore } from '../../../../helpers/open-store.js';
import { eventually } from '../../../../helpers/eventually.js';
import { createDatabase, postgresAt, query } from '../../../../helpers/store-engine.js';

/** Only new sessions notice the change, as those of a server that has become a standby, or the primary. */
const alter = (url: string, setting: string) =>
  query(url, `begin read write; alter database ${new URL(url).pathname.slice(1)} ${setting}; commit`);
const endSessions = (url: string) =>
  query(url, 'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()');

test('after a time in which it can only be read, the database is written and the row renewed over new sessions', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const url = await createDatabase();
  const store = await openStore({ engine: postgresAt(url) });
  await alter(url, 'set default_transaction_read_only = on');
  await endSessions(url);
  await expect(store.write(probeWriting)).rejects.toThrow('it can only be read, not written');
  const renewals = vi.spyOn(Session.prototype, 'run');
  await vi.advanceTimersByTimeAsync(5_000);
  await eventually(() => expect(renewals.mock.settledResults.map(({ type }) => type)).toContain('rejected'));
  const renewal = async () => (await query(url, 'select renewed_at::text from instances'))[0];
  const before = await renewal();
  await alter(url, 'reset default_transaction_read_only');
  await store.write(probeWriting);
  await eventually(async () => {
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await renewal()).not.toEqual(before);
  });
});

test('a standby is not read', async () => {
  const url = await createDatabase();
  await query(url, "create function pg_is_in_recovery() returns boolean language sql as 'select true'");
  await alter(url, 'set search_path = public, pg_catalog');
  const readers = new Readers(url, new Preparing());
  onTestFinished(() => readers.close());
  const read = readers.run('select 1 as one');
  await expect(read).rejects.toBeInstanceOf(ConnectionLost);
  await expect(read).rejects.toThrow('the server is a standby');
  await query(url, 'drop function pg_is_in_recovery');
  expect((await readers.run('select 1 as one')).rows).toEqual([{ one: 1 }]);
});
