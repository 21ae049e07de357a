/** Runs that a person asks for: a job now, or a run that did not end well once more. */
import { GatewayError } from '../../../../shared/errors.js';
import { MAX_QUEUED_PER_JOB } from '../claim.js';
import { newRun, nextAttempt } from '../run-rows.js';
import { findCronJob } from '../../store/cron/cron-jobs.js';
import { findCronRun, insertCronRun, listUnfinishedRuns, type NewCronRun } from '../../store/cron/cron-runs.js';
import type { CronServiceOptions } from './cron.js';
import { jobNotFound } from './cron-documents.js';
import { type CallerKey, keyUse, once } from '../../store/idempotency.js';
import type { Transaction } from '../../store/transaction.js';

function conflict(message: string, jobId: string, hint?: string): GatewayError {
  return new GatewayError('CONFLICT', { message, details: { job_id: jobId }, ...(hint === undefined ? {} : { hint }) });
}

/** @throws NOT_FOUND; CONFLICT where there is nothing to do again */
async function attemptAgain(
  tx: Transaction,
  { jobId, runId, nowMs }: { jobId: string; runId: string; nowMs: number },
): Promise<NewCronRun> {
  const run = await findCronRun(tx, { jobId, runId });
  if (run === undefined)
    throw new GatewayError('NOT_FOUND', { message: `the job has no run '${runId.slice(0, 80)}'`, details: { job_id: jobId } });
  if (run.finished_at === null) throw conflict('this run has not ended', jobId);
  if (run.state === 'done') throw conflict('this run has done its work', jobId, 'Run the job once more without naming a run.');
  return nextAttempt(run, nowMs);
}

/** Runs in a write. @returns the run's id @throws as {@link triggerRun} */
async function queueRun(tx: Transaction, { id, runId, nowMs }: { id: string; runId: string | undefined; nowMs: number }): Promise<string> {
  if ((await findCronJob(tx, id)) === undefined) throw jobNotFound(id);
  if ((await listUnfinishedRuns(tx, [id])).length >= MAX_QUEUED_PER_JOB)
    throw conflict(`${MAX_QUEUED_PER_JOB} runs of this job wait already`, id);
  const run =
    runId === undefined
      ? newRun({ job_id: id, trigger: 'manual', scheduled_at: nowMs, due_at: nowMs, state: 'queued' })
      : await attemptAgain(tx, { jobId: id, runId, nowMs });
  if (!(await insertCronRun(tx, run))) throw conflict('this run was tried again already', id, 'Look at the newest run of the job.');
  return run.id;
}

/**
 * Queues a run behind those that wait; with `runId`, the next attempt at that one's occurrence.
 * @throws JOB_NOT_FOUND; NOT_FOUND; CONFLICT when nothing would run it, or it was tried again already
 */
export async function triggerRun(
  { store, clock, scheduler, config }: CronServiceOptions,
  { id, runId, caller }: { id: string; runId: string | undefined; caller: CallerKey | undefined },
): Promise<{ runId: string }> {
  const nowMs = clock.now();
  if (!config().cron.enabled)
    throw new GatewayError('CONFLICT', {
      message: 'scheduled jobs are switched off',
      hint: 'Switch them on with: xopc config set cron.enabled true',
    });
  const { result, isRepeated } = await store.write((tx) =>
    once(tx, { use: keyUse('cron/trigger', caller, [id, runId]), nowMs, act: () => queueRun(tx, { id, runId, nowMs }) }),
  );
  if (isRepeated) caller?.onReplay?.();
  void scheduler.wake();
  return { runId: result };
}
