/** Statements on turns. A turn begins before the model is called and ends exactly once. */
import { sql } from 'kysely';
import { asCutOff, type CutOff, type TurnUsage } from '../../../../shared/turn-usage.js';
import { prepare } from '../prepare.js';
import type { TurnRow, TurnState } from '../schema.js';
import { queriesOf, type Transaction } from '../transaction.js';

/** A turn that has not ended. */
export interface RunningTurn {
  readonly id: string;
  readonly sessionId: number;
  /** The worker that runs it. */
  readonly instanceId: string;
}

export interface NewTurn {
  readonly id: string;
  readonly sessionId: number;
  readonly agentId: string;
  readonly instanceId: string;
  /** The access token that requested it; null: none. */
  readonly tokenId: string | null;
  readonly nowMs: number;
}

/** How a turn ended. */
export interface TurnEnd {
  readonly id: string;
  readonly state: Exclude<TurnState, 'running' | 'waiting'>;
  readonly model: string | null;
  readonly error: { readonly code: string | null; readonly message: string } | null;
  /** Null if no model reported it. */
  readonly usage: TurnUsage | null;
  /** Undefined: the model finished, or was stopped. */
  readonly cutOff?: CutOff | undefined;
  readonly nowMs: number;
}

/** Runs in a transaction. */
export const { run: beginTurn } = prepare<NewTurn>()((db, p) =>
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
    token_id: p.tokenId,
    token_name: db.selectFrom('access_tokens').select('name').where('id', '=', p.tokenId),
  }),
);

type EndedColumns = Omit<TurnEnd, 'error' | 'usage' | 'cutOff'> & {
  readonly cutOff: CutOff | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
} & { readonly [K in keyof TurnUsage]: TurnUsage[K] | null };

const update = prepare<EndedColumns>()((db, p) =>
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
      stop_reason: p.cutOff,
    })
    .where('id', '=', p.id)
    .where('state', '=', 'running'),
);

// A literal, because the partial index does not apply to a parameter.
/** Returns every turn that has not ended, oldest first. */
export const { all: readRunningTurns } = prepare<Record<never, never>>()((db) =>
  db
    .selectFrom('turns')
    .select(['id', 'session_id as sessionId', 'instance_id as instanceId'])
    .where('state', '=', sql.lit('running' as const))
    .orderBy('id'),
);

/** The messages and jobs without an answer, each with the turn of its last attempt. In three parts, because each has an index of its own. */
const UNANSWERED = sql`select turn_id from inbox_messages where finished_at is null
  union all select turn_id from inbox_messages where state = 'waiting'
  union all select turn_id from cron_runs where finished_at is null`;

const selectState = prepare<{ id: string }>()((db, p) =>
  db
    .selectFrom('turns')
    .select('state')
    .where('id', '=', p.id)
    .where(
      sql<boolean>`(state in ('running', 'waiting', 'done')
        or exists (select 1 from inbox_messages where inbox_messages.turn_id = turns.id and inbox_messages.finished_at is not null)
        or not exists (select 1 from (${UNANSWERED}) as unanswered
          where (select latest.session_id from turns as latest where latest.id = unanswered.turn_id) = turns.session_id))`,
    ),
);

/**
 * Returns the state of a turn; undefined for one that has ended without an answer while a message or job of its session waits for
 * one: it, or a later turn, may answer that again.
 */
export async function readTurnState(tx: Transaction, id: string): Promise<TurnState | undefined> {
  return (await selectState.first(tx, { id }))?.state;
}

/** Keeps other workers from ending a running turn until this write is committed. Runs in a transaction. @returns false when one has */
export async function holdTurn(tx: Transaction, id: string): Promise<boolean> {
  return (await hold.run(tx, { id })) === 1;
}

const hold = prepare<{ id: string }>()((db, p) =>
  db
    .updateTable('turns')
    .set((query) => ({ instance_id: query.ref('instance_id') }))
    .where('id', '=', p.id)
    .where('state', '=', sql.lit('running' as const)),
);

/** Records that a turn has had effects, so that what requested it does not run it again after an error. Runs in a transaction. */
export async function markTurnUnrepeatable(tx: Transaction, id: string): Promise<void> {
  await queriesOf(tx).updateTable('turns').set({ is_repeatable: 0 }).where('id', '=', id).execute();
}

/** Whether a call of a turn may have had effects. */
export async function hasTurnEffects(tx: Transaction, id: string): Promise<boolean> {
  const query = queriesOf(tx).selectFrom('turns').select('id').where('id', '=', id).where('is_repeatable', '=', 0);
  return (await query.executeTakeFirst()) !== undefined;
}

const NO_USAGE = { inputTokens: null, outputTokens: null, cacheReadTokens: null, cacheWriteTokens: null, costUsd: null };

/** Returns false when the turn had ended already: another worker considered this one dead. Runs in a transaction. */
export async function endTurn(tx: Transaction, { usage, error, cutOff, ...end }: TurnEnd): Promise<boolean> {
  const columns = {
    ...end,
    cutOff: cutOff ?? null,
    ...(usage ?? NO_USAGE),
    errorCode: error?.code ?? null,
    errorMessage: error?.message ?? null,
  };
  return (await update.run(tx, columns)) === 1;
}

/** Returns why the model ended an ended turn early; undefined: it did not. */
export function cutOffOf({ stop_reason: reason }: Pick<TurnRow, 'stop_reason'>): CutOff | undefined {
  return asCutOff(reason);
}

/** Whether a turn is one of another agent. */
export async function isTurnOfOther(tx: Transaction, { id, agentId }: { id: string; agentId: string }): Promise<boolean> {
  const query = queriesOf(tx).selectFrom('turns').select('id').where('id', '=', id).where('agent_id', '!=', agentId);
  return (await query.executeTakeFirst()) !== undefined;
}

/** Adds the usage of a call caused by an ended turn to the turn and its session. Runs in a transaction. */
export async function addTurnUsage(tx: Transaction, turn: { id: string; sessionId: number }, usage: TurnUsage): Promise<void> {
  const added = {
    input_tokens: sql<number | null>`input_tokens + ${usage.inputTokens ?? 0}`,
    output_tokens: sql<number | null>`output_tokens + ${usage.outputTokens ?? 0}`,
    cost_usd: sql<number | null>`cost_usd + ${usage.costUsd ?? 0}`,
  };
  const cached = {
    cache_read_tokens: sql<number | null>`cache_read_tokens + ${usage.cacheReadTokens}`,
    cache_write_tokens: sql<number | null>`cache_write_tokens + ${usage.cacheWriteTokens}`,
  };
  await queriesOf(tx)
    .updateTable('turns')
    .set({ ...added, ...cached })
    .where('id', '=', turn.id)
    .execute();
  await queriesOf(tx).updateTable('sessions').set(added).where('id', '=', turn.sessionId).execute();
}

/** Removes the usage of an ended turn from it and from its session, because the continuing turn counts it. Runs in a transaction. */
export async function takeTurnUsage(tx: Transaction, id: string): Promise<void> {
  const without = (column: 'input_tokens' | 'output_tokens' | 'cost_usd') =>
    sql<number | null>`${sql.ref(column)} - coalesce((select ${sql.ref(`turns.${column}`)} from turns where turns.id = ${id}), 0)`;
  await queriesOf(tx)
    .updateTable('sessions')
    .set({ input_tokens: without('input_tokens'), output_tokens: without('output_tokens'), cost_usd: without('cost_usd') })
    .where('id', '=', (query) => query.selectFrom('turns').select('session_id').where('turns.id', '=', id))
    .execute();
  const nothing = { input_tokens: null, output_tokens: null, cache_read_tokens: null, cache_write_tokens: null, cost_usd: null };
  await queriesOf(tx).updateTable('turns').set(nothing).where('id', '=', id).execute();
}

/** Returns the turns that have ended. */
export async function readEndedTurns(tx: Transaction, ids: readonly string[]): Promise<TurnRow[]> {
  if (ids.length === 0) return [];
  return queriesOf(tx)
    .selectFrom('turns')
    .selectAll()
    .where('id', 'in', [...ids])
    .where('finished_at', 'is not', null)
    .execute();
}
