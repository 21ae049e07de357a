/** The outcomes of model calls. Only those of the last hour are kept. */
import { sql } from 'kysely';
import type { ModelCall } from '../../../../shared/turn-usage.js';
import { purgeRows } from '../conversations/purge.js';
import { queriesOf, type Transaction } from '../transaction.js';

/** The calls of one model. Times are epoch milliseconds; null: there is no such call. */
export interface ModelCallCounts {
  /** `provider/model`. */
  readonly ref: string;
  readonly calls: number;
  readonly failures: number;
  readonly lastSuccessAtMs: number | null;
  readonly lastFailure: { readonly atMs: number; readonly message: string } | null;
  /** Based on its share of the newest calls of all models. */
  readonly firstTokensMs: readonly number[];
}

const NEWEST_CALLS = 1_000;

/** Stores calls, and purges older ones. Runs in a transaction. */
export async function insertModelCalls(tx: Transaction, calls: readonly ModelCall[], purgeBeforeMs: number): Promise<void> {
  await queriesOf(tx)
    .insertInto('model_calls')
    .values(
      calls.map(({ ref, endedAtMs, firstTokenMs, error }) => ({ model: ref, ended_at: endedAtMs, first_token_ms: firstTokenMs, error })),
    )
    .execute();
  await purgeRows(tx, { table: 'model_calls', key: 'seq' }, sql`ended_at < ${purgeBeforeMs}`);
}

interface CountRow {
  readonly ref: string;
  readonly calls: number;
  readonly failures: number;
  readonly lastSuccessAtMs: number | null;
  readonly lastFailureSeq: number | null;
}

/** Returns the calls that ended since that time, by model. */
export async function readModelCalls(tx: Transaction, sinceMs: number): Promise<ModelCallCounts[]> {
  const { rows } = await sql<CountRow>`
    select model as ref, count(*) as calls, count(error) as failures,
      max(case when error is null then ended_at end) as "lastSuccessAtMs",
      max(case when error is not null then seq end) as "lastFailureSeq"
    from model_calls where ended_at >= ${sinceMs} group by model`.execute(queriesOf(tx));
  if (rows.length === 0) return [];
  const failedSeqs = rows.flatMap(({ lastFailureSeq }) => lastFailureSeq ?? []);
  const select = queriesOf(tx).selectFrom('model_calls').select(['model', 'error', 'ended_at']);
  const failed = failedSeqs.length === 0 ? [] : await select.where('seq', 'in', failedSeqs).execute();
  const newest = await queriesOf(tx)
    .selectFrom('model_calls')
    .select(['model', 'first_token_ms'])
    .where('ended_at', '>=', sinceMs)
    .orderBy('ended_at', 'desc')
    .limit(NEWEST_CALLS)
    .execute();
  return rows.map(({ ref, calls, failures, lastSuccessAtMs }) => {
    const failure = failed.find(({ model }) => model === ref);
    return {
      ref,
      calls,
      failures,
      lastSuccessAtMs,
      lastFailure: failure === undefined ? null : { atMs: failure.ended_at, message: failure.error ?? '' },
      firstTokensMs: newest.flatMap(({ model, first_token_ms: ms }) => (model === ref && ms !== null ? ms : [])),
    };
  });
}
