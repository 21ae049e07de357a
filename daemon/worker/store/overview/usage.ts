/** What turns used, added up. Ids of turns begin with their time, so a stretch of time is a stretch of the primary key. */
import { sql } from 'kysely';
import { type Session, toSession } from '../conversations/sessions.js';
import { queriesOf, type Transaction } from '../transaction.js';

/** Of one session with one model. */
export interface UsageRow {
  readonly session_id: number;
  readonly model: string;
  readonly turns: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_read_tokens: number;
  readonly cache_write_tokens: number;
  readonly cost_usd: number;
  readonly unpriced_turns: number;
}

const firstIdAt = (ms: number): string => `turn_${Math.max(0, ms).toString(16).padStart(12, '0')}`;

const total = (column: string) => sql<number>`coalesce(sum(${sql.ref(column)}), 0)`;

export interface UsageSpan {
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  /** A model that counts nothing. */
  readonly except: string;
}

export function selectUsage(tx: Transaction, span: UsageSpan) {
  return queriesOf(tx)
    .selectFrom('turns')
    .select(['session_id', sql<string>`model`.as('model'), sql<number>`count(*)`.as('turns')])
    .select([total('input_tokens').as('input_tokens'), total('output_tokens').as('output_tokens')])
    .select([total('cache_read_tokens').as('cache_read_tokens'), total('cache_write_tokens').as('cache_write_tokens')])
    .select([total('cost_usd').as('cost_usd'), sql<number>`count(*) filter (where cost_usd is null)`.as('unpriced_turns')])
    .where('id', '>=', firstIdAt(span.fromMs))
    .where('id', '<', firstIdAt(span.toMs))
    .where('model', 'is not', null)
    .where('model', '!=', span.except)
    .groupBy(['session_id', 'model']);
}

/** Turns that a model took part in and that were begun in the span. */
export async function sumUsage(tx: Transaction, span: UsageSpan): Promise<UsageRow[]> {
  return selectUsage(tx, span).execute();
}

/** Those of them that are not deleted. */
export async function readSessionsById(tx: Transaction, ids: readonly number[]): Promise<Session[]> {
  if (ids.length === 0) return [];
  const rows = await queriesOf(tx).selectFrom('sessions').selectAll().where('id', 'in', ids).where('deleted_at', 'is', null).execute();
  return rows.map(toSession);
}
