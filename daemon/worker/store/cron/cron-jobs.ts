/** Statements on scheduled jobs. `cron/` decides when a job fires. */
import { sql } from 'kysely';
import type { CronJobDocument, CronJobInput } from '../../../../shared/api/cron.js';
import { FLAG, jsonOrNull, mapColumns } from '../columns.js';
import type { CronJobRow } from '../schema.js';
import { queriesOf, tellOthers, type Transaction } from '../transaction.js';

type Given = Readonly<Pick<CronJobDocument, keyof CronJobInput>>;

/** What callers set, with defaults filled in. */
export interface CronJobSettings extends Omit<Given, 'chat_id' | 'alertChatId'> {
  readonly chat_id: string | null;
  readonly alertChatId: string | null;
}

/** A scheduled job. Times are epoch milliseconds. */
export interface CronJob extends CronJobSettings {
  readonly id: string;
  /** Whether callers gave the id as a number, and see it as one. */
  readonly isChatIdNumber: boolean;
  readonly isAlertChatIdNumber: boolean;
  /** `every` counts from this time. */
  readonly anchorMs: number;
  /** The next occurrence that has not been claimed; null: the job does not fire any more. */
  readonly nextAtMs: number | null;
  /** Failed attempts since the last success. */
  readonly failures: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Null unless the job is deleted. A deleted job has no `nextAtMs`. */
  readonly deletedAtMs: number | null;
}

export type NewCronJob = Omit<CronJob, 'failures' | 'deletedAtMs'>;
export type CronJobChange = Partial<Omit<CronJob, 'id' | 'createdAtMs'>>;

const COLUMNS = mapColumns<CronJobRow, CronJob>({
  id: 'id',
  name: 'name',
  schedule: 'schedule',
  message: 'message',
  mode: 'mode',
  channel: 'channel',
  chat_id: 'chat_id',
  accountId: 'account_id',
  agentId: 'agent_id',
  session: 'session',
  timezone: 'timezone',
  activeHours: ['active_hours', jsonOrNull<NonNullable<CronJob['activeHours']>>()],
  dailyUsd: 'daily_usd',
  model: 'model',
  enabled: ['enabled', FLAG],
  overlap: 'overlap',
  missed: 'missed',
  interrupted: 'interrupted',
  graceMs: 'grace_ms',
  timeoutMs: 'timeout_ms',
  retries: 'retries',
  notifyAfter: 'notify_after',
  alertChannel: 'alert_channel',
  alertChatId: 'alert_chat_id',
  alertAccountId: 'alert_account_id',
  isChatIdNumber: ['is_chat_id_number', FLAG],
  isAlertChatIdNumber: ['is_alert_chat_id_number', FLAG],
  anchorMs: 'anchor_at',
  nextAtMs: 'next_at',
  failures: 'failures',
  createdAtMs: 'created_at',
  updatedAtMs: 'updated_at',
  deletedAtMs: 'deleted_at',
});

const toJob = (row: CronJobRow | undefined): CronJob | undefined => row && COLUMNS.read(row);

/** Runs in a transaction. */
export async function insertCronJob(tx: Transaction, job: NewCronJob): Promise<void> {
  tellOthers(tx, 'cron');
  await queriesOf(tx)
    .insertInto('cron_jobs')
    .values(COLUMNS.write(job) as CronJobRow)
    .execute();
}

/** Runs in a transaction. */
export async function updateCronJob(tx: Transaction, id: string, change: CronJobChange): Promise<void> {
  tellOthers(tx, 'cron');
  await queriesOf(tx).updateTable('cron_jobs').set(COLUMNS.write(change)).where('id', '=', id).execute();
}

/** Runs in a transaction. Without `next_at` the job does not fire in earlier builds either. */
export async function markCronJobDeleted(tx: Transaction, id: string, nowMs: number): Promise<void> {
  await updateCronJob(tx, id, { deletedAtMs: nowMs, nextAtMs: null });
}

/** Returns the deleted job of that id, unless it was deleted at `afterMs` or earlier. */
export async function findDeletedCronJob(tx: Transaction, target: { id: string; afterMs: number }): Promise<CronJob | undefined> {
  const query = queriesOf(tx).selectFrom('cron_jobs').selectAll().where('id', '=', target.id).where('deleted_at', '>', target.afterMs);
  return toJob(await query.executeTakeFirst());
}

/** Returns the jobs that were deleted after `afterMs`, newest deletion first. */
export async function listDeletedCronJobs(tx: Transaction, afterMs: number): Promise<CronJob[]> {
  const query = queriesOf(tx).selectFrom('cron_jobs').selectAll().where('deleted_at', '>', afterMs);
  return (await query.orderBy('deleted_at', 'desc').orderBy('seq', 'desc').execute()).map(COLUMNS.read);
}

/** Runs in a transaction. Purges one job that was deleted at `beforeMs` or earlier, with its runs. Returns the number of jobs purged. */
export async function purgeDeletedCronJobs(tx: Transaction, beforeMs: number): Promise<number> {
  const expired = await queriesOf(tx).selectFrom('cron_jobs').select('id').where('deleted_at', '<=', beforeMs).limit(1).executeTakeFirst();
  if (expired === undefined) return 0;
  await queriesOf(tx).deleteFrom('cron_jobs').where('id', '=', expired.id).execute();
  return 1;
}

export async function findCronJob(tx: Transaction, id: string): Promise<CronJob | undefined> {
  return toJob(
    await queriesOf(tx).selectFrom('cron_jobs').selectAll().where('id', '=', id).where('deleted_at', 'is', null).executeTakeFirst(),
  );
}

/** Returns all jobs in the order of their creation. */
export async function listCronJobs(tx: Transaction): Promise<CronJob[]> {
  return (await queriesOf(tx).selectFrom('cron_jobs').selectAll().where('deleted_at', 'is', null).orderBy('seq').execute()).map(
    COLUMNS.read,
  );
}

/** Returns the jobs of a chat that will fire, next first. Jobs without an account belong to the default one. */
export async function listCronJobsOfChat(
  tx: Transaction,
  query: { channel: string; accountId: string; isDefaultAccount: boolean; chatIds: readonly string[]; limit: number },
): Promise<CronJob[]> {
  const rows = await queriesOf(tx)
    .selectFrom('cron_jobs')
    .selectAll()
    .where('channel', '=', query.channel)
    .where((where) => {
      const isNamed = where('account_id', '=', query.accountId);
      return query.isDefaultAccount ? where.or([isNamed, where('account_id', 'is', null)]) : isNamed;
    })
    .where('chat_id', 'in', query.chatIds)
    .where('enabled', '=', 1)
    .where('next_at', 'is not', null)
    .orderBy('next_at')
    .limit(query.limit)
    .execute();
  return rows.map(COLUMNS.read);
}

/** Runs in a transaction. Purges jobs that fire no more and have no runs left. Returns their ids. */
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

/** Returns the enabled jobs with an occurrence after `nowMs`, and those of `alsoIds`. */
export async function listFutureCronJobs(tx: Transaction, query: { nowMs: number; alsoIds: readonly string[] }): Promise<CronJob[]> {
  const rows = await queriesOf(tx)
    .selectFrom('cron_jobs')
    .selectAll()
    .where('enabled', '=', 1)
    .where('deleted_at', 'is', null)
    .where((where) => {
      const isFuture = where('next_at', '>', query.nowMs);
      return query.alsoIds.length === 0 ? isFuture : where.or([isFuture, where('id', 'in', query.alsoIds)]);
    })
    .execute();
  return rows.map(COLUMNS.read);
}

/** Returns whether a job was planned after `nowMs`: the clock has been set back since. */
export async function hasCronJobPlannedAfter(tx: Transaction, nowMs: number): Promise<boolean> {
  return (
    (await queriesOf(tx).selectFrom('cron_jobs').select('id').where('updated_at', '>', nowMs).limit(1).executeTakeFirst()) !== undefined
  );
}

export async function countCronJobs(tx: Transaction): Promise<number> {
  const row = await queriesOf(tx)
    .selectFrom('cron_jobs')
    .select((query) => query.fn.countAll<number>().as('count'))
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow();
  return row.count;
}

/** Returns jobs with an occurrence at or before `nowMs`, earliest first. */
export async function listDueCronJobs(tx: Transaction, query: { nowMs: number; limit: number }): Promise<CronJob[]> {
  const rows = await queriesOf(tx)
    .selectFrom('cron_jobs')
    .selectAll()
    .where('enabled', '=', sql.lit(1))
    .where('next_at', 'is not', null)
    .where('next_at', '<=', query.nowMs)
    .orderBy('next_at')
    .limit(query.limit)
    .execute();
  return rows.map(COLUMNS.read);
}

/** Returns the time of the next occurrence of any job; undefined when no job fires. */
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

export type FailingJob = Pick<CronJob, 'id' | 'name' | 'failures'>;

/** Returns enabled jobs whose last attempt failed. */
export async function listFailingJobs(tx: Transaction, limit: number): Promise<FailingJob[]> {
  return queriesOf(tx)
    .selectFrom('cron_jobs')
    .select(['id', 'name', 'failures'])
    .where('failures', '>', 0)
    .where('enabled', '=', 1)
    .where('deleted_at', 'is', null)
    .orderBy('seq')
    .limit(limit)
    .execute();
}
