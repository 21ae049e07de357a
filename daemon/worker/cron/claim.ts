/** The transactions of the scheduler: occurrences become rows before anything runs. All of it runs in a write. */
import { findCronJob, listCronJobsOfTheFuture, listDueCronJobs, updateCronJob } from '../store/cron/cron-jobs.js';
import {
  endCronRun,
  hastenCronRuns,
  insertCronRun,
  listStartableRuns,
  listUnfinishedRuns,
  startCronRun,
  trimCronRuns,
} from '../store/cron/cron-runs.js';
import type { CronJobRow, CronRunRow, CronRunState } from '../store/schema.js';
import { backoffMs, countBetween, judgeDue } from './policy.js';
import { newRun, type RunChange, scheduleOf } from './run-rows.js';
import type { Transaction } from '../store/transaction.js';

/** Claimed and started in one transaction, so that it stays short. */
const MAX_AT_ONCE = 100;
export const MAX_QUEUED_PER_JOB = 10;
const KEPT_RUNS_PER_JOB = 500;
/** Turns that wait for each other do not begin later than this. */
const MAX_STAGGER_MS = 60_000;

/** A run that is ours to do. */
export interface ClaimedRun {
  readonly job: CronJobRow;
  readonly run: CronRunRow;
}

interface Admission {
  readonly state: 'queued' | 'skipped' | 'missed';
  readonly error: string | null;
  /** Runs that it takes the place of. */
  readonly replaced: readonly CronRunRow[];
}

/** What overlaps: how a new occurrence is written while `unfinished` runs of its job are there. */
function admit(job: CronJobRow, unfinished: readonly CronRunRow[]): Admission {
  const queued: Admission = { state: 'queued', error: null, replaced: [] };
  if (unfinished.length === 0) return queued;
  if (job.overlap === 'replace') return { ...queued, replaced: unfinished };
  if (job.overlap === 'queue' && unfinished.length < MAX_QUEUED_PER_JOB) return queued;
  const isTriedAgain = unfinished.every(({ state, attempt }) => state === 'queued' && attempt > 1);
  const why = isTriedAgain ? 'the run before it failed and waits to be tried again' : 'the run before it has not ended';
  return { state: 'skipped', error: job.overlap === 'queue' ? `${unfinished.length} runs wait already` : why, replaced: [] };
}

const MISSED: Admission = { state: 'missed', error: 'too late: the gateway or the machine was not running', replaced: [] };

async function claimOccurrence(
  tx: Transaction,
  job: CronJobRow,
  facts: { unfinished: readonly CronRunRow[]; nowMs: number; delayMs: number },
): Promise<RunChange[]> {
  const { unfinished, nowMs, delayMs } = facts;
  const schedule = scheduleOf(job);
  const due = judgeDue(job, schedule, nowMs);
  const { state, error, replaced } = due.verdict === 'missed' ? MISSED : admit(job, unfinished);
  const run = newRun({
    job_id: job.id,
    trigger: 'schedule',
    scheduled_at: due.scheduledAtMs,
    due_at: nowMs + delayMs,
    missed_before: due.hasEarlier ? countBetween(schedule, job.next_at ?? nowMs, due.scheduledAtMs) : 0,
    finished_at: state === 'queued' ? null : nowMs,
    state,
    error,
  });
  await updateCronJob(tx, job.id, { next_at: due.nextAtMs });
  // Claimed before the clock was set back.
  if (!(await insertCronRun(tx, run))) return [];
  await trimCronRuns(tx, { jobId: job.id, keep: KEPT_RUNS_PER_JOB });
  for (const { id } of replaced)
    await endCronRun(tx, id, { state: 'replaced', finished_at: nowMs, error: 'the next occurrence took its place' });
  const changes: RunChange[] = replaced.map(({ id }) => ({ jobId: job.id, runId: id, state: 'replaced' }));
  return state === 'queued' ? changes : [...changes, { jobId: job.id, runId: run.id, state }];
}

/**
 * Writes a row for each job whose time has come and moves the job on to its next.
 * @param options.staggerMs  distance between the starts of agents' turns that have come at the same time
 */
export async function claimDue(
  tx: Transaction,
  options: { nowMs: number; staggerMs: number },
): Promise<{ changes: RunChange[]; isMore: boolean }> {
  const { nowMs, staggerMs } = options;
  const due = await listDueCronJobs(tx, { nowMs, limit: MAX_AT_ONCE });
  if (due.length === 0) return { changes: [], isMore: false };
  const dueIds = due.map(({ id }) => id);
  const unfinished = new Map<string, CronRunRow[]>(dueIds.map((id) => [id, []]));
  for (const run of await listUnfinishedRuns(tx, dueIds)) unfinished.get(run.job_id)?.push(run);
  const changes: RunChange[] = [];
  let delayMs = 0;
  for (const job of due) {
    const isTurn = job.mode === 'agent';
    changes.push(...(await claimOccurrence(tx, job, { unfinished: unfinished.get(job.id) ?? [], nowMs, delayMs: isTurn ? delayMs : 0 })));
    if (isTurn) delayMs = Math.min(delayMs + staggerMs, MAX_STAGGER_MS);
  }
  return { changes, isMore: due.length === MAX_AT_ONCE };
}

/** Starts what waits: messages, which are stored at once, and at most `turns` turns of agents; one run of each job. */
export async function startDue(tx: Transaction, options: { nowMs: number; turns: number; instanceId: string }): Promise<ClaimedRun[]> {
  const { nowMs, turns, instanceId } = options;
  const startable = [
    ...(await listStartableRuns(tx, { nowMs, mode: 'direct', limit: MAX_AT_ONCE })),
    ...(await listStartableRuns(tx, { nowMs, mode: 'agent', limit: Math.min(turns, MAX_AT_ONCE) })),
  ];
  const busy = new Set<string>();
  const claimed: ClaimedRun[] = [];
  for (const run of startable) {
    if (busy.has(run.job_id)) continue;
    const job = await findCronJob(tx, run.job_id);
    if (job === undefined || !(await startCronRun(tx, { id: run.id, instanceId, nowMs }))) continue;
    busy.add(run.job_id);
    const state: CronRunState = 'running';
    claimed.push({ job, run: { ...run, state, instance_id: instanceId, started_at: nowMs } });
  }
  return claimed;
}

/** After the clock was set back: occurrences that have not been claimed come again. */
export async function rewind(tx: Transaction, nowMs: number): Promise<void> {
  for (const job of await listCronJobsOfTheFuture(tx, nowMs)) {
    const nextMs = scheduleOf(job).next(nowMs);
    if (nextMs !== null && nextMs < (job.next_at ?? 0)) await updateCronJob(tx, job.id, { next_at: nextMs });
  }
  await hastenCronRuns(tx, nowMs + backoffMs(Infinity));
}
