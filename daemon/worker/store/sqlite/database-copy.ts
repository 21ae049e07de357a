/** A database beside the one that is in use: copied from it while others write, and made fit to take its place. */
import { statSync } from 'node:fs';
import { applyJournal } from './accept-journal.js';
import { storeUnavailable } from './database-file.js';
import { LibsqlConnection } from './libsql-connection.js';
import { MIGRATIONS, NEWEST_SCHEMA } from '../migrations/index.js';
import { readHeader } from '../migrations/migrate.js';
import { queriesOf, type Transaction } from '../transaction.js';
import { openSqlite } from './sqlite.js';
import { classifyFault, describeFault } from './sqlite-errors.js';

/** Another process's checkpoint or migration ends within this. */
const BUSY_TIMEOUT_MS = 10_000;
const UNSENT_REASON = 'the state was restored from a backup: it may have been sent after the backup was made';
const UNFINISHED_REASON = 'the state was restored from a backup: it may have been done after the backup was made';

function assertFile(path: string): void {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry === undefined || !entry.isFile()) throw storeUnavailable(path, 'it is not a regular file');
}

function explained(path: string, error: unknown): unknown {
  return classifyFault(error) === 'other' ? error : storeUnavailable(path, describeFault(error), error);
}

/** See `DatabaseModule`. One read transaction: what is committed meanwhile is not in the copy, and waits for nothing. */
export function copyDatabase(from: string, to: string): number {
  assertFile(from);
  try {
    const connection = new LibsqlConnection(from);
    try {
      connection.run(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
      const { origin, version } = readHeader(connection);
      if (origin === 'foreign') throw storeUnavailable(from, 'it is the database of another program');
      connection.run('vacuum into ?', [to]);
      return version.version;
    } finally {
      connection.close();
    }
  } catch (error) {
    throw explained(from, error);
  }
}

/** See `DatabaseModule`. */
export async function prepareDatabase(path: string, { to, unsettled }: { to: string; unsettled: 'unknown' | 'send' }): Promise<void> {
  assertFile(path);
  try {
    assertSound(path);
    const database = await openSqlite(path, MIGRATIONS);
    try {
      await database.contract();
      if (unsettled === 'unknown') await database.transaction(settle);
    } finally {
      await database.close();
    }
    // One file without a write-ahead log, which no connection of ours has ever had open.
    copyDatabase(path, to);
  } catch (error) {
    throw explained(path, error);
  }
}

/** Every page and index. @throws STORE_UNAVAILABLE */
function assertSound(path: string): void {
  const connection = new LibsqlConnection(path);
  try {
    const { origin, version } = readHeader(connection);
    if (origin === 'foreign') throw storeUnavailable(path, 'it is the database of another program');
    if (version.version > NEWEST_SCHEMA) {
      throw storeUnavailable(path, `a newer xopc has written it (schema ${version.version}, this one knows ${NEWEST_SCHEMA})`);
    }
    const damage = quickCheck(connection);
    if (damage !== null) throw storeUnavailable(path, `it is damaged (${damage})`);
  } finally {
    connection.close();
  }
}

function quickCheck(connection: LibsqlConnection): string | null {
  const [first] = connection.run<{ quick_check: string }>('pragma quick_check(1)').rows;
  return first?.quick_check === 'ok' ? null : (first?.quick_check ?? 'no answer');
}

/** Reads every page. @returns what is wrong, null for a sound database @throws when it cannot be read for another reason */
export function findDamage(path: string): string | null {
  try {
    const connection = new LibsqlConnection(path);
    try {
      connection.run(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
      return quickCheck(connection);
    } finally {
      connection.close();
    }
  } catch (error) {
    if (classifyFault(error) === 'corrupt') return describeFault(error);
    throw error;
  }
}

/** What was on its way when the copy was made has a fate that the copy does not know. */
async function settle(tx: Transaction): Promise<void> {
  const db = queriesOf(tx);
  await applyJournal(tx);
  const unsent = await db.selectFrom('outbox_messages').select('seq').where('state', 'in', ['queued', 'sending', 'retry_wait']).execute();
  for (const { seq } of unsent) {
    await db
      .updateTable('outbox_parts')
      .set({ state: 'unknown' })
      .where('message_seq', '=', seq)
      .where('state', 'in', ['queued', 'sending', 'retry_wait'])
      .execute();
    await db
      .updateTable('outbox_messages')
      .set((row) => ({ state: 'unknown', instance_id: null, last_error: UNSENT_REASON, finished_at: row.ref('updated_at') }))
      .where('seq', '=', seq)
      .execute();
  }
  await db
    .updateTable('inbox_messages')
    .set((row) => ({ state: 'interrupted', instance_id: null, error: UNFINISHED_REASON, finished_at: row.ref('received_at') }))
    .where('state', 'in', ['pending', 'running'])
    .execute();
  await db
    .updateTable('cron_runs')
    .set((row) => ({ state: 'interrupted', instance_id: null, error: UNFINISHED_REASON, finished_at: row.ref('due_at') }))
    .where('state', 'in', ['queued', 'running'])
    .execute();
}
