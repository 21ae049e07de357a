/** Statements that read the history of scheduled runs. */
import { sql } from 'kysely';
import { queriesOf, type Transaction } from '../transaction.js';
import { type CronRun, RUN_COLUMNS } from './cron-runs.js';

/** The fields of a run that lists of jobs need. */
export type RecentRun = Pick<CronRun, 'id' | 'jobId' | 'state' | 'scheduledAtMs' | 'startedAtMs' | 'finishedAtMs' | 'messageId'>;

/** Returns the last runs of a job, newest first. */
export function listRecentRuns(tx: Transaction, query: { jobId: string; limit: number }): Promise<RecentRun[]> {
  return queriesOf(tx)
    .selectFrom('cron_runs')
    .select(['id', 'job_id as jobId', 'state', 'scheduled_at as scheduledAtMs', 'started_at as startedAtMs'])
    .select(['finished_at as finishedAtMs', 'message_id as messageId'])
    .where('job_id', '=', query.jobId)
    .orderBy('seq', 'desc')
    .limit(query.limit)
    .execute();
}

/** Returns how many attempts at an occurrence were interrupted. */
export async function countInterruptions(tx: Transaction, { jobId, occurrence }: Pick<CronRun, 'jobId' | 'occurrence'>): Promise<number> {
  const row = await queriesOf(tx)
    .selectFrom('cron_runs')
    .select((query) => query.fn.countAll<number>().as('count'))
    .where('job_id', '=', jobId)
    .where('occurrence', '=', occurrence)
    .where('state', '=', 'interrupted')
    .executeTakeFirstOrThrow();
  return row.count;
}

/** Returns the newest run of each job. */
export async function listLastRuns(tx: Transaction): Promise<CronRun[]> {
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
  return rows.map(RUN_COLUMNS.read);
}

export interface CronRunQuery {
  readonly jobId: string;
  readonly limit: number;
  readonly beforeSeq?: number;
  /** Only runs that did not succeed, or whose message is dead or of unknown outcome. Default: any. */
  readonly failed?: boolean;
}

const FAILED_STATES = ['failed', 'interrupted', 'missed', 'skipped'] as const;

/** Returns runs of a job, newest first. */
export async function listCronRuns(tx: Transaction, query: CronRunQuery): Promise<CronRun[]> {
  let select = queriesOf(tx).selectFrom('cron_runs').selectAll().where('job_id', '=', query.jobId);
  if (query.beforeSeq !== undefined) select = select.where('seq', '<', query.beforeSeq);
  if (query.failed === true)
    select = select.where((run) =>
      run.or([
        run('cron_runs.state', 'in', FAILED_STATES),
        run.exists(
          run
            .selectFrom('outbox_messages')
            .select(sql.lit(1).as('one'))
            .whereRef('outbox_messages.id', '=', 'cron_runs.message_id')
            .where('outbox_messages.state', 'in', ['dead', 'unknown']),
        ),
      ]),
    );
  return (await select.orderBy('seq', 'desc').limit(query.limit).execute()).map(RUN_COLUMNS.read);
}
