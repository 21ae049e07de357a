/** Runs of scheduled jobs: the statements. What may follow what is decided in `cron/`. */
import type { Insertable, Updateable } from 'kysely';
import { PURGE_ROWS } from './purge.js';
import type { CronRunRow, CronRunTable, Queries } from './schema.js';
import { decodeText, encodeText } from './text.js';

export type NewCronRun = Omit<Insertable<CronRunTable>, 'seq'>;
export type CronRunEnd = Pick<
  Updateable<CronRunTable>,
  'state' | 'finished_at' | 'input_tokens' | 'output_tokens' | 'cost_usd' | 'model' | 'output' | 'error' | 'message_id'
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
export async function insertCronRun(db: Queries, run: NewCronRun): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('cron_runs')
    .values(run)
    .onConflict((conflict) => conflict.columns(['job_id', 'occurrence', 'attempt']).doNothing())
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** What has not ended, in the order in which it is due. */
export async function listUnfinishedRuns(db: Queries): Promise<CronRunRow[]> {
  return (await db.selectFrom('cron_runs').selectAll().where('finished_at', 'is', null).orderBy('due_at').orderBy('seq').execute()).map(
    toRow,
  );
}

/** Runs in a write. @returns false when it waits no longer */
export async function startCronRun(db: Queries, start: { id: string; instanceId: string; nowMs: number }): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('cron_runs')
    .set({ state: 'running', instance_id: start.instanceId, started_at: start.nowMs })
    .where('id', '=', start.id)
    .where('state', '=', 'queued')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Runs in a write. @returns false when it had ended already, or is gone with its job */
export async function endCronRun(db: Queries, id: string, end: CronRunEnd): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('cron_runs')
    .set(encoded(end))
    .where('id', '=', id)
    .where('finished_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Newest first. */
export async function listCronRuns(db: Queries, query: { jobId: string; limit: number; beforeSeq?: number }): Promise<CronRunRow[]> {
  let select = db.selectFrom('cron_runs').selectAll().where('job_id', '=', query.jobId);
  if (query.beforeSeq !== undefined) select = select.where('seq', '<', query.beforeSeq);
  return (await select.orderBy('seq', 'desc').limit(query.limit).execute()).map(toRow);
}

/** Runs in a write: forgets runs of a job beyond the newest `keep`. */
export async function trimCronRuns(db: Queries, query: { jobId: string; keep: number }): Promise<void> {
  const oldest = await db
    .selectFrom('cron_runs')
    .select('seq')
    .where('job_id', '=', query.jobId)
    .orderBy('seq', 'desc')
    .offset(query.keep)
    .limit(1)
    .executeTakeFirst();
  if (oldest === undefined) return;
  await db
    .deleteFrom('cron_runs')
    .where('job_id', '=', query.jobId)
    .where('seq', '<=', oldest.seq)
    .where('finished_at', 'is not', null)
    .execute();
}

/** Runs in a write, one step: forgets what ended before. @returns how many runs */
export async function purgeCronRuns(db: Queries, beforeMs: number): Promise<number> {
  const result = await db
    .deleteFrom('cron_runs')
    .where('seq', 'in', (query) => query.selectFrom('cron_runs').select('seq').where('finished_at', '<=', beforeMs).limit(PURGE_ROWS))
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}
