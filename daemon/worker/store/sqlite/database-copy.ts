/** Copies of a database: made while others write to it, checked, and prepared to take its place. */
import { statSync } from 'node:fs';
import { storeUnavailable } from '../engine.js';
import { MIGRATIONS, NEWEST_SCHEMA } from '../migrations/index.js';
import { queriesOf, type Transaction } from '../transaction.js';
import type { LibsqlConnection } from './connection.js';
import { quickCheck, withConnection } from './damage.js';
import { classifyFault, describeFault } from './faults.js';
import { readHeader } from './migrate.js';
import { openSqlite } from './open.js';

export { findDamage } from './damage.js';

const UNSENT_REASON = 'the state was restored from a backup: it may have been sent after the backup';
const UNFINISHED_REASON = 'the state was restored from a backup: it may have been completed after the backup';

function assertFile(path: string): void {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry === undefined || !entry.isFile()) throw storeUnavailable(path, 'it is not a regular file');
}

function toUnavailable(path: string, error: unknown): unknown {
  return classifyFault(error) === 'other' ? error : storeUnavailable(path, describeFault(error), { cause: error });
}

/** See `DatabaseModule`. One read transaction: commits made meanwhile are not in the copy and do not wait for it. */
export async function copyDatabase(from: string, to: string): Promise<number> {
  assertFile(from);
  try {
    return await withConnection(from, async (connection) => {
      const version = await readVersion(from, connection);
      await connection.run('vacuum into ?', [to]);
      return version;
    });
  } catch (error) {
    throw toUnavailable(from, error);
  }
}

/** See `DatabaseModule`. */
export async function prepareDatabase(path: string, { to, unsettled }: { to: string; unsettled: 'unknown' | 'send' }): Promise<void> {
  assertFile(path);
  try {
    await assertSound(path);
    const database = await openSqlite(path, MIGRATIONS);
    try {
      await database.contract();
      if (unsettled === 'unknown') await database.transaction(endUnfinished);
    } finally {
      await database.close();
    }
    // The result is one file without a write-ahead log.
    await copyDatabase(path, to);
  } catch (error) {
    throw toUnavailable(path, error);
  }
}

/** Reads every page and index. @throws STORE_UNAVAILABLE */
async function assertSound(path: string): Promise<void> {
  await withConnection(path, async (connection) => {
    const version = await readVersion(path, connection);
    if (version > NEWEST_SCHEMA) {
      throw storeUnavailable(path, `it was written by a newer xopc (schema ${version}, this one knows ${NEWEST_SCHEMA})`);
    }
    const damage = await quickCheck(connection);
    if (damage !== null) throw storeUnavailable(path, `it is damaged (${damage})`);
  });
}

async function readVersion(path: string, connection: LibsqlConnection): Promise<number> {
  const { origin, version } = await readHeader(connection);
  if (origin === 'foreign') throw storeUnavailable(path, 'it belongs to another program');
  return version.version;
}

/** Ends what was unfinished when the copy was made: the copy cannot know what became of it. */
async function endUnfinished(tx: Transaction): Promise<void> {
  await endUnsent(tx);
  await endUnanswered(tx);
}

async function endUnsent(tx: Transaction): Promise<void> {
  const db = queriesOf(tx);
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
}

async function endUnanswered(tx: Transaction): Promise<void> {
  const db = queriesOf(tx);
  const ended = { instance_id: null, error: UNFINISHED_REASON } as const;
  // Without its turn: the next worker would keep the turn for another attempt.
  await db
    .updateTable('inbox_messages')
    .set((row) => ({ ...ended, state: 'interrupted', turn_id: null, finished_at: row.ref('received_at') }))
    .where('state', 'in', ['pending', 'running', 'waiting'])
    .execute();
  await db
    .updateTable('cron_runs')
    .set((row) => ({ ...ended, state: 'interrupted', finished_at: row.ref('due_at') }))
    .where('state', 'in', ['queued', 'running'])
    .execute();
  await db
    .updateTable('approvals')
    .set((row) => ({ state: 'cancelled', decided_at: row.ref('asked_at') }))
    .where('state', '=', 'pending')
    .execute();
  // The next worker ends the rest as it ends what a dead one ran, and keeps what was said: nothing goes on with it.
  await db.updateTable('turns').set({ state: 'running', question_id: null }).where('state', 'in', ['running', 'waiting']).execute();
  await db.updateTable('responses').set({ is_repeatable: 0 }).where('finished_at', 'is', null).execute();
  for (const table of ['turn_steps', 'turn_calls'] as const) {
    const open = db.selectFrom('responses').select('id').where('finished_at', 'is', null);
    await db.deleteFrom(table).where('turn_id', 'in', open).execute();
  }
}
