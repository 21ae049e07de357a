/**
 * Summaries replace the older messages of a session in a model's context. A summary is valid while the last message that it covers
 * is on the chosen branch, so a rewound conversation has the previous summary again, and one that returns has its own.
 */
import { sql } from 'kysely';
import { prepare } from '../prepare.js';
import { queriesOf, type Transaction } from '../transaction.js';

/** The usage of a model call; null if not reported, or if a price is unknown. */
interface SummaryUsage {
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly costUsd: number | null;
}

export interface NewSummary {
  readonly id: string;
  readonly sessionId: number;
  /** The `seq` of the last message that it covers. */
  readonly coversSeq: number;
  readonly content: string;
  /** `provider/model` that wrote it. */
  readonly model: string;
  readonly usage: SummaryUsage;
  readonly nowMs: number;
}

/** A stored summary. */
export interface Summary extends Omit<NewSummary, 'nowMs' | 'sessionId'> {
  readonly createdAtMs: number;
  readonly undoneAtMs: number | null;
  /** The last message that it covers; null while that is not on the chosen branch, or was deleted. */
  readonly messageId: string | null;
}

/** Of a session; older ones are for conversations that are rewound. */
const KEPT = 5;

const selectInUse = prepare<{ sessionId: number; afterSeq: number; beforeSeq: number }>()((db, p) =>
  db
    .selectFrom('session_summaries as summary')
    .innerJoin('messages', 'messages.seq', 'summary.covers_seq')
    .select(['summary.id', 'summary.covers_seq as coversSeq', 'summary.content', 'summary.model'])
    .where('summary.session_id', '=', p.sessionId)
    .where('summary.covers_seq', '>', p.afterSeq)
    .where('summary.covers_seq', '<', p.beforeSeq)
    .where('summary.undone_at', 'is', null)
    .where('messages.parent_seq', 'is', null)
    .orderBy('summary.covers_seq', 'desc')
    .orderBy('summary.id', 'desc')
    .limit(sql.lit(1)),
);

const selectUndoneSeq = prepare<{ sessionId: number }>()((db, p) =>
  db
    .selectFrom('session_summaries')
    .select(({ fn }) => fn.max<number | null>('undone_seq').as('seq'))
    .where('session_id', '=', p.sessionId),
);

const undo = prepare<{ sessionId: number; nowMs: number }>()((db, p) =>
  db
    .updateTable('session_summaries')
    .set({ undone_at: p.nowMs, undone_seq: sql`coalesce((select max(seq) from messages where session_id = ${p.sessionId}), 0)` })
    .where('session_id', '=', p.sessionId)
    .where('undone_at', 'is', null),
);

/** Returns the summary that replaces the messages before `beforeSeq`, from those after `afterSeq`. */
export async function findSummary(
  tx: Transaction,
  range: { sessionId: number; afterSeq: number; beforeSeq?: number },
): Promise<Pick<Summary, 'id' | 'coversSeq' | 'content' | 'model'> | undefined> {
  return selectInUse.first(tx, { beforeSeq: Number.MAX_SAFE_INTEGER, ...range });
}

/** Returns the newest message at the time when a reader last chose the full history; 0: no reader did. */
export async function readUndoneSeq(tx: Transaction, sessionId: number): Promise<number> {
  return (await selectUndoneSeq.first(tx, { sessionId }))?.seq ?? 0;
}

/** Returns the summaries of a session, newest first. */
export async function listSummaries(tx: Transaction, sessionId: number): Promise<Summary[]> {
  const rows = await queriesOf(tx)
    .selectFrom('session_summaries as summary')
    .leftJoin('messages', (join) => join.onRef('messages.seq', '=', 'summary.covers_seq').on('messages.parent_seq', 'is', null))
    .selectAll('summary')
    .select('messages.id as messageId')
    .where('summary.session_id', '=', sessionId)
    .orderBy('summary.id', 'desc')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    coversSeq: row.covers_seq,
    content: row.content,
    model: row.model,
    usage: { inputTokens: row.input_tokens, outputTokens: row.output_tokens, costUsd: row.cost_usd },
    createdAtMs: row.created_at,
    undoneAtMs: row.undone_at,
    messageId: row.messageId,
  }));
}

/** Adds the usage of a summary to the sums of its session. Runs in a transaction. */
export async function countSummaryUsage(tx: Transaction, sessionId: number, usage: SummaryUsage): Promise<void> {
  await queriesOf(tx)
    .updateTable('sessions')
    .set({
      input_tokens: sql<number | null>`input_tokens + ${usage.inputTokens ?? 0}`,
      output_tokens: sql<number | null>`output_tokens + ${usage.outputTokens ?? 0}`,
      cost_usd: sql<number | null>`cost_usd + ${usage.costUsd ?? 0}`,
    })
    .where('id', '=', sessionId)
    .execute();
}

/** Stores a summary, and removes the oldest ones of its session. Runs in a transaction. */
export async function insertSummary(tx: Transaction, { sessionId, usage, ...summary }: NewSummary): Promise<void> {
  const db = queriesOf(tx);
  await db
    .insertInto('session_summaries')
    .values({
      id: summary.id,
      session_id: sessionId,
      covers_seq: summary.coversSeq,
      content: summary.content,
      model: summary.model,
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
      cost_usd: usage.costUsd,
      created_at: summary.nowMs,
      undone_at: null,
      undone_seq: null,
    })
    .execute();
  // The ids of others may be later, after the clock was set back, or if they are of a node whose clock is ahead.
  const others = db.selectFrom('session_summaries').select('id').where('session_id', '=', sessionId).where('id', '<>', summary.id);
  const removed = others.where('id', 'not in', others.orderBy('id', 'desc').limit(KEPT - 1));
  await db.deleteFrom('session_summaries').where('id', 'in', removed).execute();
}

/** Restores the full history of a session in its context. Runs in a transaction. Returns whether a summary was in use. */
export async function undoSummaries(tx: Transaction, undone: { sessionId: number; nowMs: number }): Promise<boolean> {
  return (await undo.run(tx, undone)) > 0;
}
