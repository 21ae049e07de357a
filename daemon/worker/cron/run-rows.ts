/** Runs as they are first written, and what others are told of what became of them. */
import { newId } from '../../../shared/ids.js';
import type { NewCronRun } from '../store/cron/cron-runs.js';
import type { Lane } from '../store/delivery/outbox.js';
import type { CronJobRow, CronRunRow, CronRunState } from '../store/schema.js';
import { parseSchedule, type Schedule } from './schedule.js';
import type { Transaction } from '../store/transaction.js';

/** A run has begun or ended. Said when the transaction that made it so is on disk. */
export interface RunChange {
  readonly jobId: string;
  readonly runId: string;
  readonly state: Exclude<CronRunState, 'queued'>;
  /** The chat that has a message waiting because of it. */
  readonly told?: Lane | undefined;
}

/** Adds a word about a job to a transaction. @returns the chat, to be woken afterwards; undefined when there is none */
export type TellChat = (tx: Transaction, job: CronJobRow, text: string) => Promise<Lane | undefined>;

export function scheduleOf(job: Pick<CronJobRow, 'schedule' | 'timezone' | 'anchor_at'>): Schedule {
  return parseSchedule({ schedule: job.schedule, timezone: job.timezone, anchorMs: job.anchor_at });
}

/** A run as it is first written. Times in epoch ms. */
export function newRun(
  run: Pick<NewCronRun, 'job_id' | 'trigger' | 'scheduled_at' | 'due_at' | 'state'> & Partial<NewCronRun>,
): NewCronRun & { readonly id: string; readonly state: CronRunState } {
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
    session_key: null,
  };
  return { ...nothing, id, attempt: 1, missed_before: 0, occurrence: run.trigger === 'manual' ? id : String(run.scheduled_at), ...run };
}

/** The same occurrence once more. */
export function nextAttempt(run: CronRunRow, dueAtMs: number): NewCronRun {
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
