/** What happened in each minute: one row, to which every worker of that minute adds. A minute without a row had none. */
import { sql } from 'kysely';
import { PURGE_ROWS } from '../conversations/purge.js';
import type { MinuteSampleRow } from '../schema.js';
import { queriesOf, type Transaction } from '../transaction.js';

const sum = (name: keyof MinuteSampleRow) => sql<number>`minute_samples.${sql.ref(name)} + excluded.${sql.ref(name)}`;
const largest = (name: keyof MinuteSampleRow) =>
  sql<number>`case when excluded.${sql.ref(name)} > minute_samples.${sql.ref(name)} then excluded.${sql.ref(name)} else minute_samples.${sql.ref(name)} end`;

/** Runs in a write. Counts are added; of the rest the largest stays. */
export async function addSample(tx: Transaction, sample: MinuteSampleRow): Promise<void> {
  await queriesOf(tx)
    .insertInto('minute_samples')
    .values(sample)
    .onConflict((conflict) =>
      conflict.column('minute').doUpdateSet({
        starts: sum('starts'),
        requests: sum('requests'),
        failed_requests: sum('failed_requests'),
        turns: sum('turns'),
        failed_turns: sum('failed_turns'),
        input_tokens: sum('input_tokens'),
        output_tokens: sum('output_tokens'),
        late_ms: largest('late_ms'),
        rss_bytes: largest('rss_bytes'),
      }),
    )
    .execute();
}

export async function readSamples(tx: Transaction, range: { fromMinute: number; untilMinute: number }): Promise<MinuteSampleRow[]> {
  return queriesOf(tx)
    .selectFrom('minute_samples')
    .selectAll()
    .where('minute', '>=', range.fromMinute)
    .where('minute', '<', range.untilMinute)
    .orderBy('minute')
    .execute();
}

/** @returns undefined before the first */
export async function firstSampledMinute(tx: Transaction): Promise<number | undefined> {
  const row = await queriesOf(tx).selectFrom('minute_samples').select('minute').orderBy('minute').limit(1).executeTakeFirst();
  return row?.minute;
}

/** Runs in a write, one step. @returns how many rows */
export async function purgeSamples(tx: Transaction, beforeMinute: number): Promise<number> {
  const result = await queriesOf(tx)
    .deleteFrom('minute_samples')
    .where('minute', 'in', (query) =>
      query.selectFrom('minute_samples').select('minute').where('minute', '<', beforeMinute).limit(PURGE_ROWS),
    )
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}
