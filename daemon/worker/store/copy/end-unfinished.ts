/** Resolves unfinished work, and ends the page's sessions, in a database that exists twice. */
import { NOT_PLANNED } from '../cron/tables.js';
import type { Queries } from '../schema.js';

interface Reasons {
  readonly unsent: string;
  readonly unanswered: string;
  readonly unfinished: string;
}

/** For {@link endUnfinished} in a database that was restored from a backup. */
export const RESTORED_REASONS: Reasons = {
  unsent: 'the state was restored from a backup: it may have been sent after the backup',
  unanswered: 'the state was restored from a backup; it may have been answered after the backup',
  unfinished: 'the state was restored from a backup: it may have been completed after the backup',
};

const COPIED_REASONS: Reasons = {
  unsent: 'the gateway moved to another database: it may have been sent from there',
  unanswered: 'the gateway moved to another database; it may have been answered there',
  unfinished: 'the gateway moved to another database: it may have been completed there',
};

/**
 * Ends work that was unfinished when this copy was made, because the copy cannot know its outcome; and the page's sessions, because a
 * browser may have been signed out since.
 */
export async function endUnfinished(db: Queries, nowMs: number, reasons: Reasons): Promise<void> {
  await endUnsent(db, nowMs, reasons);
  await endUnanswered(db, nowMs, reasons);
  await db.deleteFrom('page_secrets').execute();
}

/** Ends in the original what its copy continues. Its jobs skip what is due until it is used again. */
export async function endCopied(db: Queries, nowMs: number): Promise<void> {
  await endUnfinished(db, nowMs, COPIED_REASONS);
  await db.updateTable('cron_jobs').set({ next_at: NOT_PLANNED }).where('next_at', 'is not', null).execute();
}

const UNSENT = ['queued', 'sending', 'retry_wait'] as const;

async function endUnsent(db: Queries, nowMs: number, { unsent }: Reasons): Promise<void> {
  await db
    .updateTable('outbox_parts')
    .set({ state: 'unknown' })
    .where('state', 'in', UNSENT)
    .where('message_seq', 'in', (query) => query.selectFrom('outbox_messages').select('seq').where('state', 'in', UNSENT))
    .execute();
  await db
    .updateTable('outbox_messages')
    .set({ state: 'unknown', instance_id: null, last_error: unsent, finished_at: nowMs })
    .where('state', 'in', UNSENT)
    .execute();
}

async function endUnanswered(db: Queries, nowMs: number, { unanswered, unfinished }: Reasons): Promise<void> {
  const ended = { instance_id: null, error: unfinished, state: 'interrupted', finished_at: nowMs } as const;
  const received = db.updateTable('inbox_messages').where('state', 'in', ['pending', 'running', 'waiting']);
  // Not yet in a session: the next worker ends them with this reason, and keeps their texts there.
  await received.set({ state: 'pending', instance_id: null, error: unanswered }).where('turn_id', 'is', null).execute();
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
