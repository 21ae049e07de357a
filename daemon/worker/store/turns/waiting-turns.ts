/**
 * Turns that wait for a person's decision: no worker runs them, and the message or job that requested them waits too. Functions
 * that change something run in a transaction.
 */
import { sql } from 'kysely';
import type { SessionRow } from '../schema.js';
import { prepare } from '../prepare.js';
import { queriesOf, tellOthers, type Transaction } from '../transaction.js';
import { inLane, LANE, type Lane } from '../delivery/outbox.js';

/** A turn that neither a message nor a job requested: only its question is known. */
export interface WaitingTurn {
  readonly id: string;
  readonly agentId: string;
  readonly tokenId: string | null;
  readonly questionId: string;
  readonly text: string;
  /** The chat to which its reply is delivered. */
  readonly replyTo: Lane | undefined;
  readonly session: Pick<SessionRow, 'id' | 'key' | 'model'>;
}

const MAX_RESUMES = 3;

/** Whether a turn was requested by neither a chat message nor a job, which would continue it themselves. */
const IS_OWN = sql<boolean>`not exists (select 1 from inbox_messages where inbox_messages.turn_id = turns.id)
  and not exists (select 1 from cron_runs where cron_runs.turn_id = turns.id)`;

/** Records what a turn answers: from its first question to a person on, the turn is continued even if nothing else requests it. */
export async function noteTurnQuestion(tx: Transaction, { id, questionId }: { id: string; questionId: string }): Promise<void> {
  await queriesOf(tx).updateTable('turns').set({ question_id: questionId }).where('id', '=', id).execute();
}

/** Records the chat to which the reply of a turn is delivered. */
export async function setReplyChat(tx: Transaction, { id, chat }: { id: string; chat: Lane }): Promise<void> {
  const { channel, accountId, chatId } = chat;
  const reply_to = JSON.stringify({ channel, accountId, chatId });
  await queriesOf(tx).updateTable('turns').set({ reply_to }).where('id', '=', id).execute();
}

/** Takes a running turn from its worker. @returns whether another gateway was asked to stop it; undefined when it no longer runs */
export async function parkTurn(
  tx: Transaction,
  { id, questionId }: { id: string; questionId: string },
): Promise<{ readonly isStopped: boolean } | undefined> {
  const row = await queriesOf(tx)
    .updateTable('turns')
    .set({ state: 'waiting', question_id: questionId, resumes: 0 })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .returning('stop_reason')
    .executeTakeFirst();
  return row && { isStopped: row.stop_reason !== null };
}

/** Assigns a waiting turn to a worker. @returns false when it does not wait */
export async function reopenTurn(
  tx: Transaction,
  { id, sessionId, instanceId }: { id: string; sessionId: number; instanceId: string },
): Promise<boolean> {
  const { numUpdatedRows } = await queriesOf(tx)
    .updateTable('turns')
    .set((query) => ({ state: 'running', instance_id: instanceId, stop_reason: null, resumes: query('resumes', '+', 1) }))
    .where('id', '=', id)
    .where('session_id', '=', sessionId)
    .where('state', '=', 'waiting')
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/**
 * Allows a turn that has asked a person, and whose worker is gone, to be continued, unless a message or a job requested it, or too
 * many workers ended in it.
 */
export async function parkAgain(tx: Transaction, id: string): Promise<boolean> {
  const { numUpdatedRows } = await queriesOf(tx)
    .updateTable('turns')
    .set({ state: 'waiting' })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .where('question_id', 'is not', null)
    .where('resumes', '<', MAX_RESUMES)
    .where(IS_OWN)
    .executeTakeFirst();
  if (numUpdatedRows > 0n) tellOthers(tx, 'waiting');
  return numUpdatedRows === 1n;
}

/** Whether a turn waits. Until this write is committed, that does not change. */
export async function holdWaitingTurn(tx: Transaction, id: string): Promise<boolean> {
  const { numUpdatedRows } = await queriesOf(tx)
    .updateTable('turns')
    .set((query) => ({ instance_id: query.ref('instance_id') }))
    .where('id', '=', id)
    .where('state', '=', 'waiting')
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Turns that wait: one, those in sessions of a key, or those in sessions that were deleted. */
export type WaitingWhere = { readonly turnId: string } | { readonly sessionKey: string } | 'deleted';

export async function listWaitingTurns(
  tx: Transaction,
  where: WaitingWhere,
): Promise<{ id: string; sessionId: number; sessionKey: string }[]> {
  const waiting = queriesOf(tx)
    .selectFrom('turns')
    .innerJoin('sessions', 'sessions.id', 'turns.session_id')
    .select(['turns.id', 'turns.session_id as sessionId', 'sessions.key as sessionKey'])
    .where('turns.state', '=', sql.lit('waiting' as const));
  if (where === 'deleted') return waiting.where('sessions.deleted_at', 'is not', null).execute();
  return (
    'turnId' in where ? waiting.where('turns.id', '=', where.turnId) : waiting.where('sessions.key', '=', where.sessionKey)
  ).execute();
}

/** Returns the turns that nothing else continues, once all their approvals are decided. */
export async function listDecidedTurns(tx: Transaction): Promise<WaitingTurn[]> {
  const rows = await queriesOf(tx)
    .selectFrom('turns')
    .innerJoin('sessions', 'sessions.id', 'turns.session_id')
    .innerJoin('messages', 'messages.id', 'turns.question_id')
    .select([
      'turns.id',
      'turns.agent_id as agentId',
      'turns.token_id as tokenId',
      'turns.question_id as questionId',
      'turns.reply_to as replyTo',
      'messages.content as text',
    ])
    .select(['sessions.id as sessionId', 'sessions.key', 'sessions.model'])
    .where('turns.state', '=', sql.lit('waiting' as const))
    .where('sessions.deleted_at', 'is', null)
    .where(sql<boolean>`not exists (select 1 from approvals where approvals.turn_id = turns.id and approvals.state = 'pending')`)
    .where(IS_OWN)
    .orderBy('turns.created_at')
    .execute();
  return rows.map(({ sessionId, key, model, questionId, replyTo, ...turn }) => ({
    ...turn,
    questionId: questionId ?? '',
    replyTo: replyTo === null ? undefined : (JSON.parse(replyTo) as Lane),
    session: { id: sessionId, key, model },
  }));
}

/**
 * Records that a message's turn begins to wait, which is not a failed attempt. @returns false when the worker no longer holds the
 * message
 */
export async function parkInbox(
  tx: Transaction,
  { seq, instanceId, nowMs }: { seq: number; instanceId: string; nowMs: number },
): Promise<boolean> {
  const { numUpdatedRows } = await queriesOf(tx)
    .updateTable('inbox_messages')
    .set((query) => ({ state: 'waiting', instance_id: null, finished_at: nowMs, attempts: query('attempts', '-', 1) }))
    .where('seq', '=', seq)
    .where('state', '=', 'running')
    .where('instance_id', '=', instanceId)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

const selectParked = prepare<Lane>()((db, p) =>
  db
    .selectFrom('inbox_messages')
    .select('seq')
    .where(inLane(p))
    .where('state', '=', sql.lit('waiting' as const))
    .limit(1),
);

/** Returns whether a message of a chat waits for a decision; later messages wait behind it. */
export async function hasParkedInbox(tx: Transaction, lane: Lane): Promise<boolean> {
  return (await selectParked.first(tx, lane)) !== undefined;
}

/** Returns the chats of which a message waits for a decision. */
export const { all: listParkedLanes } = prepare<Record<never, never>>()((db) =>
  db
    .selectFrom('inbox_messages')
    .select(LANE)
    .where('state', '=', sql.lit('waiting' as const)),
);

/** Returns the unhandled messages of a chat that may be commands, oldest first. */
export const { all: listInboxCommands } = prepare<Lane>()((db, p) =>
  db
    .selectFrom('inbox_messages')
    .select(['seq', 'content'])
    .where(inLane(p))
    .where('finished_at', 'is', null)
    .where('state', '=', sql.lit('pending' as const))
    .where('content', 'like', sql.lit('%/%'))
    .orderBy('seq'),
);

/** Allows the requester of a turn to continue it: the chat message, the run of a job, or the worker that polls for such turns. */
export async function releaseTurn(tx: Transaction, { id, nowMs }: { id: string; nowMs: number }): Promise<void> {
  const ofInbox = await queriesOf(tx)
    .updateTable('inbox_messages')
    .set({ state: 'pending', finished_at: null })
    .where('turn_id', '=', id)
    .where('state', '=', 'waiting')
    .executeTakeFirst();
  if (ofInbox.numUpdatedRows > 0n) return tellOthers(tx, 'inbox');
  const ofJob = await queriesOf(tx)
    .updateTable('cron_runs')
    .set({ due_at: nowMs })
    .where('turn_id', '=', id)
    .where('state', '=', 'queued')
    .executeTakeFirst();
  tellOthers(tx, ofJob.numUpdatedRows > 0n ? 'cron' : 'waiting');
}

/** Ends the requester of a turn that will get no answer. */
export async function dropWaiting(tx: Transaction, { id, error, nowMs }: { id: string; error: string; nowMs: number }): Promise<void> {
  await queriesOf(tx)
    .updateTable('inbox_messages')
    .set({ state: 'done', error: error, finished_at: nowMs })
    .where('turn_id', '=', id)
    .where('state', '=', 'waiting')
    .execute();
  await queriesOf(tx)
    .updateTable('cron_runs')
    .set({ state: 'failed', error: error, finished_at: nowMs })
    .where('turn_id', '=', id)
    .where('state', '=', 'queued')
    .execute();
  tellOthers(tx, 'inbox');
  tellOthers(tx, 'cron');
}

/** The run of a job waits with its turn: it is due when nobody has decided by then. @returns false when it has ended */
export async function parkCronRun(tx: Transaction, { id, dueAtMs }: { id: string; dueAtMs: number }): Promise<boolean> {
  const { numUpdatedRows } = await queriesOf(tx)
    .updateTable('cron_runs')
    .set({ state: 'queued', instance_id: null, due_at: dueAtMs })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .where('finished_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
