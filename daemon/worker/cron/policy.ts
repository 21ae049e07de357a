/** What is done about occurrences that are late and attempts that fail: decisions, as functions of what is known. */
import type { CronJobRow } from '../store/schema.js';
import type { Schedule } from './schedule.js';

/** Waits between attempts that fail one after another; the last one goes on. */
export const BACKOFF_MS = [30_000, 60_000, 300_000, 900_000, 3_600_000] as const;
/** Late by so little is on time: the loop was busy, or the machine slept for a moment. */
const ON_TIME_MS = 5_000;
const MIN_GRACE_MS = 120_000;
const MAX_GRACE_MS = 7_200_000;
const AT_GRACE_MS = 86_400_000;
/** One occurrence that ends with the worker again and again is given up. */
/** So long a deleted job can be brought back; then it is gone for good, with its runs. */
export const CRON_UNDO_MS = 7 * 24 * 60 * 60 * 1_000;
export const MAX_INTERRUPTIONS = 3;

/** @param failures  attempts that failed in a row, from 1 */
export function backoffMs(failures: number): number {
  return BACKOFF_MS[Math.min(Math.max(failures, 1), BACKOFF_MS.length) - 1] ?? 3_600_000;
}

/** How late an occurrence may still run: half the distance to the next one, between 2 minutes and 2 hours; a day for `at`. */
export function defaultGraceMs(schedule: Schedule, nowMs: number): number {
  if (schedule.kind === 'at') return AT_GRACE_MS;
  const firstMs = schedule.next(nowMs);
  const secondMs = firstMs === null ? null : schedule.next(firstMs);
  if (firstMs === null || secondMs === null) return MAX_GRACE_MS;
  return Math.min(MAX_GRACE_MS, Math.max(MIN_GRACE_MS, Math.floor((secondMs - firstMs) / 2)));
}

export interface DueOccurrence {
  /** The latest one that has come; it stands for those before it. */
  readonly scheduledAtMs: number;
  /** `missed`: too late to run. */
  readonly verdict: 'run' | 'missed';
  /** Whether others came before it, unclaimed. */
  readonly hasEarlier: boolean;
  readonly nextAtMs: number | null;
}

/** Judges a job whose `next_at` has come. */
export function judgeDue(job: Pick<CronJobRow, 'next_at' | 'missed' | 'grace_ms'>, schedule: Schedule, nowMs: number): DueOccurrence {
  const plannedMs = job.next_at ?? nowMs;
  const scheduledAtMs = schedule.last(plannedMs, nowMs) ?? plannedMs;
  const graceMs = job.missed === 'skip' ? ON_TIME_MS : Math.max(job.grace_ms, ON_TIME_MS);
  return {
    scheduledAtMs,
    verdict: nowMs - scheduledAtMs <= graceMs ? 'run' : 'missed',
    hasEarlier: scheduledAtMs > plannedMs,
    nextAtMs: schedule.next(scheduledAtMs),
  };
}

const MAX_COUNTED = 1_000;

/** How many occurrences lie in `[fromMs, untilMs)`; counts to 1000. */
export function countBetween(schedule: Schedule, fromMs: number, untilMs: number): number {
  let count = 0;
  for (let at = schedule.next(fromMs - 1); at !== null && at < untilMs && count < MAX_COUNTED; at = schedule.next(at)) count += 1;
  return count;
}

/** When an attempt that failed is followed by another. @returns null when it is not */
export function decideRetry(facts: {
  job: Pick<CronJobRow, 'retries' | 'failures'>;
  attempt: number;
  isRetryable: boolean;
  nowMs: number;
}): number | null {
  const { job, attempt, isRetryable, nowMs } = facts;
  return isRetryable && attempt <= job.retries ? nowMs + backoffMs(job.failures) : null;
}
