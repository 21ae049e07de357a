/** The transactions of the scheduler: occurrences become rows before anything runs, and each row ends exactly once. */
import { newId } from '../../../shared/ids.js';
import { findCronJob, listDueCronJobs, updateCronJob } from '../store/cron-jobs.js';
import {
  type CronRunEnd,
  endCronRun,
  insertCronRun,
  listUnfinishedRuns,
  type NewCronRun,
  startCronRun,
  trimCronRuns,
} from '../store/cron-runs.js';
import type { CronJobRow, CronRunRow, CronRunState, Queries } from '../store/schema.js';
import { countBetween, decideRetry, judgeDue, MAX_INTERRUPTIONS } from './policy.js';
import { parseSchedule, type Schedule } from './schedule.js';

const MAX_DUE_AT_ONCE = 100;
const MAX_QUEUED_PER_JOB = 10;
const KEPT_RUNS_PER_JOB = 500;

/** A run that is ours to do. */
export interface ClaimedRun {
  readonly job: CronJobRow;
  readonly run: CronRunRow;
}

export function scheduleOf(job: Pick<CronJobRow, 'schedule' | 'timezone' | 'anchor_at'>): Schedule {
  return parseSchedule({ schedule: job.schedule, timezone: job.timezone, anchorMs: job.anchor_at });
}

/** A run as it is first written. Times in epoch ms. */
export function newRun(
  run: Pick<NewCronRun, 'job_id' | 'trigger' | 'scheduled_at' | 'due_at' | 'state'> & Partial<NewCronRun>,
): NewCronRun {
  const id = newId('run');
  const nothing = {
    instance_id: null,
    started_at: null,
    finished_at: null,
    input_tokens: null,
    output_tokens: null,
    cost_usd: null,
    model: null,
    output: null,
    error: null,
    message_id: null,
  };
  return { ...nothing, id, attempt: 1, missed_before: 0, occurrence: run.trigger === 'manual' ? id : String(run.scheduled_at), ...run };
}

/** What overlaps: how a new occurrence is written while `unfinished` runs of its job are there. */
async function admit(
  db: Queries,
  job: CronJobRow,
  facts: { unfinished: readonly CronRunRow[]; nowMs: number },
): Promise<{ state: CronRunState; error: string | null }> {
  const { unfinished, nowMs } = facts;
  if (unfinished.length === 0) return { state: 'queued', error: null };
  if (job.overlap === 'replace') {
    for (const { id } of unfinished)
      await endCronRun(db, id, { state: 'replaced', finished_at: nowMs, error: 'the next occurrence took its place' });
    return { state: 'queued', error: null };
  }
  if (job.overlap === 'queue' && unfinished.length < MAX_QUEUED_PER_JOB) return { state: 'queued', error: null };
  return {
    state: 'skipped',
    error: job.overlap === 'queue' ? `${unfinished.length} runs wait already` : 'the run before it has not ended',
  };
}

async function claimOccurrence(
  db: Queries,
  job: CronJobRow,
  facts: { unfinished: readonly CronRunRow[]; nowMs: number; delayMs: number },
): Promise<void> {
  const { nowMs, delayMs } = facts;
  const schedule = scheduleOf(job);
  const due = judgeDue(job, schedule, nowMs);
  const missedBefore = due.hasEarlier ? countBetween(schedule, job.next_at ?? nowMs, due.scheduledAtMs) : 0;
  const seen = await db
    .selectFrom('cron_runs')
    .select('id')
    .where('job_id', '=', job.id)
    .where('occurrence', '=', String(due.scheduledAtMs))
    .executeTakeFirst();
  if (seen === undefined) {
    const outcome =
      due.verdict === 'missed'
        ? { state: 'missed' as const, error: 'too late: the gateway or the machine was not running' }
        : await admit(db, job, facts);
    const finishedAt = outcome.state === 'queued' ? null : nowMs;
    await insertCronRun(
      db,
      newRun({
        job_id: job.id,
        trigger: 'schedule',
        scheduled_at: due.scheduledAtMs,
        due_at: nowMs + delayMs,
        missed_before: missedBefore,
        finished_at: finishedAt,
        ...outcome,
      }),
    );
    await trimCronRuns(db, { jobId: job.id, keep: KEPT_RUNS_PER_JOB });
  }
  await updateCronJob(db, job.id, { next_at: due.nextAtMs });
}

/**
 * Writes a row for each job whose time has come and moves the job on to its next. Runs in a write.
 * @param options.staggerMs  distance between the starts of what has come at the same time
 */
export async function claimDue(db: Queries, options: { nowMs: number; staggerMs: number }): Promise<void> {
  const { nowMs, staggerMs } = options;
  const due = await listDueCronJobs(db, { nowMs, limit: MAX_DUE_AT_ONCE });
  if (due.length === 0) return;
  const unfinished = await listUnfinishedRuns(db);
  for (const [index, job] of due.entries()) {
    await claimOccurrence(db, job, { unfinished: unfinished.filter((run) => run.job_id === job.id), nowMs, delayMs: index * staggerMs });
  }
}

/** Starts what waits, at most `limit` runs and one of each job. Runs in a write. */
export async function startDue(db: Queries, options: { nowMs: number; limit: number; instanceId: string }): Promise<ClaimedRun[]> {
  const { nowMs, limit, instanceId } = options;
  const unfinished = await listUnfinishedRuns(db);
  const busy = new Set(unfinished.filter(({ state }) => state === 'running').map((run) => run.job_id));
  const claimed: ClaimedRun[] = [];
  for (const run of unfinished) {
    if (claimed.length >= limit) break;
    if (run.state !== 'queued' || run.due_at > nowMs || busy.has(run.job_id)) continue;
    const job = await findCronJob(db, run.job_id);
    if (job === undefined || !(await startCronRun(db, { id: run.id, instanceId, nowMs }))) continue;
    busy.add(run.job_id);
    claimed.push({ job, run: { ...run, state: 'running', instance_id: instanceId, started_at: nowMs } });
  }
  return claimed;
}

function retryOf(run: CronRunRow, dueAtMs: number): NewCronRun {
  return newRun({
    job_id: run.job_id,
    trigger: run.trigger,
    scheduled_at: run.scheduled_at,
    due_at: dueAtMs,
    state: 'queued',
    occurrence: run.occurrence,
    attempt: run.attempt + 1,
  });
}

/** A run was cut by the end of its worker. A message is repeatable: its key makes it arrive once. Runs in a write. */
export async function interruptRun(db: Queries, run: CronRunRow, nowMs: number): Promise<void> {
  if (!(await endCronRun(db, run.id, { state: 'interrupted', finished_at: nowMs, error: 'the gateway stopped while it ran' }))) return;
  const job = await findCronJob(db, run.job_id);
  if (job === undefined || (job.mode === 'agent' && job.interrupted === 'leave')) return;
  if (run.attempt < MAX_INTERRUPTIONS + job.retries && nowMs - run.scheduled_at <= job.grace_ms)
    await insertCronRun(db, retryOf(run, nowMs));
}

/** Ends the runs of workers that are gone. Runs in a write. @returns how many other live workers still run */
export async function interruptOrphans(
  db: Queries,
  options: { liveOwners: readonly string[]; instanceId: string; ownRunIds: ReadonlySet<string>; nowMs: number },
): Promise<number> {
  let others = 0;
  for (const run of await listUnfinishedRuns(db)) {
    if (run.state !== 'running') continue;
    const isOwn = run.instance_id === options.instanceId;
    if (isOwn ? options.ownRunIds.has(run.id) : options.liveOwners.includes(run.instance_id ?? '')) others += isOwn ? 0 : 1;
    else await interruptRun(db, run, options.nowMs);
  }
  return others;
}

/** Runs in a write. @returns false when the run was no longer ours: then nothing of it counts */
export async function finishDone(db: Queries, run: CronRunRow, end: Omit<CronRunEnd, 'state'>): Promise<boolean> {
  if (!(await endCronRun(db, run.id, { ...end, state: 'done' }))) return false;
  await updateCronJob(db, run.job_id, { failures: 0 });
  return true;
}

/**
 * Runs in a write.
 * @returns when it is tried again, and whether its chat is to be told now; undefined when the run was no longer ours
 */
export async function finishFailed(
  db: Queries,
  run: CronRunRow,
  failure: { error: string; isRetryable: boolean; nowMs: number },
): Promise<{ retryAtMs: number | null; mustTell: boolean; job: CronJobRow } | undefined> {
  const { error, isRetryable, nowMs } = failure;
  if (!(await endCronRun(db, run.id, { state: 'failed', finished_at: nowMs, error }))) return undefined;
  const before = await findCronJob(db, run.job_id);
  if (before === undefined) return undefined;
  const job = { ...before, failures: before.failures + 1 };
  await updateCronJob(db, job.id, { failures: job.failures });
  const retryAtMs = decideRetry({ job, attempt: run.attempt, isRetryable, nowMs });
  if (retryAtMs !== null) await insertCronRun(db, retryOf(run, retryAtMs));
  return { retryAtMs, mustTell: job.notify_after > 0 && job.failures === job.notify_after, job };
}

/** After the clock was set back: occurrences that have not been claimed come again. Runs in a write. */
export async function rewind(db: Queries, nowMs: number): Promise<void> {
  const jobs = await db.selectFrom('cron_jobs').selectAll().where('enabled', '=', 1).where('next_at', '>', nowMs).execute();
  for (const job of jobs) {
    const nextMs = scheduleOf(job).next(nowMs);
    if (nextMs !== null && nextMs < (job.next_at ?? 0)) await updateCronJob(db, job.id, { next_at: nextMs });
  }
}
