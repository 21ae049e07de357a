/** How runs end: each row once, and what follows from it in the same transaction. All of it runs in a write. */
import { findCronJob, updateCronJob } from '../store/cron/cron-jobs.js';
import { type CronRunEnd, endCronRun, insertCronRun, listRunningRuns } from '../store/cron/cron-runs.js';
import type { CronJobRow, CronRunRow, Queries } from '../store/schema.js';
import { decideRetry, MAX_INTERRUPTIONS } from './policy.js';
import { nextAttempt, type RunChange, type TellChat } from './run-rows.js';

const titled = ({ name }: CronJobRow): string => `⚠️ The scheduled job “${name}”`;

/** Whether an interrupted run is done again. A message that was not sent always is; a turn may have done something already. */
function isRepeated(job: CronJobRow, run: CronRunRow, nowMs: number): boolean {
  if (job.mode === 'agent' && job.interrupted === 'leave') return false;
  return run.attempt < MAX_INTERRUPTIONS + job.retries && nowMs - run.scheduled_at <= job.grace_ms;
}

/** A run was cut by the end of its worker. Where it is not done again, its chat is told. @returns undefined when it had ended */
export async function interruptRun(db: Queries, run: CronRunRow, facts: { nowMs: number; tell: TellChat }): Promise<RunChange | undefined> {
  const { nowMs, tell } = facts;
  if (!(await endCronRun(db, run.id, { state: 'interrupted', finished_at: nowMs, error: 'the gateway stopped while it ran' })))
    return undefined;
  const change = { jobId: run.job_id, runId: run.id, state: 'interrupted' } as const;
  const job = await findCronJob(db, run.job_id);
  if (job === undefined) return change;
  if (isRepeated(job, run, nowMs)) {
    await insertCronRun(db, nextAttempt(run, nowMs));
    return change;
  }
  if (job.notify_after === 0) return change;
  const text = `${titled(job)} was interrupted because the gateway stopped. Run it again with: xopc cron run ${job.id}`;
  return { ...change, told: await tell(db, job, text) };
}

/** Ends the runs of workers that are gone. @returns what was ended, and how many other live workers still run */
export async function interruptOrphans(
  db: Queries,
  options: { liveOwners: readonly string[]; instanceId: string; ownRunIds: ReadonlySet<string>; nowMs: number; tell: TellChat },
): Promise<RunChange[]> {
  const changes: RunChange[] = [];
  for (const run of await listRunningRuns(db)) {
    if (!isOrphan(run, options)) continue;
    const change = await interruptRun(db, run, options);
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

/** Whether nobody runs it any more. */
export function isOrphan(
  run: CronRunRow,
  { liveOwners, instanceId, ownRunIds }: { liveOwners: readonly string[]; instanceId: string; ownRunIds: ReadonlySet<string> },
): boolean {
  return run.instance_id === instanceId ? !ownRunIds.has(run.id) : !liveOwners.includes(run.instance_id ?? '');
}

/** @returns false when the run was no longer ours: then nothing of it counts */
export async function finishDone(db: Queries, run: CronRunRow, end: Omit<CronRunEnd, 'state'>): Promise<boolean> {
  if (!(await endCronRun(db, run.id, { ...end, state: 'done' }))) return false;
  await updateCronJob(db, run.job_id, { failures: 0 });
  return true;
}

/** Tries it again later where that may help, and tells its chat when it has failed often enough. @returns undefined when the run was no longer ours */
export async function finishFailed(
  db: Queries,
  run: CronRunRow,
  failure: { error: string; isRetryable: boolean; nowMs: number; tell: TellChat },
): Promise<RunChange | undefined> {
  const { error, isRetryable, nowMs, tell } = failure;
  if (!(await endCronRun(db, run.id, { state: 'failed', finished_at: nowMs, error }))) return undefined;
  const change = { jobId: run.job_id, runId: run.id, state: 'failed' } as const;
  const before = await findCronJob(db, run.job_id);
  if (before === undefined) return change;
  const job = { ...before, failures: before.failures + 1 };
  await updateCronJob(db, job.id, { failures: job.failures });
  const retryAtMs = decideRetry({ job, attempt: run.attempt, isRetryable, nowMs });
  if (retryAtMs !== null) await insertCronRun(db, nextAttempt(run, retryAtMs));
  if (job.notify_after === 0 || job.failures !== job.notify_after) return change;
  const often = job.failures === 1 ? 'has failed' : `has failed ${job.failures} times in a row`;
  return { ...change, told: await tell(db, job, `${titled(job)} ${often}: ${error}`) };
}
