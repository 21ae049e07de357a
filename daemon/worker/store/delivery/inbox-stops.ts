/** Requests to stop an answer, and messages that are taken back before their answer has begun. */
import { sql } from 'kysely';
import { prepare } from '../prepare.js';
import { tellOthers, type Transaction } from '../transaction.js';
import { inLane, LANE, type Lane } from './outbox.js';

/** The error of a message that is taken back. */
export const TAKEN_BACK = 'taken back';

/** Returns the unhandled messages that may ask to stop an answer. */
export const { all: listInboxStops } = prepare<Record<never, never>>()((db) =>
  db
    .selectFrom('inbox_messages')
    .select([...LANE, 'content', 'received_at as receivedAtMs'])
    .where('finished_at', 'is', null)
    .where('state', '=', sql.lit('pending' as const))
    .where(sql`lower(content)`, 'like', sql.lit('%/stop%')),
);

/** Returns the unhandled messages of a chat that came before one and that no worker handles, oldest first. */
export const { all: listInboxBefore } = prepare<Lane & { seq: number }>()((db, p) =>
  db
    .selectFrom('inbox_messages')
    .select('seq')
    .where(inLane(p))
    .where('finished_at', 'is', null)
    .where('state', '=', sql.lit('pending' as const))
    .where('seq', '<', p.seq)
    .orderBy('seq'),
);

const selectTakenBack = prepare<Lane & { seq: number; receivedAtMs: number }>()((db, p) =>
  db
    .selectFrom('inbox_messages')
    .select(sql<number>`count(*)`.as('count'))
    .where(inLane(p))
    .where('error', '=', sql.lit(TAKEN_BACK))
    .where('finished_at', '>=', p.receivedAtMs)
    .where('seq', '<', p.seq),
);

/** Returns how many messages of a chat that came before a stop request were taken back since it was received. */
export async function countTakenBack(tx: Transaction, stop: Lane & { seq: number; receivedAtMs: number }): Promise<number> {
  return Number((await selectTakenBack.first(tx, stop))?.count ?? 0);
}

const withdraw = prepare<{ scope: string; updateId: string; nowMs: number }>()((db, p) =>
  db
    .updateTable('inbox_messages')
    .set({ state: sql.lit('done' as const), error: sql.lit(TAKEN_BACK), instance_id: null, finished_at: p.nowMs })
    .where('scope', '=', p.scope)
    .where('update_id', '=', p.updateId)
    .where('turn_id', 'is', null)
    .where('finished_at', 'is', null),
);

const withdrawLane = prepare<Lane & { nowMs: number }>()((db, p) =>
  db
    .updateTable('inbox_messages')
    .set({ state: sql.lit('done' as const), error: sql.lit(TAKEN_BACK), instance_id: null, finished_at: p.nowMs })
    .where(inLane(p))
    .where('finished_at', 'is', null)
    .where((query) => query.or([query('state', '=', sql.lit('pending' as const)), query('turn_id', 'is', null)])),
);

/** Takes back the messages of a chat that no turn is answering. Runs in a transaction. */
export async function withdrawChat(tx: Transaction, chat: Lane & { nowMs: number }): Promise<void> {
  await withdrawLane.run(tx, chat);
}

/** Takes back a message whose turn has not begun, even if a worker waits to begin it; returns false if there is none. Runs in a transaction. */
export async function withdrawInbox(tx: Transaction, update: { scope: string; updateId: string; nowMs: number }): Promise<boolean> {
  tellOthers(tx, 'inbox');
  return (await withdraw.run(tx, update)) === 1;
}
