/** Runs of scheduled jobs: the statements. What may follow what is decided in `cron/`. */
import { type Insertable, sql, type Updateable } from 'kysely';
import { PURGE_ROWS } from '../conversations/purge.js';
import type { CronMode, CronRunRow, CronRunState, CronRunTable } from '../schema.js';
import { decodeText, encodeText } from '../sqlite/text.js';
import { queriesOf, type Transaction } from '../transaction.js';

export type NewCronRun = Omit<Insertable<CronRunTable>, 'seq'>;
export type CronRunEnd = Pick<
  Updateable<CronRunTable>,
  'state' | 'finished_at' | 'input_tokens' | 'output_tokens' | 'cost_usd' | 'model' | 'output' | 'error' | 'message_id' | 'session_key'
>;

function encoded(end: CronRunEnd): CronRunEnd {
  return {
    ...end,
    ...(typeof end.output === 'string' ? { output: encodeText(end.output) } : {}),
    ...(typeof end.error === 'string' ? { error: encodeText(end.error) } : {}),
  };
}

function toRow(row: CronRunRow): CronRunRow {
  return { ...row, output: row.output === null ? null : decodeText(row.output), error: row.error === null ? null : decodeText(row.error) };
}

/** Runs in a write. @returns false when that attempt at that occurrence is there already */
export async function insertCronRun(tx: Transaction, run: NewCronRun): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await queriesOf(tx)
    .insertInto('cron_runs')
    .values(run)
    .onConflict((conflict) => conflict.columns(['job_id', 'occurrence', 'attempt']).doNothing())
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** What has not ended of these jobs, in the order in which it is due. */
export async function listUnfinishedRuns(tx: Transaction, jobIds: readonly string[]): Promise<CronRunRow[]> {
  const rows = await queriesOf(tx)
    .selectFrom('cron_runs')
    .selectAll()
    .where('job_id', 'in', jobIds)
    .where('finished_at', 'is', null)
    .orderBy('due_at')
    .orderBy('seq')
    .execute();
  return rows.map(toRow);
}

export async function listRunningRuns(tx: Transaction): Promise<CronRunRow[]> {
  const rows = await queriesOf(tx)
    .selectFrom('cron_runs')
    .selectAll()
    .where('finished_at', 'is', null)
    .where('state', '=', 'running')
    .execute();
  return rows.map(toRow);
}

/** What waits and is due, of jobs of which nothing runs, in the order in which it is due. */
export async function listStartableRuns(tx: Transaction, query: { nowMs: number; mode: CronMode; limit: number }): Promise<CronRunRow[]> {
  if (query.limit <= 0) return [];
  const rows = await queriesOf(tx)
    .selectFrom('cron_runs as waiting')
    .innerJoin('cron_jobs', 'cron_jobs.id', 'waiting.job_id')
    .selectAll('waiting')
    .where('waiting.finished_at', 'is', null)
    .where('waiting.due_at', '<=', query.nowMs)
    .where('waiting.state', '=', 'queued')
    .where('cron_jobs.mode', '=', query.mode)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('cron_runs as other')
            .select(sql.lit(1).as('one'))
            .whereRef('other.job_id', '=', 'waiting.job_id')
            .where('other.finished_at', 'is', null)
            .where('other.state', '=', 'running'),
        ),
      ),
    )
    .orderBy('waiting.due_at')
    .orderBy('waiting.seq')
    .limit(query.limit)
    .execute();
  return rows.map(toRow);
}

/** @returns when the next run that waits for its time is due; undefined when none does */
export async function readNextDueRun(tx: Transaction, afterMs: number): Promise<number | undefined> {
  const row = await queriesOf(tx)
    .selectFrom('cron_runs')
    .select('due_at')
    .where('finished_at', 'is', null)
    .where('state', '=', 'queued')
    .where('due_at', '>', afterMs)
    .orderBy('due_at')
    .limit(1)
    .executeTakeFirst();
  return row?.due_at;
}

/** @returns the scheduled instant of what was claimed last; undefined when nothing was */
export async function readLastClaimed(tx: Transaction): Promise<number | undefined> {
  const row = await queriesOf(tx).selectFrom('cron_runs').select('scheduled_at').orderBy('seq', 'desc').limit(1).executeTakeFirst();
  return row?.scheduled_at;
}

/** Of each job the newest run. */
export async function listLastRuns(tx: Transaction): Promise<CronRunRow[]> {
  const rows = await queriesOf(tx)
    .selectFrom('cron_runs')
    .selectAll()
    .where('seq', 'in', (query) =>
      query
        .selectFrom('cron_jobs')
        .select((job) =>
          job
            .selectFrom('cron_runs as run')
            .select('run.seq')
            .whereRef('run.job_id', '=', 'cron_jobs.id')
            .orderBy('run.seq', 'desc')
            .limit(1)
            .as('seq'),
        )
        .$castTo<{ seq: number }>(),
    )
    .execute();
  return rows.map(toRow);
}

/** Runs in a write. @returns false when it waits no longer */
export async function startCronRun(tx: Transaction, start: { id: string; instanceId: string; nowMs: number }): Promise<boolean> {
  const { numUpdatedRows } = await queriesOf(tx)
    .updateTable('cron_runs')
    .set({ state: 'running', instance_id: start.instanceId, started_at: start.nowMs })
    .where('id', '=', start.id)
    .where('state', '=', 'queued')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Runs in a write: notes something about a run, whether it has ended or not. */
export async function noteCronRun(
  tx: Transaction,
  id: string,
  note: Pick<Updateable<CronRunTable>, 'message_id' | 'session_key'>,
): Promise<void> {
  await queriesOf(tx).updateTable('cron_runs').set(note).where('id', '=', id).execute();
}

/** Runs in a write. @returns false when it had ended already, or is gone with its job */
export async function endCronRun(tx: Transaction, id: string, end: CronRunEnd): Promise<boolean> {
  const { numUpdatedRows } = await queriesOf(tx)
    .updateTable('cron_runs')
    .set(encoded(end))
    .where('id', '=', id)
    .where('finished_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Runs in a write: nothing waits for a time after `latestMs`. */
export async function hastenCronRuns(tx: Transaction, latestMs: number): Promise<void> {
  await queriesOf(tx)
    .updateTable('cron_runs')
    .set({ due_at: latestMs })
    .where('finished_at', 'is', null)
    .where('due_at', '>', latestMs)
    .execute();
}

export async function findCronRun(tx: Transaction, { jobId, runId }: { jobId: string; runId: string }): Promise<CronRunRow | undefined> {
  const row = await queriesOf(tx)
    .selectFrom('cron_runs')
    .selectAll()
    .where('job_id', '=', jobId)
    .where('id', '=', runId)
    .executeTakeFirst();
  return row === undefined ? undefined : toRow(row);
}

export interface CronRunQuery {
  readonly jobId: string;
  readonly limit: number;
  readonly beforeSeq?: number;
  /** Default: any. */
  readonly states?: readonly CronRunState[];
}

/** Newest first. */
export async function listCronRuns(tx: Transaction, query: CronRunQuery): Promise<CronRunRow[]> {
  let select = queriesOf(tx).selectFrom('cron_runs').selectAll().where('job_id', '=', query.jobId);
  if (query.beforeSeq !== undefined) select = select.where('seq', '<', query.beforeSeq);
  if (query.states !== undefined) select = select.where('state', 'in', [...query.states]);
  return (await select.orderBy('seq', 'desc').limit(query.limit).execute()).map(toRow);
}

/** Runs in a write: forgets runs of a job beyond the newest `keep`. */
export async function trimCronRuns(tx: Transaction, query: { jobId: string; keep: number }): Promise<void> {
  const oldest = await queriesOf(tx)
    .selectFrom('cron_runs')
    .select('seq')
    .where('job_id', '=', query.jobId)
    .orderBy('seq', 'desc')
    .offset(query.keep)
    .limit(1)
    .executeTakeFirst();
  if (oldest === undefined) return;
  await queriesOf(tx)
    .deleteFrom('cron_runs')
    .where('job_id', '=', query.jobId)
    .where('seq', '<=', oldest.seq)
    .where('finished_at', 'is not', null)
    .execute();
}

/** Runs in a write, one step: forgets what ended before. @returns how many runs */
export async function purgeCronRuns(tx: Transaction, beforeMs: number): Promise<number> {
  const result = await queriesOf(tx)
    .deleteFrom('cron_runs')
    .where('seq', 'in', (query) => query.selectFrom('cron_runs').select('seq').where('finished_at', '<=', beforeMs).limit(PURGE_ROWS))
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}
