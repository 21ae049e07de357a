/** Statements on runs of scheduled jobs. `cron/` decides which state may follow which. */
import { sql } from 'kysely';
import type { CronJobDocument, CronRunDocument } from '../../../../shared/api/cron.js';
import { mapColumns } from '../columns.js';
import { prepare } from '../prepare.js';
import { purgeRows } from '../conversations/purge.js';
import type { CronRunRow } from '../schema.js';
import { queriesOf, tellOthers, type Transaction } from '../transaction.js';

type SharedFields =
  | 'id'
  | 'nothingToReport'
  | 'trigger'
  | 'attempt'
  | 'state'
  | 'missedBefore'
  | 'model'
  | 'inputTokens'
  | 'outputTokens'
  | 'costUsd';

/** One attempt at one occurrence of a job. Times are epoch milliseconds. */
export interface CronRun extends Readonly<Pick<CronRunDocument, SharedFields | 'output' | 'error'>> {
  /** Order of creation over all jobs. */
  readonly seq: number;
  readonly jobId: string;
  /** The scheduled time as text; for a manual run, the id of its first attempt. */
  readonly occurrence: string;
  readonly scheduledAtMs: number;
  /** The run does not start before this time. */
  readonly dueAtMs: number;
  /** The worker that runs it. */
  readonly instanceId: string | null;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** The message with which its output was sent. */
  readonly messageId: string | null;
  /** The session in which an agent answered. */
  readonly sessionKey: string | null;
  /** Its turn, and the message that it answers; until it has one, those of the attempt that it continues. */
  readonly turnId: string | null;
  readonly questionId: string | null;
  /** The access token that requested it; null: none, or started by the schedule. */
  readonly tokenId: string | null;
}

/** A run to store. Defaults: attempt 1, an occurrence of its own, everything else empty. */
export type NewCronRun = Pick<CronRun, 'id' | 'jobId' | 'trigger' | 'scheduledAtMs' | 'dueAtMs' | 'state'> &
  Partial<Pick<CronRun, 'occurrence' | 'attempt' | 'finishedAtMs' | 'missedBefore' | 'error' | 'turnId' | 'questionId' | 'tokenId'>>;

export type CronRunEnd = Pick<CronRun, 'state' | 'finishedAtMs'> &
  Partial<Pick<CronRun, 'model' | 'inputTokens' | 'outputTokens' | 'costUsd' | 'output' | 'nothingToReport' | 'error'>>;

/** The fields of a run in its row. */
export const RUN_COLUMNS = mapColumns<CronRunRow, CronRun>({
  seq: 'seq',
  id: 'id',
  jobId: 'job_id',
  occurrence: 'occurrence',
  attempt: 'attempt',
  trigger: 'trigger',
  scheduledAtMs: 'scheduled_at',
  dueAtMs: 'due_at',
  state: 'state',
  instanceId: 'instance_id',
  startedAtMs: 'started_at',
  finishedAtMs: 'finished_at',
  missedBefore: 'missed_before',
  inputTokens: 'input_tokens',
  outputTokens: 'output_tokens',
  costUsd: 'cost_usd',
  model: 'model',
  output: 'output',
  error: 'error',
  messageId: 'message_id',
  sessionKey: 'session_key',
  nothingToReport: 'nothing_to_report',
  turnId: 'turn_id',
  questionId: 'question_id',
  tokenId: 'token_id',
});

/** Maximum number of finished runs kept per job; older ones are purged. */
const KEPT_RUNS_PER_JOB = 500;

/** Runs in a transaction. Keeps the newest 500 runs of the job. Returns false when that attempt at that occurrence is stored already. */
export async function insertCronRun(tx: Transaction, run: NewCronRun): Promise<boolean> {
  tellOthers(tx, 'cron');
  const occurrence = run.trigger === 'manual' ? run.id : String(run.scheduledAtMs);
  const { numInsertedOrUpdatedRows } = await queriesOf(tx)
    .insertInto('cron_runs')
    .values(RUN_COLUMNS.write({ occurrence, attempt: 1, ...run }) as CronRunRow)
    .onConflict((conflict) => conflict.columns(['job_id', 'occurrence', 'attempt']).doNothing())
    .executeTakeFirst();
  if ((numInsertedOrUpdatedRows ?? 0n) === 0n) return false;
  await trimCronRuns(tx, { jobId: run.jobId, keep: KEPT_RUNS_PER_JOB });
  return true;
}

/** Returns the unfinished runs of these jobs, in the order in which they are due. */
export async function listUnfinishedRuns(tx: Transaction, jobIds: readonly string[]): Promise<CronRun[]> {
  if (jobIds.length === 0) return [];
  const rows = await queriesOf(tx)
    .selectFrom('cron_runs')
    .selectAll()
    .where('job_id', 'in', jobIds)
    .where('finished_at', 'is', null)
    .orderBy('due_at')
    .orderBy('seq')
    .execute();
  return rows.map(RUN_COLUMNS.read);
}

export async function listRunningRuns(tx: Transaction): Promise<CronRun[]> {
  const rows = await queriesOf(tx)
    .selectFrom('cron_runs')
    .selectAll()
    .where('finished_at', 'is', null)
    .where('state', '=', 'running')
    .execute();
  return rows.map(RUN_COLUMNS.read);
}

/** Returns queued runs that are due, in that order, of jobs that have no running run, and no other one that waits for a person. */
export async function listStartableRuns(
  tx: Transaction,
  query: { nowMs: number; mode: CronJobDocument['mode']; limit: number },
): Promise<CronRun[]> {
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
            .where((state) =>
              state.or([
                state('other.state', '=', 'running'),
                state.and([state('other.started_at', 'is not', null), state('waiting.started_at', 'is', null)]),
              ]),
            ),
        ),
      ),
    )
    .orderBy('waiting.due_at')
    .orderBy('waiting.seq')
    .limit(query.limit)
    .execute();
  return rows.map(RUN_COLUMNS.read);
}

/** Returns when the next queued run is due after `afterMs`; undefined when there is none. */
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

/** Returns the scheduled time of the occurrence that was claimed last; undefined when none was. */
export async function readLastClaimed(tx: Transaction): Promise<number | undefined> {
  const row = await queriesOf(tx).selectFrom('cron_runs').select('scheduled_at').orderBy('seq', 'desc').limit(1).executeTakeFirst();
  return row?.scheduled_at;
}

/** Runs in a transaction. Returns false when the run is not queued any more. */
export async function startCronRun(tx: Transaction, start: { id: string; instanceId: string; nowMs: number }): Promise<boolean> {
  const { numUpdatedRows } = await queriesOf(tx)
    .updateTable('cron_runs')
    .set({ state: 'running', instance_id: start.instanceId, started_at: start.nowMs })
    .where('id', '=', start.id)
    .where('state', '=', 'queued')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Runs in a transaction. Records a run's turn and output, whether the run has ended or not. */
export async function noteCronRun(
  tx: Transaction,
  id: string,
  note: Partial<Pick<CronRun, 'error' | 'messageId' | 'sessionKey' | 'turnId' | 'questionId'>>,
): Promise<void> {
  await queriesOf(tx).updateTable('cron_runs').set(RUN_COLUMNS.write(note)).where('id', '=', id).execute();
}

/** Runs in a transaction. Returns false when the run had ended already, or was purged with its job. */
export async function endCronRun(tx: Transaction, id: string, end: CronRunEnd): Promise<boolean> {
  tellOthers(tx, 'cron');
  const { numUpdatedRows } = await queriesOf(tx)
    .updateTable('cron_runs')
    .set(RUN_COLUMNS.write(end))
    .where('id', '=', id)
    .where('finished_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Runs in a transaction. Makes queued runs due at `latestMs` at the latest. */
export async function hastenCronRuns(tx: Transaction, latestMs: number): Promise<void> {
  await queriesOf(tx)
    .updateTable('cron_runs')
    .set({ due_at: latestMs })
    .where('finished_at', 'is', null)
    .where('due_at', '>', latestMs)
    .execute();
}

const attemptOf = (which: '<>' | '>') => sql<boolean>`exists (select 1 from cron_runs as other where other.job_id = cron_runs.job_id
  and other.occurrence = cron_runs.occurrence and other.attempt ${sql.raw(which)} cron_runs.attempt)`;
/** Another attempt at the occurrence of a run. */
const otherAttempt = attemptOf('<>');
const laterAttempt = attemptOf('>');

/**
 * Runs in a transaction. Removes the runs missed at times after `afterMs`, which are still to come, except where a person has
 * requested another attempt. Returns the ids of their jobs.
 */
export async function removeMissedRuns(tx: Transaction, afterMs: number): Promise<string[]> {
  const rows = await queriesOf(tx)
    .deleteFrom('cron_runs')
    .where('state', '=', 'missed')
    .where('scheduled_at', '>', afterMs)
    .where((where) => where.not(otherAttempt))
    .returning('job_id')
    .execute();
  return [...new Set(rows.map((row) => row.job_id))];
}

/** Returns the runs that were waiting and became too late at a time that is still to come, and have no other attempt after them. */
export async function listRunsLateAfter(tx: Transaction, nowMs: number): Promise<CronRun[]> {
  const rows = await queriesOf(tx)
    .selectFrom('cron_runs')
    .selectAll()
    .where('finished_at', '>', nowMs)
    .where('state', '=', 'missed')
    .where('scheduled_at', '<=', nowMs)
    // Occurrences that were too late when they were claimed have not waited.
    .whereRef('due_at', '<', 'finished_at')
    .where((where) => where.not(laterAttempt))
    .execute();
  return rows.map(RUN_COLUMNS.read);
}

/** Runs in a transaction. */
export async function requeueCronRun(tx: Transaction, id: string): Promise<void> {
  await queriesOf(tx).updateTable('cron_runs').set({ state: 'queued', finished_at: null, error: null }).where('id', '=', id).execute();
}

export async function findCronRun(tx: Transaction, { jobId, runId }: { jobId: string; runId: string }): Promise<CronRun | undefined> {
  const query = queriesOf(tx).selectFrom('cron_runs').selectAll().where('job_id', '=', jobId).where('id', '=', runId);
  const row = await query.executeTakeFirst();
  return row && RUN_COLUMNS.read(row);
}

/** Returns the run that sent its output with that message. */
export const { first: findRunOfMessage } = prepare<{ messageId: string }>()((db, p) =>
  db.selectFrom('cron_runs').select(['id', 'job_id as jobId', 'error']).where('message_id', '=', p.messageId),
);

/** Runs in a transaction. Purges finished runs of a job beyond the newest `keep`. */
async function trimCronRuns(tx: Transaction, query: { jobId: string; keep: number }): Promise<void> {
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

/** Runs in a transaction. Purges some of the runs that ended before `beforeMs`. Returns their number. */
export function purgeCronRuns(tx: Transaction, beforeMs: number): Promise<number> {
  return purgeRows(tx, { table: 'cron_runs', key: 'seq' }, sql`finished_at <= ${beforeMs}`);
}
