/** Samples of each minute: one row, to which every worker of that minute adds. A minute without a row had no worker. */
import { sql } from 'kysely';
import type { OverviewHistory } from '../../../../shared/api/gateway/overview.js';
import { mapColumns } from '../columns.js';
import { purgeRows } from '../conversations/purge.js';
import { queriesOf, type Transaction } from '../transaction.js';
import type { MinuteSampleRow } from './tables.js';

/** The counts and measurements of a period. */
export type SampleAmounts = Omit<OverviewHistory['buckets'][number], 'at' | 'state' | 'downMinutes'>;

export interface MinuteSample extends SampleAmounts {
  /** Minutes since the epoch. */
  readonly minute: number;
}

/** How two amounts of one period are combined. */
const MERGE: Readonly<Record<keyof SampleAmounts, 'sum' | 'largest'>> = {
  starts: 'sum',
  requests: 'sum',
  failedRequests: 'sum',
  turns: 'sum',
  failedTurns: 'sum',
  inputTokens: 'sum',
  outputTokens: 'sum',
  lateMs: 'largest',
  rssBytes: 'largest',
};

const NAMES = Object.keys(MERGE) as (keyof SampleAmounts)[];

const COLUMNS = mapColumns<MinuteSampleRow, MinuteSample>({
  minute: 'minute',
  starts: 'starts',
  requests: 'requests',
  failedRequests: 'failed_requests',
  turns: 'turns',
  failedTurns: 'failed_turns',
  inputTokens: 'input_tokens',
  outputTokens: 'output_tokens',
  lateMs: 'late_ms',
  rssBytes: 'rss_bytes',
});

/** Returns the amounts of all samples together; zeros for none. */
export function mergeSamples(samples: readonly SampleAmounts[]): SampleAmounts {
  const merge = (name: keyof SampleAmounts): number =>
    samples.reduce((total, { [name]: value }) => (MERGE[name] === 'sum' ? total + value : Math.max(total, value)), 0);
  return Object.fromEntries(NAMES.map((name) => [name, merge(name)])) as SampleAmounts;
}

const stored = (column: string) => sql.ref<number>(`minute_samples.${column}`);
const added = (column: string) => sql.ref<number>(`excluded.${column}`);
const sum = (column: string) => sql<number>`${stored(column)} + ${added(column)}`;
const largest = (column: string) =>
  sql<number>`case when ${added(column)} > ${stored(column)} then ${added(column)} else ${stored(column)} end`;

/** Adds a sample to the row of its minute. Runs in a transaction. */
export async function addSample(tx: Transaction, sample: MinuteSample): Promise<void> {
  const merged = NAMES.map((name) => {
    const column = COLUMNS.nameOf(name);
    return [column, MERGE[name] === 'sum' ? sum(column) : largest(column)];
  });
  await queriesOf(tx)
    .insertInto('minute_samples')
    .values(COLUMNS.write(sample) as MinuteSampleRow)
    .onConflict((conflict) => conflict.column('minute').doUpdateSet(Object.fromEntries(merged)))
    .execute();
}

/** Returns the samples of the minutes in `[fromMinute, untilMinute)`, oldest first. */
export async function readSamples(tx: Transaction, range: { fromMinute: number; untilMinute: number }): Promise<MinuteSample[]> {
  const rows = await queriesOf(tx)
    .selectFrom('minute_samples')
    .selectAll()
    .where('minute', '>=', range.fromMinute)
    .where('minute', '<', range.untilMinute)
    .orderBy('minute')
    .execute();
  return rows.map(COLUMNS.read);
}

/** Returns the minute of the first sample; undefined when there is none. */
export async function firstSampledMinute(tx: Transaction): Promise<number | undefined> {
  const row = await queriesOf(tx).selectFrom('minute_samples').select('minute').orderBy('minute').limit(1).executeTakeFirst();
  return row?.minute;
}

/** Purges some of the samples before a minute. Runs in a transaction. Returns their number. */
export function purgeSamples(tx: Transaction, beforeMinute: number): Promise<number> {
  return purgeRows(tx, { table: 'minute_samples', key: 'minute' }, sql`minute < ${beforeMinute}`);
}
