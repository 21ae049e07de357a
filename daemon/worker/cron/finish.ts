/** How runs end: each row once, and what follows from it in the same transaction. All of it runs in a write. */
import { findCronJob, updateCronJob } from '../store/cron/cron-jobs.js';
import { type CronRunEnd, endCronRun, insertCronRun, listRunningRuns } from '../store/cron/cron-runs.js';
import type { CronJobRow, CronRunRow } from '../store/schema.js';
import { decideRetry, MAX_INTERRUPTIONS } from './policy.js';
import { nextAttempt, type RunChange, type TellChat } from './run-rows.js';
import type { Transaction } from '../store/transaction.js';

const titled = ({ name }: CronJobRow): string => `⚠️ The scheduled job “${name}”`;

/** Whether an interrupted run is done again. A message that was not sent always is; a turn may have done something already. */
function isRepeated(job: CronJobRow, run: CronRunRow, nowMs: number): boolean {
  if (job.mode === 'agent' && job.interrupted === 'leave') return false;
  return run.attempt < MAX_INTERRUPTIONS + job.retries && nowMs - run.scheduled_at <= job.grace_ms;
}

/** A run was cut by the end of its worker. Where it is not done again, its chat is told. @returns undefined when it had ended */
export async function interruptRun(
  tx: Transaction,
  run: CronRunRow,
  facts: { nowMs: number; tell: TellChat },
): Promise<RunChange | undefined> {
  const { nowMs, tell } = facts;
  if (!(await endCronRun(tx, run.id, { state: 'interrupted', finished_at: nowMs, error: 'the gateway stopped while it ran' })))
    return undefined;
  const change = { jobId: run.job_id, runId: run.id, state: 'interrupted' } as const;
  const job = await findCronJob(tx, run.job_id);
  if (job === undefined) return change;
  if (isRepeated(job, run, nowMs)) {
    await insertCronRun(tx, nextAttempt(run, nowMs));
    return change;
  }
  if (job.notify_after === 0) return change;
  const text = `${titled(job)} was interrupted because the gateway stopped. Run it again with: xopc cron run ${job.id}`;
  return { ...change, told: await tell(tx, job, text) };
}

/** Ends the runs of workers that are gone. @returns what was ended, and how many other live workers still run */
export async function interruptOrphans(
  tx: Transaction,
  options: { liveOwners: readonly string[]; instanceId: string; ownRunIds: ReadonlySet<string>; nowMs: number; tell: TellChat },
): Promise<RunChange[]> {
  const changes: RunChange[] = [];
  for (const run of await listRunningRuns(tx)) {
    if (!isOrphan(run, options)) continue;
    const change = await interruptRun(tx, run, options);
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
export async function finishDone(tx: Transaction, run: CronRunRow, end: Omit<CronRunEnd, 'state'>): Promise<boolean> {
  if (!(await endCronRun(tx, run.id, { ...end, state: 'done' }))) return false;
  await updateCronJob(tx, run.job_id, { failures: 0 });
  return true;
}

/** Tries it again later where that may help, and tells its chat when it has failed often enough. @returns undefined when the run was no longer ours */
export async function finishFailed(
  tx: Transaction,
  run: CronRunRow,
  failure: { error: string; isRetryable: boolean; nowMs: number; tell: TellChat },
): Promise<RunChange | undefined> {
  const { error, isRetryable, nowMs, tell } = failure;
  if (!(await endCronRun(tx, run.id, { state: 'failed', finished_at: nowMs, error }))) return undefined;
  const change = { jobId: run.job_id, runId: run.id, state: 'failed' } as const;
  const before = await findCronJob(tx, run.job_id);
  if (before === undefined) return change;
  const job = { ...before, failures: before.failures + 1 };
  await updateCronJob(tx, job.id, { failures: job.failures });
  const retryAtMs = decideRetry({ job, attempt: run.attempt, isRetryable, nowMs });
  if (retryAtMs !== null) await insertCronRun(tx, nextAttempt(run, retryAtMs));
  if (job.notify_after === 0 || job.failures !== job.notify_after) return change;
  const often = job.failures === 1 ? 'has failed' : `has failed ${job.failures} times in a row`;
  return { ...change, told: await tell(tx, job, `${titled(job)} ${often}: ${error}`) };
}
