/** Decides about late occurrences and failed attempts. Pure. */
import { newId } from '../../../shared/ids.js';
import type { CronJob } from '../store/cron/cron-jobs.js';
import type { CronRun, NewCronRun } from '../store/cron/cron-runs.js';
import { type Schedule, scheduleOf } from './schedule.js';

/** Delays before retries after consecutive failures; the last one repeats. */
export const BACKOFF_MS = [30_000, 60_000, 300_000, 900_000, 3_600_000] as const;
/** An occurrence this late counts as on time: the event loop was busy, or the machine slept for a moment. */
const ON_TIME_MS = 5_000;
const MIN_GRACE_MS = 120_000;
const MAX_GRACE_MS = 7_200_000;
const AT_GRACE_MS = 86_400_000;
/** How long a deleted job can be restored. */
export const CRON_UNDO_MS = 7 * 24 * 60 * 60 * 1_000;
/** How often an occurrence is repeated after an attempt that was interrupted by the end of its worker, whatever the job's retries are. */
export const MAX_REPETITIONS = 3;

/** @param failures  number of consecutive failures, from 1 */
export function backoffMs(failures: number): number {
  return BACKOFF_MS[Math.min(Math.max(failures, 1), BACKOFF_MS.length) - 1] ?? 3_600_000;
}

/** Returns how late an occurrence may run: half the interval, between 2 minutes and 2 hours; a day for `at`. */
export function defaultGraceMs(schedule: Schedule, nowMs: number): number {
  if (schedule.kind === 'at') return AT_GRACE_MS;
  const firstMs = schedule.next(nowMs);
  const secondMs = firstMs === null ? null : schedule.next(firstMs);
  if (firstMs === null || secondMs === null) return MAX_GRACE_MS;
  return Math.min(MAX_GRACE_MS, Math.max(MIN_GRACE_MS, Math.floor((secondMs - firstMs) / 2)));
}

export interface DueOccurrence {
  /** The latest occurrence that is due; earlier ones are not run. */
  readonly scheduledAtMs: number;
  /** `missed`: too late to run. */
  readonly verdict: 'run' | 'missed';
  /** Whether earlier occurrences were not claimed. */
  readonly hasEarlier: boolean;
  readonly nextAtMs: number | null;
}

export function decideDue(job: Pick<CronJob, 'nextAtMs' | 'missed' | 'graceMs'>, schedule: Schedule, nowMs: number): DueOccurrence {
  const plannedMs = job.nextAtMs ?? nowMs;
  const scheduledAtMs = schedule.last(plannedMs, nowMs) ?? plannedMs;
  // A late occurrence does not run outside of the active hours either.
  const isLateAllowed = job.missed !== 'skip' && schedule.isActive?.(nowMs) !== false;
  const graceMs = isLateAllowed ? Math.max(job.graceMs, ON_TIME_MS) : ON_TIME_MS;
  return {
    scheduledAtMs,
    verdict: nowMs - scheduledAtMs <= graceMs ? 'run' : 'missed',
    hasEarlier: scheduledAtMs > plannedMs,
    nextAtMs: schedule.next(scheduledAtMs),
  };
}

/**
 * Whether a run has been due for too long to start, or until after the active hours, which do not limit a turn that has begun. A run
 * that a person requested, or that has waited with its turn for a person, has no limit.
 */
export function isTooLate(job: CronJob, run: CronRun, nowMs: number): boolean {
  const lateMs = nowMs - run.dueAtMs;
  // One that repeats an interrupted run has its turn, but has not started.
  const isParked = run.turnId !== null && run.startedAtMs !== null;
  if (run.state !== 'queued' || run.trigger === 'manual' || isParked || lateMs < 0) return false;
  if (nowMs - run.scheduledAtMs <= ON_TIME_MS) return false;
  if (lateMs > Math.max(job.graceMs, ON_TIME_MS)) return true;
  return run.turnId === null && job.activeHours !== null && scheduleOf(job).isActive?.(nowMs) === false;
}

/** Whether a failed or interrupted run may have another attempt: not if its job has been disabled or given another schedule meanwhile. */
export function isStillPlanned(job: CronJob, { trigger, scheduledAtMs }: Pick<CronRun, 'trigger' | 'scheduledAtMs'>): boolean {
  return trigger === 'manual' || (job.enabled && scheduleOf(job).next(scheduledAtMs - 1) === scheduledAtMs);
}

/** Whether a run asks an agent: one whose turn has begun continues it, even if its job has been changed to send its message itself. */
export function isTurn(job: Pick<CronJob, 'mode'>, { turnId }: Pick<CronRun, 'turnId'>): boolean {
  return job.mode === 'agent' || turnId !== null;
}

const MAX_COUNTED = 1_000;

/** Returns the number of occurrences in `[fromMs, untilMs)`, at most 1000. */
export function countBetween(schedule: Schedule, fromMs: number, untilMs: number): number {
  let count = 0;
  for (let at = schedule.next(fromMs - 1); at !== null && at < untilMs && count < MAX_COUNTED; at = schedule.next(at)) count += 1;
  return count;
}

/**
 * Returns when a failed attempt is retried; null when it is not.
 * @param facts.waitMs  minimum duration of the failure, if known; beyond the longest delay there is no retry, and the next occurrence takes its place
 */
export function decideRetry(facts: {
  job: Pick<CronJob, 'retries' | 'failures'>;
  attempt: number;
  isRetryable: boolean;
  waitMs?: number | undefined;
  nowMs: number;
}): number | null {
  const { job, attempt, isRetryable, waitMs = 0, nowMs } = facts;
  if (!isRetryable || attempt > job.retries || waitMs > backoffMs(Infinity)) return null;
  return nowMs + Math.max(backoffMs(job.failures), waitMs);
}

export function nextAttempt(run: CronRun, dueAtMs: number): NewCronRun {
  const { jobId, trigger, scheduledAtMs, occurrence, attempt, tokenId } = run;
  return { id: newId('run'), jobId, trigger, scheduledAtMs, dueAtMs, state: 'queued', occurrence, attempt: attempt + 1, tokenId };
}
