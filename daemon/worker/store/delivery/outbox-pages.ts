/** Statements on the outbox for the API: pages, one message, retry and removal. */
import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import { OUTGOING_STATUSES, type OutgoingStatus } from '../../../../shared/delivery-status.js';
import { purgeRows } from '../conversations/purge.js';
import type { Schema } from '../schema.js';
import { queriesOf, tellOthers, type Transaction } from '../transaction.js';
import { LANE, type Lane } from './outbox.js';

/** A message with the sums of its parts. Times are epoch milliseconds. */
export interface OutboxSummary extends Lane {
  readonly seq: number;
  readonly id: string;
  readonly content: string;
  readonly state: OutgoingStatus;
  readonly parts: number;
  readonly deliveredParts: number;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly dueAtMs: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly expiresAtMs: number;
}

const part = (expression: string) => sql<number>`(select ${sql.raw(expression)} from outbox_parts where message_seq = outbox_messages.seq)`;

function summaries(tx: Transaction) {
  return queriesOf(tx)
    .selectFrom('outbox_messages')
    .select([...LANE, 'seq', 'id', 'content', 'state', 'last_error as lastError'])
    .select(['due_at as dueAtMs', 'created_at as createdAtMs', 'updated_at as updatedAtMs', 'expires_at as expiresAtMs'])
    .select([
      part('count(*)').as('parts'),
      part("count(*) filter (where state = 'delivered')").as('deliveredParts'),
      part('coalesce(sum(attempts), 0)').as('attempts'),
    ]);
}

export interface OutboxPage {
  readonly limit: number;
  readonly state?: OutgoingStatus | undefined;
  readonly channel?: string | undefined;
  /** Only messages older than this one. */
  readonly beforeSeq?: number | undefined;
}

/**
 * Returns the newest messages of a channel in any state. The index has them in order for each state, so a channel with few or no
 * messages among a million others is found just as quickly.
 */
function newestOf(channel: string, { state, beforeSeq = Number.MAX_SAFE_INTEGER, limit }: OutboxPage): RawBuilder<number> {
  const states = state === undefined ? OUTGOING_STATUSES : [state];
  return sql<number>`(${sql.join(
    states.map(
      (one) => sql`select * from (
        select seq from outbox_messages where channel = ${channel} and state = ${one} and seq < ${beforeSeq} order by seq desc limit ${limit}
      ) as newest`,
    ),
    sql` union all `,
  )})`;
}

/** Returns up to `limit` messages, newest first. Every filter uses an index, so the cost of a page depends only on its content. */
export function outboxQuery(tx: Transaction, page: OutboxPage): SelectQueryBuilder<Schema, 'outbox_messages', OutboxSummary> {
  let query = summaries(tx);
  if (page.channel !== undefined) query = query.where('seq', 'in', newestOf(page.channel, page));
  else {
    if (page.state !== undefined) query = query.where('state', '=', page.state);
    if (page.beforeSeq !== undefined) query = query.where('seq', '<', page.beforeSeq);
  }
  return query.orderBy('seq', 'desc').limit(page.limit);
}

/** @returns up to `limit` messages, newest first */
export async function listOutbox(tx: Transaction, page: OutboxPage): Promise<OutboxSummary[]> {
  return outboxQuery(tx, page).execute();
}

export async function findOutboxMessage(tx: Transaction, id: string): Promise<OutboxSummary | undefined> {
  return summaries(tx).where('id', '=', id).executeTakeFirst();
}

/** Returns the state of each of the messages that are still stored, by id. */
export async function readMessageStates(
  tx: Transaction,
  ids: readonly string[],
): Promise<Map<string, Pick<OutboxSummary, 'state' | 'lastError'>>> {
  if (ids.length === 0) return new Map();
  const rows = await queriesOf(tx)
    .selectFrom('outbox_messages')
    .select(['id', 'state', 'last_error as lastError'])
    .where('id', 'in', [...ids])
    .execute();
  return new Map(rows.map(({ id, ...message }) => [id, message]));
}

/** Queues the undelivered parts of a finished message again, in its old place. Runs in a transaction. */
export async function requeueMessage(tx: Transaction, change: { seq: number; nowMs: number; expiresAtMs: number }): Promise<void> {
  tellOthers(tx, 'outbox');
  const { seq, nowMs, expiresAtMs } = change;
  await queriesOf(tx)
    .updateTable('outbox_parts')
    .set({ state: 'queued', attempts: 0 })
    .where('message_seq', '=', seq)
    .where('state', '!=', 'delivered')
    .execute();
  await queriesOf(tx)
    .updateTable('outbox_messages')
    .set({
      state: 'queued',
      instance_id: null,
      due_at: nowMs,
      attempted_at: null,
      expires_at: expiresAtMs,
      finished_at: null,
      updated_at: nowMs,
    })
    .where('seq', '=', seq)
    .execute();
}

/** Removes a message and its parts. Runs in a transaction. */
export async function deleteOutboxMessage(tx: Transaction, seq: number): Promise<void> {
  tellOthers(tx, 'outbox');
  await queriesOf(tx).deleteFrom('outbox_messages').where('seq', '=', seq).execute();
}

/** Purges old delivered messages, and later undelivered ones: one step. Runs in a transaction. Returns their number. */
export function purgeOutbox(tx: Transaction, before: { deliveredMs: number; otherMs: number }): Promise<number> {
  // The expression keeps SQLite from scanning all delivered messages instead of only the expired ones.
  const isOver = sql`(state || '' = 'delivered' or finished_at <= ${before.otherMs})`;
  return purgeRows(
    tx,
    { table: 'outbox_messages', key: 'seq' },
    sql`finished_at <= ${before.deliveredMs} and ${isOver} order by finished_at`,
  );
}

/** Number of messages in each state except `delivered`. */
export async function countUndelivered(tx: Transaction): Promise<{ state: OutgoingStatus; count: number }[]> {
  return queriesOf(tx)
    .selectFrom('outbox_messages')
    .select(({ fn }) => ['state', fn.countAll<number>().as('count')])
    .where('state', 'in', ['queued', 'sending', 'retry_wait', 'unknown', 'dead'])
    .groupBy('state')
    .execute();
}
