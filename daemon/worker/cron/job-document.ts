/** Converts jobs and runs to API documents. */
import { isoTime } from '../../../shared/clock.js';
import type { CronJobDocument, CronRunDelivery, CronRunDocument, RecentCronRun } from '../../../shared/api/cron.js';
import type { GatewayEvent } from '../../../shared/api/gateway/events.js';
import { GatewayError } from '../../../shared/errors.js';
import { whyOf } from '../../../shared/text/sentences/known.js';
import type { CronJob } from '../store/cron/cron-jobs.js';
import type { CronRun } from '../store/cron/cron-runs.js';
import type { RecentRun } from '../store/cron/run-history.js';
import { readMessageStates } from '../store/delivery/outbox-pages.js';
import type { Transaction } from '../store/transaction.js';
import { nextOf } from './schedule.js';

/** Returns a chat id as the caller gave it. */
const asGiven = (id: string | null, isNumber: boolean): string | number | null => (isNumber && id !== null ? Number(id) : id);

/** A run with the outcome of its message. */
type Reported<Run> = Run & { readonly delivery: CronRunDelivery | null };
export type ReportedRun = Reported<CronRun>;

/** Adds the outcomes of their messages to runs. */
export async function withDeliveries<Run extends Pick<CronRun, 'messageId'>>(
  tx: Transaction,
  runs: readonly Run[],
): Promise<Reported<Run>[]> {
  const ids = runs.flatMap(({ messageId }) => messageId ?? []);
  const messages = await readMessageStates(tx, ids);
  return runs.map((run) => {
    const { messageId } = run;
    if (messageId === null) return { ...run, delivery: null };
    const { state = null, lastError = null } = messages.get(messageId) ?? {};
    const error = state === 'delivered' ? null : lastError;
    return { ...run, delivery: { message_id: messageId, status: state, error, ...whyOf(error) } };
  });
}

export function toJobDocument(job: CronJob, last: ReportedRun | undefined): CronJobDocument {
  const { anchorMs: _anchorMs, nextAtMs: _nextAtMs, createdAtMs, updatedAtMs, deletedAtMs: _deletedAtMs, ...stored } = job;
  const { isChatIdNumber, isAlertChatIdNumber, ...settings } = stored;
  return {
    ...settings,
    chat_id: asGiven(job.chat_id, isChatIdNumber),
    alertChatId: asGiven(job.alertChatId, isAlertChatIdNumber),
    nextRunAt: job.enabled ? isoTime(nextOf(job)) : null,
    lastRun:
      last === undefined
        ? null
        : {
            id: last.id,
            state: last.state,
            startedAt: isoTime(last.startedAtMs),
            finishedAt: isoTime(last.finishedAtMs),
            session: last.sessionKey,
            delivery: last.delivery,
          },
    createdAt: isoTime(createdAtMs),
    updatedAt: isoTime(updatedAtMs),
  };
}

const durationOf = ({ startedAtMs, finishedAtMs }: RecentRun): number | null =>
  startedAtMs === null || finishedAtMs === null ? null : finishedAtMs - startedAtMs;

export function toRecentRun(run: Reported<RecentRun>): RecentCronRun {
  const { id, state, scheduledAtMs, delivery } = run;
  return { id, scheduledAt: isoTime(scheduledAtMs), state, durationMs: durationOf(run), delivery };
}

/** The fields are in the order of the schema, which is the order in which callers see them. */
export function toRunDocument(run: ReportedRun): CronRunDocument {
  const { startedAtMs, finishedAtMs } = run;
  return {
    id: run.id,
    scheduledAt: isoTime(run.scheduledAtMs),
    trigger: run.trigger,
    attempt: run.attempt,
    state: run.state,
    startedAt: isoTime(startedAtMs),
    finishedAt: isoTime(finishedAtMs),
    dueAt: isoTime(run.dueAtMs),
    latenessMs: startedAtMs === null ? null : startedAtMs - run.scheduledAtMs,
    durationMs: durationOf(run),
    missedBefore: run.missedBefore,
    model: run.model,
    inputTokens: run.inputTokens,
    outputTokens: run.outputTokens,
    costUsd: run.costUsd,
    output: run.output,
    nothingToReport: run.nothingToReport,
    session: run.sessionKey,
    error: run.error,
    ...whyOf(run.error),
    delivery: run.delivery,
  };
}

export function jobNotFound(id: string): GatewayError {
  return new GatewayError('JOB_NOT_FOUND', {
    message: `there is no scheduled job '${id.slice(0, 80)}'`,
    details: { job_id: id },
    hint: 'GET /api/cron lists them; GET /api/cron?deleted=true lists those that can be restored.',
  });
}

type CronEvent = Extract<GatewayEvent, { type: 'cron' }>;

/** @param run  given for the change `run` */
export function jobEvent(id: string, change: CronEvent['change'], run?: { runId: string; state: CronEvent['state'] }): GatewayEvent {
  return { type: 'cron', job_id: id, change, run_id: run?.runId ?? null, state: run?.state ?? null };
}
