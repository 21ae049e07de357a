/** Reads a turn with its result, for a caller that repeats a request. */
import type { CutOff, TurnUsage } from '../../../../shared/turn-usage.js';
import type { TurnState } from '../schema.js';
import { hasSteps } from '../turns/turn-steps.js';
import { queriesOf, type Transaction } from '../transaction.js';
import { cutOffOf } from './turns.js';

export interface TurnRecord {
  readonly id: string;
  readonly sessionId: number;
  /** The key of its session, even a deleted one. */
  readonly sessionKey: string;
  readonly instanceId: string;
  readonly state: TurnState;
  /** False once it had effects of which no steps are stored. */
  readonly isRepeatable: boolean;
  readonly model: string | null;
  readonly usage: TurnUsage;
  readonly error: { readonly code: string | null; readonly message: string | null };
  /** Empty without an answer. */
  readonly reply: string;
  readonly cutOff: CutOff | undefined;
  /** The question's `seq`; null when it was deleted. */
  readonly questionSeq: number | null;
  /** Whether other messages follow the question. */
  readonly isFollowed: boolean;
}

/** Returns undefined for a turn that was deleted with its session. */
export async function readTurnRecord(tx: Transaction, named: { turnId: string; questionId: string }): Promise<TurnRecord | undefined> {
  const turn = await queriesOf(tx)
    .selectFrom('turns')
    .innerJoin('sessions', 'sessions.id', 'turns.session_id')
    .selectAll('turns')
    .select(['sessions.key as sessionKey', hasSteps('turns.id').as('hasSteps')])
    .where('turns.id', '=', named.turnId)
    .executeTakeFirst();
  if (turn === undefined) return undefined;
  const { id, session_id: sessionId, sessionKey, state, model } = turn;
  const question = await queriesOf(tx)
    .selectFrom('messages')
    .select('seq')
    .where('id', '=', named.questionId)
    .where('session_id', '=', sessionId)
    .where('parent_seq', 'is', null)
    .executeTakeFirst();
  const after = queriesOf(tx)
    .selectFrom('messages')
    .where('session_id', '=', sessionId)
    .where('seq', '>', question?.seq ?? 0)
    .orderBy('seq')
    .limit(1);
  const reply = await after.select('content').where('turn_id', '=', id).where('role', '=', 'assistant').executeTakeFirst();
  const follower = await after.select('seq').where('parent_seq', 'is', null).where('turn_id', 'is distinct from', id).executeTakeFirst();
  return {
    id,
    sessionId,
    sessionKey,
    state,
    model,
    instanceId: turn.instance_id,
    isRepeatable: turn.is_repeatable === 1 || Boolean(turn.hasSteps),
    usage: {
      inputTokens: turn.input_tokens,
      outputTokens: turn.output_tokens,
      cacheReadTokens: turn.cache_read_tokens ?? 0,
      cacheWriteTokens: turn.cache_write_tokens ?? 0,
      costUsd: turn.cost_usd,
    },
    error: { code: turn.error_code, message: turn.error_message },
    reply: reply?.content ?? '',
    cutOff: cutOffOf(turn),
    questionSeq: question?.seq ?? null,
    isFollowed: follower !== undefined,
  };
}
