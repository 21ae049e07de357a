/** What became of one turn, for a caller who asks for its answer once more. */
import type { TurnRow } from '../schema.js';
import { queriesOf, type Transaction } from '../transaction.js';

/** A turn with what its callers were told of it. */
export interface TurnRecord extends TurnRow {
  /** Of its session, also when that is deleted. */
  readonly sessionKey: string;
  /** What it said; empty where it said nothing, or nothing yet. */
  readonly reply: string;
  /** Where its question is; null when that is gone. */
  readonly questionSeq: number | null;
  /** Something that is none of its own has been said in the session since it was asked. */
  readonly isFollowed: boolean;
}

/** @returns undefined when it is forgotten with its session */
export async function readTurnRecord(tx: Transaction, named: { turnId: string; questionId: string }): Promise<TurnRecord | undefined> {
  const turn = await queriesOf(tx)
    .selectFrom('turns')
    .innerJoin('sessions', 'sessions.id', 'turns.session_id')
    .selectAll('turns')
    .select('sessions.key as sessionKey')
    .where('turns.id', '=', named.turnId)
    .executeTakeFirst();
  if (turn === undefined) return undefined;
  const question = await queriesOf(tx)
    .selectFrom('messages')
    .select('seq')
    .where('id', '=', named.questionId)
    .where('session_id', '=', turn.session_id)
    .where('parent_seq', 'is', null)
    .executeTakeFirst();
  const after = queriesOf(tx)
    .selectFrom('messages')
    .where('session_id', '=', turn.session_id)
    .where('seq', '>', question?.seq ?? 0)
    .orderBy('seq')
    .limit(1);
  const reply = await after.select('content').where('turn_id', '=', turn.id).where('role', '=', 'assistant').executeTakeFirst();
  const follower = await after
    .select('seq')
    .where('parent_seq', 'is', null)
    .where('turn_id', 'is distinct from', turn.id)
    .executeTakeFirst();
  return { ...turn, reply: reply?.content ?? '', questionSeq: question?.seq ?? null, isFollowed: follower !== undefined };
}
