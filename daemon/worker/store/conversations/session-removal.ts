/** Statements that delete sessions softly, restore, expire, trim and purge them. */
import { sql } from 'kysely';
import { SESSION_KINDS, type SessionKind } from '../../../../shared/sessions/kinds.js';
import { prepare } from '../prepare.js';
import { PURGED_FILES } from './attachments.js';
import { PURGE_ROWS, PurgeBudget, type PurgedTable, purgeWithin } from './purge.js';
import { queriesOf, type Transaction } from '../transaction.js';
import { type Session, toSession, countMessages } from './sessions.js';

const markDeleted = prepare<{ key: string; nowMs: number }>()((db, p) =>
  db.updateTable('sessions').set({ deleted_at: p.nowMs }).where('key', '=', p.key).where('deleted_at', 'is', null),
);

const selectDeleted = prepare<{ key: string; afterMs: number }>()((db, p) =>
  db
    .selectFrom('sessions')
    .selectAll()
    .where('key', '=', p.key)
    .where('deleted_at', '>', p.afterMs)
    .orderBy('deleted_at', 'desc')
    .orderBy('id', 'desc')
    .limit(1),
);

const markLiving = prepare<{ id: number }>()((db, p) => db.updateTable('sessions').set({ deleted_at: null }).where('id', '=', p.id));

const selectDoomed = prepare<{ beforeMs: number }>()((db, p) =>
  db
    .selectFrom('sessions')
    .select('id')
    .where('deleted_at', '<=', p.beforeMs)
    // Sessions during their import are kept (session-import.ts).
    .where(sql<boolean>`not exists (select 1 from leases where leases.key = 'import:' || sessions.id)`)
    .limit(sql.lit(1)),
);

const PURGED_MESSAGES: PurgedTable = { table: 'messages', key: 'seq', bytes: sql`octet_length(content)` };
const PURGED_TURNS: PurgedTable = { table: 'turns', key: 'id' };

const deleteForGood = prepare<{ id: number }>()((db, p) => db.deleteFrom('sessions').where('id', '=', p.id));

/** Deletes a session softly. Returns whether it existed. */
export async function deleteSession(tx: Transaction, target: { key: string; nowMs: number }): Promise<boolean> {
  return (await markDeleted.run(tx, target)) > 0;
}

/** Returns the session of that key that was deleted last, unless that was at `afterMs` or earlier. */
export async function findDeletedSession(tx: Transaction, target: { key: string; afterMs: number }): Promise<Session | undefined> {
  const row = await selectDeleted.first(tx, target);
  return row && toSession(row);
}

/** Restores a deleted session. No other session with its key may exist. Runs in a transaction. */
export async function restoreSession(tx: Transaction, id: number): Promise<void> {
  await markLiving.run(tx, { id });
}

/**
 * Purges sessions that were deleted at `beforeMs` or earlier, with their files, messages and turns. Runs in a transaction: one step,
 * which may end within a session. Returns the number of rows.
 */
export async function purgeSessions(tx: Transaction, beforeMs: number): Promise<number> {
  const budget = new PurgeBudget();
  while (!budget.isSpent) {
    const doomed = await selectDoomed.first(tx, { beforeMs });
    if (doomed === undefined) break;
    for (const from of [PURGED_FILES, PURGED_MESSAGES, PURGED_TURNS])
      await purgeWithin(tx, budget, { ...from, where: sql`session_id = ${doomed.id}` });
    if (!budget.isSpent) budget.rows -= await deleteForGood.run(tx, doomed);
  }
  return budget.removed;
}

const NAMED: readonly string[] = SESSION_KINDS.filter((kind) => kind !== 'channels');

/** Returns a condition for a kind of sessions; channels without a kind of their own belong to `channels`. */
const isOfKind = (kind: SessionKind) =>
  kind === 'channels' ? sql<boolean>`channel not in (${sql.join(NAMED)})` : sql<boolean>`channel = ${kind}`;

/** A turn continues from its question, even after it has waited days for an approval. */
const HAS_NO_OPEN_TURN = sql<boolean>`not exists (
  select 1 from turns where turns.session_id = sessions.id and turns.state in ('running', 'waiting'))`;

/**
 * Deletes sessions of a kind without a message since `beforeMs`, except pinned ones and those with a turn that has not ended. They
 * can be restored like others. Runs in a transaction: one step. Returns their number.
 */
export async function expireSessions(tx: Transaction, limit: { kind: SessionKind; beforeMs: number; nowMs: number }): Promise<number> {
  const { kind, beforeMs, nowMs } = limit;
  const { numUpdatedRows } = await queriesOf(tx)
    .updateTable('sessions')
    .set({ deleted_at: nowMs })
    .where('id', 'in', (query) =>
      query
        .selectFrom('sessions')
        .select('id')
        .where('deleted_at', 'is', null)
        .where('is_archived', 'in', [0, 1])
        .where('is_pinned', '=', 0)
        .where('updated_at', '<', beforeMs)
        .where(isOfKind(kind))
        .where(HAS_NO_OPEN_TURN)
        .limit(PURGE_ROWS),
    )
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/**
 * Purges the oldest messages of a session beyond the newest `keep` of its path, with their files, and the variants as old as them: one step. Sessions with a turn that
 * has not ended are left for later. Returns the number of rows. Runs in a transaction.
 */
export async function trimSessions(tx: Transaction, { kind, keep }: { kind: SessionKind; keep: number }): Promise<number> {
  const session = await queriesOf(tx)
    .selectFrom('sessions')
    .select(['id', 'message_count'])
    .where('deleted_at', 'is', null)
    .where('message_count', '>', keep)
    .where('is_pinned', '=', 0)
    .where(isOfKind(kind))
    .where(HAS_NO_OPEN_TURN)
    .limit(1)
    .executeTakeFirst();
  if (session === undefined) return 0;
  const newest = queriesOf(tx)
    .selectFrom('messages')
    .select('seq')
    .where('session_id', '=', session.id)
    .where('parent_seq', 'is', null)
    .orderBy('seq', 'desc');
  const last = await newest.offset(keep).limit(1).executeTakeFirst();
  if (last === undefined) {
    // A wrong count is corrected; otherwise this session would be selected forever.
    const { length } = await newest.execute();
    await countMessages(tx, { id: session.id, count: length - session.message_count });
    return 1;
  }
  return removeOldest(tx, { sessionId: session.id, lastSeq: last.seq });
}

async function removeOldest(tx: Transaction, { sessionId, lastSeq }: { sessionId: number; lastSeq: number }): Promise<number> {
  const oldest = await queriesOf(tx)
    .selectFrom('messages')
    .select(['seq', 'id', 'parent_seq as parentSeq'])
    .where('session_id', '=', sessionId)
    .where('seq', '<=', lastSeq)
    .orderBy('seq')
    .limit(PURGE_ROWS)
    .execute();
  const budget = new PurgeBudget();
  const isTheirs = sql`session_id = ${sessionId} and message_id in (${sql.join(oldest.map(({ id }) => id))})`;
  await purgeWithin(tx, budget, { ...PURGED_FILES, where: isTheirs });
  const isOldest = sql`seq in (${sql.join(oldest.map(({ seq }) => seq))}) order by seq`;
  const removed = new Set(await purgeWithin(tx, budget, { ...PURGED_MESSAGES, where: isOldest }));
  // Variants were already subtracted when they left the branch.
  const counted = oldest.filter(({ seq, parentSeq }) => parentSeq === null && removed.has(seq));
  await countMessages(tx, { id: sessionId, count: -counted.length });
  return budget.removed;
}
