/** Ends runs: each run once, with its consequences in the same transaction. All functions run in a transaction. */
import type { CronRunState } from '../../../shared/api/cron.js';
import type { EndedMessage } from '../delivery/record-attempt.js';
import { sayOfAnswer } from '../../../shared/text/sentences/answer.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import type { Chat } from '../sessions/find-chat.js';
import { type CronJob, findCronJob, updateCronJob } from '../store/cron/cron-jobs.js';
import {
  type CronRun,
  type CronRunEnd,
  endCronRun,
  findCronRun,
  findRunOfMessage,
  insertCronRun,
  listRunningRuns,
  noteCronRun,
} from '../store/cron/cron-runs.js';
import { countInterruptions } from '../store/cron/run-history.js';
import { hasTurnEffects } from '../store/conversations/turns.js';
import type { Lane } from '../store/delivery/outbox.js';
import { readMessageStates } from '../store/delivery/outbox-pages.js';
import type { Liveness } from '../store/liveness.js';
import type { Transaction } from '../store/transaction.js';
import { giveUpWaiting } from '../turns/steps/waiting.js';
import type { JobChats } from './job-chat.js';
import { decideRetry, isStillPlanned, isTurn, MAX_REPETITIONS, nextAttempt } from './policy.js';

/** A run has started or ended; announced once that is on disk. */
export interface RunChange {
  readonly jobId: string;
  readonly runId: string;
  readonly state: Exclude<CronRunState, 'queued'>;
  /** The chat that got a message. */
  readonly chat?: Chat | undefined;
}

type Alerts = Pick<JobChats, 'alert'>;

/** What the turn of a run has cost, and the model that it used. */
export type RunCost = Pick<CronRunEnd, 'model' | 'inputTokens' | 'outputTokens' | 'costUsd'>;

/** The workers that may be running runs. */
export interface RunOwners {
  readonly liveness: Liveness;
  /** This worker. */
  readonly instanceId: string;
  /** The runs that this worker runs. */
  readonly ownRunIds: ReadonlySet<string>;
}

const titled = ({ name }: CronJob): string => `⚠️ The scheduled job “${name}”`;

/** Returns the last turn of a run, which is recorded after the run is claimed. */
async function turnOf(tx: Transaction, run: CronRun): Promise<string | null> {
  return (await findCronRun(tx, { jobId: run.jobId, runId: run.id }))?.turnId ?? null;
}

/** Ends the turn of an ended run if it waits for a person; otherwise an approved call would run after the run has been trimmed. */
async function giveUpTurn(tx: Transaction, run: CronRun, { error, nowMs }: { error: string; nowMs: number }): Promise<void> {
  const turnId = await turnOf(tx, run);
  if (turnId !== null) await giveUpWaiting(tx, { turnId }, { instanceId: '', error: { code: null, message: error }, nowMs });
}

/** Ends a run permanently, and its turn if that waits for a person. @returns false when it had ended already */
export async function dropRun(
  tx: Transaction,
  run: CronRun,
  { nowMs, ...end }: Omit<CronRunEnd, 'finishedAtMs'> & { nowMs: number },
): Promise<boolean> {
  const { error = null } = end;
  if (!(await endCronRun(tx, run.id, { ...end, finishedAtMs: nowMs }))) return false;
  await giveUpTurn(tx, run, { error: error ?? '', nowMs });
  return true;
}

/**
 * Whether an interrupted run is repeated. One that is no longer planned is not. Otherwise an unsent message is sent, and a turn is
 * continued after its finished steps if its job wants that.
 */
async function isRepeated(tx: Transaction, job: CronJob, { run, nowMs }: { run: CronRun; nowMs: number }): Promise<boolean> {
  if (!isStillPlanned(job, run) || (isTurn(job, run) && job.interrupted === 'leave')) return false;
  // A turn may have waited for a person for hours, and a person may request an old occurrence again.
  const isOnTime = run.trigger === 'schedule' && run.turnId === null;
  const sinceMs = isOnTime ? run.scheduledAtMs : (run.startedAtMs ?? run.scheduledAtMs);
  return nowMs - sinceMs <= job.graceMs && (await countInterruptions(tx, run)) <= MAX_REPETITIONS;
}

/** Ends a run that was interrupted by the end of its worker. Repeats it, or notifies a chat. Returns undefined when it had ended already. */
export async function interruptRun(tx: Transaction, run: CronRun, facts: { nowMs: number; chats: Alerts }): Promise<RunChange | undefined> {
  const { nowMs, chats } = facts;
  const error = sayOfAnswer('run-interrupted');
  if (!(await endCronRun(tx, run.id, { state: 'interrupted', finishedAtMs: nowMs, error }))) return undefined;
  const change = { jobId: run.jobId, runId: run.id, state: 'interrupted' } as const;
  const job = await findCronJob(tx, run.jobId);
  // Its turn was recorded after it was claimed.
  const stored = (await findCronRun(tx, { jobId: run.jobId, runId: run.id })) ?? run;
  if (job !== undefined && (await isRepeated(tx, job, { run: stored, nowMs }))) {
    const { turnId, questionId } = stored;
    await insertCronRun(tx, { ...nextAttempt(run, nowMs), turnId, questionId });
    return change;
  }
  await giveUpTurn(tx, run, { error, nowMs });
  if (job === undefined || job.notifyAfter === 0) return change;
  const text = `${titled(job)} was interrupted because the gateway stopped. Run it again with: ${shellCommand`xopc cron run ${job.id}`}`;
  return { ...change, chat: await chats.alert(tx, job, { text }) };
}

/** Ends the runs of workers that are no longer alive. */
export async function interruptOrphans(tx: Transaction, options: RunOwners & { nowMs: number; chats: Alerts }): Promise<RunChange[]> {
  const changes: RunChange[] = [];
  for (const run of await listOrphans(tx, options)) {
    const change = await interruptRun(tx, run, options);
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

/** Returns the runs that no live worker is running. */
export async function listOrphans(tx: Transaction, { liveness, instanceId, ownRunIds }: RunOwners): Promise<CronRun[]> {
  const runs = await listRunningRuns(tx);
  if (runs.length === 0) return [];
  const living = await liveness.living(tx);
  return runs.filter((run) => (run.instanceId === instanceId ? !ownRunIds.has(run.id) : !living.has(run.instanceId)));
}

/**
 * Ends a run as done. Returns false when the run was ended by others: in that case its results must not be kept. `send` adds its
 * message to the outbox and returns the id; undefined if it has none.
 */
export async function finishDone(
  tx: Transaction,
  run: CronRun,
  { send, ...end }: Omit<CronRunEnd, 'state'> & { readonly send?: () => Promise<string | undefined> },
): Promise<boolean> {
  if (!(await endCronRun(tx, run.id, { ...end, state: 'done' }))) return false;
  const messageId = await send?.();
  if (messageId !== undefined) await noteCronRun(tx, run.id, { messageId });
  // A message still being delivered is counted later by noteMessageEnd.
  const isOnItsWay = messageId !== undefined && (await readMessageStates(tx, [messageId])).get(messageId)?.state !== 'delivered';
  if (!isOnItsWay) await updateCronJob(tx, run.jobId, { failures: 0 });
  return true;
}

/**
 * Counts the outcome of a run's message, only once however often it is sent; ignores other messages. @returns the change to
 * announce
 */
export async function noteMessageEnd(tx: Transaction, message: EndedMessage, chats: Alerts): Promise<RunChange | undefined> {
  const run = await findRunOfMessage(tx, { messageId: message.id });
  const job = run && (await findCronJob(tx, run.jobId));
  if (run === undefined || job === undefined) return undefined;
  if (message.state === 'delivered') {
    if (job.failures > 0) await updateCronJob(tx, job.id, { failures: 0 });
    if (run.error !== null) await noteCronRun(tx, run.id, { error: null });
    return undefined;
  }
  // It was sent again and has already been counted.
  if (run.error !== null) return undefined;
  const isDead = message.state === 'dead';
  const what = isDead ? 'its message was not delivered' : 'it is unknown whether its message arrived';
  const error = message.error === null ? what : `${what}: ${message.error}`;
  await noteCronRun(tx, run.id, { error });
  const chat = await countFailure(tx, job, { error, chats, refusedBy: isDead ? message : undefined });
  return { jobId: job.id, runId: run.id, state: 'done', chat };
}

/** Counts a failure of a job, and notifies a chat after enough of them, or at once. */
async function countFailure(
  tx: Transaction,
  job: CronJob,
  {
    error,
    chats,
    refusedBy,
    isReportedAtOnce = false,
  }: { error: string; chats: Alerts; refusedBy?: Lane | undefined; isReportedAtOnce?: boolean },
): Promise<Chat | undefined> {
  const failures = job.failures + 1;
  await updateCronJob(tx, job.id, { failures });
  if (job.notifyAfter === 0 || (failures !== job.notifyAfter && !isReportedAtOnce)) return undefined;
  const often = failures === 1 ? 'has failed' : `has failed ${failures} times in a row`;
  return chats.alert(tx, job, { text: `${titled(job)} ${often}: ${error}`, refusedBy });
}

/**
 * Ends a run as failed, plans a retry if that may help and repeats no effects, and notifies a chat after enough failures. Returns
 * undefined when the run was ended by others.
 */
export async function finishFailed(
  tx: Transaction,
  run: CronRun,
  failure: RunCost & {
    error: string;
    isRetryable: boolean;
    /** A person stopped the turn, or deleted its session. */
    isStopped?: boolean;
    waitMs?: number | undefined;
    nowMs: number;
    chats: Alerts;
  },
): Promise<RunChange | undefined> {
  const { isRetryable, isStopped = false, waitMs, chats, ...end } = failure;
  const { nowMs } = end;
  const job = await findCronJob(tx, run.jobId);
  const retried = { retries: job?.retries ?? 0, failures: (job?.failures ?? 0) + 1 };
  const mayRetry = isRetryable && job !== undefined && isStillPlanned(job, run);
  const retryAtMs = decideRetry({ job: retried, attempt: run.attempt, isRetryable: mayRetry, waitMs, nowMs });
  // A retry starts from scratch.
  const turnId = retryAtMs === null ? null : await turnOf(tx, run);
  const wouldRepeat = turnId !== null && (await hasTurnEffects(tx, turnId));
  const error = wouldRepeat ? sayOfAnswer('run-not-retried', { cause: end.error }) : end.error;
  if (!(await dropRun(tx, run, { ...end, error, state: 'failed' }))) return undefined;
  const change = { jobId: run.jobId, runId: run.id, state: 'failed' } as const;
  if (job === undefined) return change;
  if (retryAtMs !== null && !wouldRepeat) await insertCronRun(tx, nextAttempt(run, retryAtMs));
  const isHopeless = !isStopped && run.attempt <= job.retries && (!isRetryable || wouldRepeat);
  // Only if all failures in a row are attempts of this occurrence.
  const isReportedAtOnce = isHopeless && job.failures < run.attempt;
  return { ...change, chat: await countFailure(tx, job, { error, chats, isReportedAtOnce }) };
}
