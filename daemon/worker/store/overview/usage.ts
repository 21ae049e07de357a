/** Sums of the usage of turns. Ids of turns start with their time, so a span of time is a range of the primary key. */
import { sql } from 'kysely';
import type { UsageAmounts } from '../../../../shared/api/gateway/usage.js';
import { type Session, toSession } from '../conversations/sessions.js';
import { queriesOf, type Transaction } from '../transaction.js';

/** Usage of one agent's turns with one model in one session by one access token. */
export interface SessionModelUsage extends Omit<UsageAmounts, 'calls' | 'unpricedCalls'> {
  readonly sessionId: number;
  readonly agentId: string;
  readonly model: string;
  /** Null: requested without a token. */
  readonly tokenId: string | null;
  readonly tokenName: string | null;
}

/** Returns the lowest id of turns that began then or later. */
export const firstIdAt = (ms: number): string => `turn_${Math.max(0, ms).toString(16).padStart(12, '0')}`;

const total = (column: string) => sql<number>`coalesce(sum(${sql.ref(column)}), 0)`;

export interface UsageSpan {
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  /** A model to exclude. */
  readonly except: string;
}

/** A turn refused because of an exhausted limit did not call a model. */
const WAS_REFUSED = sql`(coalesce(error_code, '') = 'RATE_LIMITED' and cache_read_tokens is null)`;
const UNPRICED = sql<number>`count(*) filter (where cost_usd is null and not ${WAS_REFUSED})`;

export function selectUsage(tx: Transaction, span: UsageSpan) {
  return queriesOf(tx)
    .selectFrom('turns')
    .select(['session_id as sessionId', 'agent_id as agentId', sql<string>`model`.as('model'), sql<number>`count(*)`.as('turns')])
    .select(['token_id as tokenId', sql<string | null>`max(token_name)`.as('tokenName')])
    .select([total('input_tokens').as('inputTokens'), total('output_tokens').as('outputTokens')])
    .select([total('cache_read_tokens').as('cacheReadTokens'), total('cache_write_tokens').as('cacheWriteTokens')])
    .select([total('cost_usd').as('costUsd'), UNPRICED.as('unpricedTurns')])
    .where('id', '>=', firstIdAt(span.fromMs))
    .where('id', '<', firstIdAt(span.toMs))
    .where('model', 'is not', null)
    .where('model', '!=', span.except)
    .groupBy(['session_id', 'agent_id', 'model', 'token_id']);
}

/** Returns the usage of turns that called a model and started in the span. */
export async function sumUsage(tx: Transaction, span: UsageSpan): Promise<SessionModelUsage[]> {
  return selectUsage(tx, span).execute();
}

/** Returns the sessions of these ids that are not deleted. */
export async function readSessionsById(tx: Transaction, ids: readonly number[]): Promise<Session[]> {
  if (ids.length === 0) return [];
  const rows = await queriesOf(tx).selectFrom('sessions').selectAll().where('id', 'in', ids).where('deleted_at', 'is', null).execute();
  return rows.map(toSession);
}
