/** Claims occurrences of jobs as runs, and starts queued runs. All functions run in a transaction. */
import { newId } from '../../../shared/ids.js';
import { sayOfAnswer } from '../../../shared/text/sentences/answer.js';
import { type CronJob, findCronJob, listDueCronJobs, listFutureCronJobs, updateCronJob } from '../store/cron/cron-jobs.js';
import {
  type CronRun,
  hastenCronRuns,
  insertCronRun,
  listRunsLateAfter,
  listStartableRuns,
  listUnfinishedRuns,
  type NewCronRun,
  removeMissedRuns,
  requeueCronRun,
  startCronRun,
} from '../store/cron/cron-runs.js';
import { NOT_PLANNED } from '../store/cron/tables.js';
import type { Liveness, Need } from '../store/liveness.js';
import { dropRun, type RunChange } from './finish.js';
import type { JobChats } from './job-chat.js';
import { backoffMs, countBetween, decideDue, isStillPlanned, isTooLate, isTurn } from './policy.js';
import { scheduleOf } from './schedule.js';
import type { Transaction } from '../store/transaction.js';

/** Limits the size of one transaction. */
const MAX_AT_ONCE = 100;
/** Counting a missed occurrence takes up to a millisecond, during which every other write waits. */
const MAX_MISSED_AT_ONCE = 500;
export const MAX_QUEUED_PER_JOB = 10;
/** The largest delay between an occurrence and the start of its turn when several are due at once. */
const MAX_STAGGER_MS = 60_000;

/** A run that this worker runs. */
export interface ClaimedRun {
  readonly job: CronJob;
  readonly run: CronRun;
}

interface Admission {
  readonly state: 'queued' | 'skipped' | 'missed';
  readonly error: string | null;
  /** Runs that the new one replaces. */
  readonly replaced: readonly CronRun[];
}

/** Decides how a new occurrence is stored while its job has `unfinished` runs. */
function admit(job: CronJob, unfinished: readonly CronRun[]): Admission {
  const queued: Admission = { state: 'queued', error: null, replaced: [] };
  if (unfinished.length === 0) return queued;
  if (job.overlap === 'replace') return { ...queued, replaced: unfinished };
  if (job.overlap === 'queue' && unfinished.length < MAX_QUEUED_PER_JOB) return queued;
  const isRetry = unfinished.every(({ state, attempt }) => state === 'queued' && attempt > 1);
  const why = job.overlap === 'queue' ? 'run-queue-full' : isRetry ? 'run-waits-for-retry' : 'run-in-progress';
  return { state: 'skipped', error: sayOfAnswer(why, { count: unfinished.length }), replaced: [] };
}

const MISSED: Admission = { state: 'missed', error: sayOfAnswer('run-missed'), replaced: [] };

async function claimOccurrence(
  tx: Transaction,
  job: CronJob,
  facts: { unfinished: readonly CronRun[]; nowMs: number; delayMs: number },
): Promise<{ changes: RunChange[]; missed: number }> {
  const { unfinished, nowMs, delayMs } = facts;
  const schedule = scheduleOf(job);
  if (job.nextAtMs === NOT_PLANNED) {
    await updateCronJob(tx, job.id, { nextAtMs: schedule.next(nowMs) });
    return { changes: [], missed: 0 };
  }
  const due = decideDue(job, schedule, nowMs);
  const { state, error, replaced } = due.verdict === 'missed' ? MISSED : admit(job, unfinished);
  const missed = due.hasEarlier ? countBetween(schedule, job.nextAtMs ?? nowMs, due.scheduledAtMs) : 0;
  const run: NewCronRun = {
    id: newId('run'),
    jobId: job.id,
    trigger: 'schedule',
    scheduledAtMs: due.scheduledAtMs,
    dueAtMs: nowMs + delayMs,
    missedBefore: missed,
    finishedAtMs: state === 'queued' ? null : nowMs,
    state,
    error,
  };
  await updateCronJob(tx, job.id, { nextAtMs: due.nextAtMs });
  // Already stored: it was claimed before the clock was set back.
  if (!(await insertCronRun(tx, run))) return { changes: [], missed };
  for (const one of replaced) await dropRun(tx, one, { state: 'replaced', error: sayOfAnswer('run-replaced'), nowMs });
  const changes: RunChange[] = replaced.map(({ id }) => ({ jobId: job.id, runId: id, state: 'replaced' }));
  if (state !== 'queued') changes.push({ jobId: job.id, runId: run.id, state });
  return { changes, missed };
}

/** Ends runs that have waited too long. Returns the changes. */
async function endLate(tx: Transaction, runs: readonly CronRun[], nowMs: number): Promise<RunChange[]> {
  const changes: RunChange[] = [];
  for (const run of runs) {
    const isEnded = await dropRun(tx, run, { state: 'missed', error: sayOfAnswer('run-waited'), nowMs });
    if (isEnded) changes.push({ jobId: run.jobId, runId: run.id, state: 'missed' });
  }
  return changes;
}

/**
 * Claims the due occurrences of jobs as runs and sets the jobs' next occurrences: as many as fit into one transaction.
 * @param options.dueMs  claims occurrences until then; with {@link NOT_PLANNED} it only plans the jobs that are still to be planned
 * @param options.staggerMs  delay between the starts of agents' turns that are due at once
 * @param options.delayMs  delay of the first of those turns: what the last call returned, if it left more to claim
 */
export async function claimDue(
  tx: Transaction,
  options: { nowMs: number; dueMs: number; staggerMs: number; delayMs: number },
): Promise<{ changes: RunChange[]; isMore: boolean; delayMs: number }> {
  const { nowMs, dueMs, staggerMs } = options;
  const due = await listDueCronJobs(tx, { nowMs: dueMs, limit: MAX_AT_ONCE });
  const dueIds = due.map(({ id }) => id);
  const unfinished = new Map<string, CronRun[]>(dueIds.map((id) => [id, []]));
  for (const run of await listUnfinishedRuns(tx, dueIds)) unfinished.get(run.jobId)?.push(run);
  const all: RunChange[] = [];
  let { delayMs } = options;
  let counted = 0;
  for (const [index, job] of due.entries()) {
    const asksAgent = job.mode === 'agent';
    const late = unfinished.get(job.id)?.filter((run) => isTooLate(job, run, nowMs)) ?? [];
    const others = unfinished.get(job.id)?.filter((run) => !late.includes(run)) ?? [];
    const facts = { unfinished: others, nowMs, delayMs: asksAgent ? delayMs : 0 };
    all.push(...(await endLate(tx, late, nowMs)));
    const { changes, missed } = await claimOccurrence(tx, job, facts);
    all.push(...changes);
    if (asksAgent) delayMs = Math.min(delayMs + staggerMs, MAX_STAGGER_MS);
    counted += missed;
    if (counted >= MAX_MISSED_AT_ONCE && index + 1 < due.length) return { changes: all, isMore: true, delayMs };
  }
  return { changes: all, isMore: due.length === MAX_AT_ONCE, delayMs };
}

export interface StartOptions {
  readonly nowMs: number;
  readonly turns: number;
  readonly liveness: Pick<Liveness, 'isServedElsewhere'>;
  readonly chats: Pick<JobChats, 'canRun'>;
}

/** Returns what a gateway needs for a run, according to its job. */
function needsOf(job: CronJob, run: CronRun): Need[] {
  const { agentId, channel, accountId } = job;
  const agent: Need[] = agentId === null || !isTurn(job, run) ? [] : [`agent:${agentId}`];
  return ['cron', ...agent, ...(channel === null ? [] : ([`account:${channel}/${accountId ?? ''}`] as const))];
}

export interface DueRuns {
  readonly due: readonly ClaimedRun[];
  /** Those that have waited too long. */
  readonly late: readonly CronRun[];
}

/**
 * Returns queued runs to start, with their jobs: messages, and at most `turns` agents' turns; one run per job. A job that only another gateway can
 * run is left to it; one that nobody can run fails here.
 */
export async function listDue(tx: Transaction, { nowMs, turns, liveness, chats }: StartOptions): Promise<DueRuns> {
  const startable = [
    ...(await listStartableRuns(tx, { nowMs, mode: 'direct', limit: MAX_AT_ONCE })),
    ...(turns > 0 ? await listStartableRuns(tx, { nowMs, mode: 'agent', limit: MAX_AT_ONCE }) : []),
  ];
  const due = new Map<string, ClaimedRun>();
  const late: CronRun[] = [];
  let free = turns;
  for (const run of startable) {
    if (due.has(run.jobId)) continue;
    const job = await findCronJob(tx, run.jobId);
    if (job === undefined) continue;
    if (isTooLate(job, run, nowMs)) {
      late.push(run);
      continue;
    }
    if (isTurn(job, run) && free <= 0) continue;
    if (!chats.canRun(job, run) && (await liveness.isServedElsewhere(tx, needsOf(job, run)))) continue;
    if (isTurn(job, run)) free -= 1;
    due.set(run.jobId, { job, run });
  }
  return { due: [...due.values()], late };
}

/** Starts what {@link listDue} returns, and ends as missed what has waited too long. */
export async function startDue(
  tx: Transaction,
  options: StartOptions & { readonly instanceId: string },
): Promise<{ claimed: ClaimedRun[]; changes: RunChange[] }> {
  const { nowMs, instanceId } = options;
  const { due, late } = await listDue(tx, options);
  const claimed: ClaimedRun[] = [];
  for (const { job, run } of due) {
    if (!(await startCronRun(tx, { id: run.id, instanceId, nowMs }))) continue;
    claimed.push({ job, run: { ...run, state: 'running', instanceId, startedAtMs: nowMs } });
  }
  return { claimed, changes: await endLate(tx, late, nowMs) };
}

/** Replans jobs after the clock was set back, so that occurrences that have not run fire again, also those that were too late by the wrong time. */
export async function rewind(tx: Transaction, nowMs: number): Promise<void> {
  const missedIds = await removeMissedRuns(tx, nowMs);
  for (const run of await listRunsLateAfter(tx, nowMs)) {
    const job = await findCronJob(tx, run.jobId);
    if (job !== undefined && isStillPlanned(job, run)) await requeueCronRun(tx, run.id);
  }
  for (const job of await listFutureCronJobs(tx, { nowMs, alsoIds: missedIds })) {
    const nextMs = scheduleOf(job).next(nowMs);
    if (nextMs !== null && nextMs < (job.nextAtMs ?? Infinity)) await updateCronJob(tx, job.id, { nextAtMs: nextMs });
  }
  await hastenCronRuns(tx, nowMs + backoffMs(Infinity));
}
