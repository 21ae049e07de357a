/** Sessions that are kept for a time only, or with a number of messages only; and how much there is of each kind. */
import { sql } from 'kysely';
import { sessionKindOf, SESSION_KINDS, type SessionKind } from '../../../../shared/session-kinds.js';
import { PURGE_ROWS } from './purge.js';
import { uncountMessages } from './sessions.js';
import { queriesOf, type Transaction } from '../transaction.js';

const NAMED: readonly string[] = SESSION_KINDS.filter((kind) => kind !== 'channels');

/** Which rows of `sessions` are of a kind: all channels that have no kind of their own are one. */
const isOfKind = (kind: SessionKind) =>
  kind === 'channels' ? sql<boolean>`channel not in (${sql.join(NAMED)})` : sql<boolean>`channel = ${kind}`;

/**
 * Deletes sessions of a kind in which nothing was said since `beforeMs`; those that are pinned stay. They can be brought back
 * as those that a person has deleted. Runs in a write: one step. @returns how many
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
        .limit(PURGE_ROWS),
    )
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** Removes for good the oldest messages of a session of a kind beyond the newest `keep`. Runs in a write: one step. @returns how many */
export async function trimSessions(tx: Transaction, { kind, keep }: { kind: SessionKind; keep: number }): Promise<number> {
  const session = await queriesOf(tx)
    .selectFrom('sessions')
    .select(['id', 'message_count'])
    .where('deleted_at', 'is', null)
    .where('message_count', '>', keep)
    .where('is_pinned', '=', 0)
    .where(isOfKind(kind))
    .limit(1)
    .executeTakeFirst();
  if (session === undefined) return 0;
  const newest = queriesOf(tx).selectFrom('messages').select('seq').where('session_id', '=', session.id).orderBy('seq', 'desc');
  const last = await newest.offset(keep).limit(1).executeTakeFirst();
  if (last === undefined) {
    // One that says it has more than it has is corrected, or it would be met for ever.
    const { length } = await newest.execute();
    await uncountMessages(tx, { id: session.id, count: session.message_count - length });
    return PURGE_ROWS;
  }
  const { numDeletedRows } = await queriesOf(tx)
    .deleteFrom('messages')
    .where('seq', 'in', (query) =>
      query
        .selectFrom('messages')
        .select('seq')
        .where('session_id', '=', session.id)
        .where('seq', '<=', last.seq)
        .orderBy('seq')
        .limit(PURGE_ROWS),
    )
    .executeTakeFirst();
  await uncountMessages(tx, { id: session.id, count: Number(numDeletedRows) });
  return PURGE_ROWS;
}

export interface KindCount {
  readonly kind: SessionKind;
  readonly sessions: number;
  readonly messages: number;
}

/** Of the living, in the order of the kinds. */
export async function countSessionKinds(tx: Transaction): Promise<KindCount[]> {
  const rows = await queriesOf(tx)
    .selectFrom('sessions')
    .select(({ fn }) => ['channel', fn.countAll<number>().as('sessions'), fn.sum<number>('message_count').as('messages')])
    .where('deleted_at', 'is', null)
    .groupBy('channel')
    .execute();
  const total = (kind: SessionKind, name: 'sessions' | 'messages'): number =>
    rows.filter(({ channel }) => sessionKindOf(channel) === kind).reduce((sum, row) => sum + Number(row[name]), 0);
  return SESSION_KINDS.map((kind) => ({ kind, sessions: total(kind, 'sessions'), messages: total(kind, 'messages') }));
}
