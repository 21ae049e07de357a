/** Turns: begun before the model is called, ended exactly once. */
import { sql } from 'kysely';
import { prepare } from '../prepare.js';
import type { TurnRow, TurnState } from '../schema.js';
import { queriesOf, type Transaction } from '../transaction.js';

export interface NewTurn {
  readonly id: string;
  readonly sessionId: number;
  readonly agentId: string;
  readonly instanceId: string;
  readonly nowMs: number;
}

/** How a turn ended. */
export interface TurnEnd {
  readonly id: string;
  readonly state: Exclude<TurnState, 'running'>;
  readonly model: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cacheReadTokens: number | null;
  readonly cacheWriteTokens: number | null;
  readonly costUsd: number | null;
  readonly nowMs: number;
}

const insert = prepare<NewTurn>()((db, p) =>
  db.insertInto('turns').values({
    id: p.id,
    session_id: p.sessionId,
    agent_id: p.agentId,
    state: 'running',
    instance_id: p.instanceId,
    model: null,
    error_code: null,
    error_message: null,
    input_tokens: null,
    output_tokens: null,
    created_at: p.nowMs,
    finished_at: null,
  }),
);

const update = prepare<TurnEnd>()((db, p) =>
  db
    .updateTable('turns')
    .set({
      state: p.state,
      model: p.model,
      error_code: p.errorCode,
      error_message: p.errorMessage,
      input_tokens: p.inputTokens,
      output_tokens: p.outputTokens,
      cache_read_tokens: p.cacheReadTokens,
      cache_write_tokens: p.cacheWriteTokens,
      cost_usd: p.costUsd,
      finished_at: p.nowMs,
    })
    .where('id', '=', p.id)
    .where('state', '=', 'running'),
);

// A literal, because the partial index is of no use to a parameter.
const selectRunning = prepare<Record<never, never>>()((db) =>
  db
    .selectFrom('turns')
    .selectAll()
    .where('state', '=', sql.lit('running' as const))
    .orderBy('id'),
);

/** Runs in a write. */
export async function beginTurn(tx: Transaction, turn: NewTurn): Promise<void> {
  await insert.run(tx, turn);
}

/** Runs in a write. @returns false when it had ended already: another worker took this one for dead */
export async function endTurn(tx: Transaction, end: TurnEnd): Promise<boolean> {
  return (await update.run(tx, end)) === 1;
}

/** @returns those of them that have ended */
export async function readEndedTurns(tx: Transaction, ids: readonly string[]): Promise<TurnRow[]> {
  if (ids.length === 0) return [];
  return queriesOf(tx)
    .selectFrom('turns')
    .selectAll()
    .where('id', 'in', [...ids])
    .where('finished_at', 'is not', null)
    .execute();
}

/** Every turn that has not ended, oldest first. */
export async function readRunningTurns(tx: Transaction): Promise<TurnRow[]> {
  return selectRunning.all(tx, {});
}
