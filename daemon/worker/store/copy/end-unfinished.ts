/** Resolves unfinished work, and ends the page's sessions, in a copy of a database that replaces it. */
import type { Queries } from '../schema.js';

const UNSENT_REASON = 'the state was restored from a backup: it may have been sent after the backup';
const UNFINISHED_REASON = 'the state was restored from a backup: it may have been completed after the backup';

/**
 * Ends work that was unfinished when the copy was made, because the copy cannot know its outcome; and the page's sessions, because a
 * browser may have been signed out since.
 */
export async function endUnfinished(db: Queries): Promise<void> {
  await endUnsent(db);
  await endUnanswered(db);
  await db.deleteFrom('page_secrets').execute();
}

const UNSENT = ['queued', 'sending', 'retry_wait'] as const;

async function endUnsent(db: Queries): Promise<void> {
  await db
    .updateTable('outbox_parts')
    .set({ state: 'unknown' })
    .where('state', 'in', UNSENT)
    .where('message_seq', 'in', (query) => query.selectFrom('outbox_messages').select('seq').where('state', 'in', UNSENT))
    .execute();
  await db
    .updateTable('outbox_messages')
    .set((row) => ({ state: 'unknown', instance_id: null, last_error: UNSENT_REASON, finished_at: row.ref('updated_at') }))
    .where('state', 'in', UNSENT)
    .execute();
}

async function endUnanswered(db: Queries): Promise<void> {
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
  // The next worker ends the rest like the work of a dead worker, and keeps the text so far; nothing continues it.
  await db.updateTable('turns').set({ state: 'running', question_id: null }).where('state', 'in', ['running', 'waiting']).execute();
  await db.updateTable('responses').set({ is_background: 0, instance_id: 'restored' }).where('finished_at', 'is', null).execute();
  for (const table of ['turn_steps', 'turn_calls'] as const) {
    const open = db.selectFrom('responses').select('id').where('finished_at', 'is', null);
    await db.deleteFrom(table).where('turn_id', 'in', open).execute();
  }
}
