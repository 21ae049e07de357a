/**
 * Usage of model calls outside of turns: sums per quarter of an hour, because days begin at different times but in every time zone
 * on a quarter of an hour.
 */
import { sql } from 'kysely';
import type { CallKind, UsageAmounts } from '../../../../shared/api/gateway/usage.js';
import { mapColumns } from '../columns.js';
import { queriesOf, type Transaction } from '../transaction.js';
import type { CallUsageRow } from './tables.js';

type CallAmounts = Omit<UsageAmounts, 'turns' | 'unpricedTurns'>;

/** Usage of one kind of calls, of one model, by one agent and access token; empty: no agent, no token. */
export interface CallUsage extends CallAmounts {
  /** When the calls began: quarters of an hour since 1970. */
  readonly slot: number;
  readonly kind: CallKind;
  readonly model: string;
  readonly agentId: string;
  readonly tokenId: string;
  readonly tokenName: string;
}

const SLOT_MS = 15 * 60 * 1_000;
/** Maximum models per slot. Calls of further models are added up as one. */
const MAX_ROWS = 500;
const OTHER_MODELS = '(other)';

const AMOUNTS = {
  calls: 'calls',
  inputTokens: 'input_tokens',
  outputTokens: 'output_tokens',
  cacheReadTokens: 'cache_read_tokens',
  cacheWriteTokens: 'cache_write_tokens',
  unpricedCalls: 'unpriced_calls',
  costUsd: 'cost_usd',
} as const satisfies Record<keyof CallAmounts, keyof CallUsageRow>;

const COLUMNS = mapColumns<CallUsageRow, CallUsage>({
  slot: 'slot',
  kind: 'kind',
  model: 'model',
  agentId: 'agent_id',
  tokenId: 'token_id',
  tokenName: 'token_name',
  ...AMOUNTS,
});

const ADDED = Object.fromEntries(
  Object.values(AMOUNTS).map((column) => [column, sql<number>`${sql.ref(`call_usage.${column}`)} + ${sql.ref(`excluded.${column}`)}`]),
);

export const slotOf = (ms: number): number => Math.floor(ms / SLOT_MS);

/** Returns the usage of both together, under the names of the first. */
export function addAmounts(one: CallUsage, other: CallUsage): CallUsage {
  const sums = Object.keys(AMOUNTS).map((name) => [name, one[name as keyof CallAmounts] + other[name as keyof CallAmounts]]);
  return { ...one, ...(Object.fromEntries(sums) as CallAmounts) };
}

/** Adds to the stored usage. Runs in a transaction. */
export async function addCallUsage(tx: Transaction, used: readonly CallUsage[]): Promise<void> {
  for (const usage of used) {
    const { rows } = await queriesOf(tx)
      .selectFrom('call_usage')
      .select((query) => query.fn.countAll<number>().as('rows'))
      .where('slot', '=', usage.slot)
      .executeTakeFirstOrThrow();
    await queriesOf(tx)
      .insertInto('call_usage')
      .values(COLUMNS.write(rows < MAX_ROWS ? usage : { ...usage, model: OTHER_MODELS }) as CallUsageRow)
      .onConflict((conflict) => conflict.columns(['slot', 'kind', 'model', 'agent_id', 'token_id']).doUpdateSet(ADDED))
      .execute();
  }
}

/** Returns the usage of calls that began in the span, as it is stored. */
export async function readCallUsage(tx: Transaction, span: { fromMs: number; toMs: number }): Promise<CallUsage[]> {
  const rows = await queriesOf(tx)
    .selectFrom('call_usage')
    .selectAll()
    .where('slot', '>=', slotOf(span.fromMs))
    .where('slot', '<', slotOf(span.toMs))
    .execute();
  return rows.map(COLUMNS.read);
}

/** Purges usage before a time. Runs in a transaction. Returns the number of removed rows: a few per quarter of an hour. */
export async function purgeCallUsage(tx: Transaction, beforeMs: number): Promise<number> {
  const { numDeletedRows } = await queriesOf(tx).deleteFrom('call_usage').where('slot', '<', slotOf(beforeMs)).executeTakeFirst();
  return Number(numDeletedRows);
}
