/** Resolves unfinished work, and ends the page's sessions, in a copy of a database that replaces it. */
import type { Queries } from '../schema.js';

const UNSENT_REASON = 'the state was restored from a backup: it may have been sent after the backup';
const UNANSWERED_REASON = 'the state was restored from a backup; it may have been answered after the backup';
const UNFINISHED_REASON = 'the state was restored from a backup: it may have been completed after the backup';

/**
 * Ends work that was unfinished when the copy was made, because the copy cannot know its outcome; and the page's sessions, because a
 * browser may have been signed out since.
 */
export async function endUnfinished(db: Queries, nowMs: number): Promise<void> {
  await endUnsent(db, nowMs);
  await endUnanswered(db, nowMs);
  await db.deleteFrom('page_secrets').execute();
}

const UNSENT = ['queued', 'sending', 'retry_wait'] as const;

async function endUnsent(db: Queries, nowMs: number): Promise<void> {
  await db
    .updateTable('outbox_parts')
    .set({ state: 'unknown' })
    .where('state', 'in', UNSENT)
    .where('message_seq', 'in', (query) => query.selectFrom('outbox_messages').select('seq').where('state', 'in', UNSENT))
    .execute();
  await db
    .updateTable('outbox_messages')
    .set({ state: 'unknown', instance_id: null, last_error: UNSENT_REASON, finished_at: nowMs })
    .where('state', 'in', UNSENT)
    .execute();
}

async function endUnanswered(db: Queries, nowMs: number): Promise<void> {
  const ended = { instance_id: null, error: UNFINISHED_REASON, state: 'interrupted', finished_at: nowMs } as const;
  const received = db.updateTable('inbox_messages').where('state', 'in', ['pending', 'running', 'waiting']);
  // Not yet in a session: the next worker ends them with this reason, and keeps their texts there.
  await received.set({ state: 'pending', instance_id: null, error: UNANSWERED_REASON }).where('turn_id', 'is', null).execute();
  // Without its turn: the next worker would keep the turn for another attempt.
  await received
    .set({ ...ended, turn_id: null })
    .where('turn_id', 'is not', null)
    .execute();
  await db.updateTable('cron_runs').set(ended).where('state', 'in', ['queued', 'running']).execute();
  await db.updateTable('approvals').set({ state: 'cancelled', decided_at: nowMs }).where('state', '=', 'pending').execute();
  // The next worker ends the rest like the work of a dead worker, and keeps the text so far; nothing continues it.
  await db.updateTable('turns').set({ state: 'running', question_id: null }).where('state', 'in', ['running', 'waiting']).execute();
  await db.updateTable('responses').set({ is_background: 0, instance_id: 'restored' }).where('finished_at', 'is', null).execute();
  for (const table of ['turn_steps', 'turn_calls'] as const) {
    const open = db.selectFrom('responses').select('id').where('finished_at', 'is', null);
    await db.deleteFrom(table).where('turn_id', 'in', open).execute();
  }
}
