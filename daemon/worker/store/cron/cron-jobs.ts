/** Scheduled jobs: the statements. When a job fires is decided in `cron/`. */
import { type Insertable, sql, type Updateable } from 'kysely';
import type { CronJobRow, CronJobTable } from '../schema.js';
import { decodeText, encodeText } from '../sqlite/text.js';
import { queriesOf, type Transaction } from '../transaction.js';

export type NewCronJob = Omit<Insertable<CronJobTable>, 'seq'>;
export type CronJobChange = Omit<Updateable<CronJobTable>, 'seq' | 'id' | 'created_at'>;

function toRow(row: CronJobRow): CronJobRow {
  return { ...row, name: decodeText(row.name), message: decodeText(row.message) };
}

const encoded = <T extends CronJobChange>(values: T): T => ({
  ...values,
  ...(values.name === undefined ? {} : { name: encodeText(values.name) }),
  ...(values.message === undefined ? {} : { message: encodeText(values.message) }),
});

/** Runs in a write. */
export async function insertCronJob(tx: Transaction, job: NewCronJob): Promise<void> {
  await queriesOf(tx).insertInto('cron_jobs').values(encoded(job)).execute();
}

/** Runs in a write. */
export async function updateCronJob(tx: Transaction, id: string, change: CronJobChange): Promise<void> {
  await queriesOf(tx).updateTable('cron_jobs').set(encoded(change)).where('id', '=', id).execute();
}

/** Runs in a write. It fires no more, in a build before this one either. */
export async function markCronJobDeleted(tx: Transaction, id: string, nowMs: number): Promise<void> {
  await updateCronJob(tx, id, { deleted_at: nowMs, next_at: null });
}

/** @returns the job of that id, unless it was deleted at `afterMs` or earlier */
export async function findDeletedCronJob(tx: Transaction, target: { id: string; afterMs: number }): Promise<CronJobRow | undefined> {
  const query = queriesOf(tx).selectFrom('cron_jobs').selectAll().where('id', '=', target.id).where('deleted_at', '>', target.afterMs);
  const row = await query.executeTakeFirst();
  return row === undefined ? undefined : toRow(row);
}

/** Runs in a write. */
export async function restoreCronJob(tx: Transaction, id: string, change: { next_at: number | null; updated_at: number }): Promise<void> {
  await updateCronJob(tx, id, { ...change, deleted_at: null });
}

/** Runs in a write: removes for good what was deleted at `beforeMs` or earlier, its runs with it; one at a time. @returns how many */
export async function purgeDeletedCronJobs(tx: Transaction, beforeMs: number): Promise<number> {
  const doomed = await queriesOf(tx).selectFrom('cron_jobs').select('id').where('deleted_at', '<=', beforeMs).limit(1).executeTakeFirst();
  if (doomed === undefined) return 0;
  await queriesOf(tx).deleteFrom('cron_jobs').where('id', '=', doomed.id).execute();
  return 1;
}

export async function findCronJob(tx: Transaction, id: string): Promise<CronJobRow | undefined> {
  const row = await queriesOf(tx)
    .selectFrom('cron_jobs')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  return row === undefined ? undefined : toRow(row);
}

/** In the order in which they were made. */
export async function listCronJobs(tx: Transaction): Promise<CronJobRow[]> {
  return (await queriesOf(tx).selectFrom('cron_jobs').selectAll().where('deleted_at', 'is', null).orderBy('seq').execute()).map(toRow);
}

/** What a chat waits for, the next first. */
export async function listCronJobsOfChat(
  tx: Transaction,
  query: { channel: string; accountId: string; chatId: string; limit: number },
): Promise<CronJobRow[]> {
  const rows = await queriesOf(tx)
    .selectFrom('cron_jobs')
    .selectAll()
    .where('channel', '=', query.channel)
    .where((where) => where.or([where('account_id', '=', query.accountId), where('account_id', 'is', null)]))
    .where('chat_id', '=', query.chatId)
    .where('enabled', '=', 1)
    .where('next_at', 'is not', null)
    .orderBy('next_at')
    .limit(query.limit)
    .execute();
  return rows.map(toRow);
}

/**
 * Runs in a write: forgets jobs that fire no more, once their runs are forgotten, too.
 * @returns the ids of those that are gone
 */
export async function purgeCronJobs(tx: Transaction, beforeMs: number): Promise<string[]> {
  const rows = await queriesOf(tx)
    .deleteFrom('cron_jobs')
    .where('enabled', '=', 1)
    .where('next_at', 'is', null)
    .where('deleted_at', 'is', null)
    .where('updated_at', '<=', beforeMs)
    .where((where) =>
      where.not(where.exists(where.selectFrom('cron_runs').select('cron_runs.id').whereRef('cron_runs.job_id', '=', 'cron_jobs.id'))),
    )
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}

/** Jobs that were planned, or of which an occurrence was claimed, after that time: the clock has been set back since. */
export async function listCronJobsOfTheFuture(tx: Transaction, nowMs: number): Promise<CronJobRow[]> {
  const rows = await queriesOf(tx)
    .selectFrom('cron_jobs')
    .selectAll()
    .where('enabled', '=', 1)
    .where('next_at', '>', nowMs)
    .where((where) =>
      where.or([
        where('updated_at', '>', nowMs),
        where(
          where.selectFrom('cron_runs').select('scheduled_at').whereRef('job_id', '=', 'cron_jobs.id').orderBy('seq', 'desc').limit(1),
          '>',
          nowMs,
        ),
      ]),
    )
    .execute();
  return rows.map(toRow);
}

/** @returns whether a job was planned after that time: the clock has been set back since */
export async function hasCronJobOfTheFuture(tx: Transaction, nowMs: number): Promise<boolean> {
  return (
    (await queriesOf(tx).selectFrom('cron_jobs').select('id').where('updated_at', '>', nowMs).limit(1).executeTakeFirst()) !== undefined
  );
}

export async function countCronJobs(tx: Transaction): Promise<number> {
  const row = await queriesOf(tx)
    .selectFrom('cron_jobs')
    .select(queriesOf(tx).fn.countAll<number>().as('count'))
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow();
  return row.count;
}

/** Jobs with an occurrence at `nowMs` or before, the longest waiting first. */
export async function listDueCronJobs(tx: Transaction, query: { nowMs: number; limit: number }): Promise<CronJobRow[]> {
  const rows = await queriesOf(tx)
    .selectFrom('cron_jobs')
    .selectAll()
    .where('enabled', '=', sql.lit(1))
    .where('next_at', 'is not', null)
    .where('next_at', '<=', query.nowMs)
    .orderBy('next_at')
    .limit(query.limit)
    .execute();
  return rows.map(toRow);
}

/** @returns the first instant at which a job fires; undefined when none does */
export async function readNextCronInstant(tx: Transaction): Promise<number | undefined> {
  const row = await queriesOf(tx)
    .selectFrom('cron_jobs')
    .select('next_at')
    .where('enabled', '=', sql.lit(1))
    .where('next_at', 'is not', null)
    .orderBy('next_at')
    .limit(1)
    .executeTakeFirst();
  return row?.next_at ?? undefined;
}
