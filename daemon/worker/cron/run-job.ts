/** One run of a job: says its message to a chat, or lets an agent answer it and sends the reply. */
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import type { CronJobRow, Queries } from '../store/schema.js';
import type { Lane } from '../store/outbox.js';
import type { Store } from '../store/store.js';
import { type ClaimedRun, finishDone, finishFailed, interruptRun } from './claim.js';

/** How an agent's turn ended, in the transaction that stores it. */
export interface AgentOutcome {
  readonly reply: string;
  readonly replyId: string;
  readonly model: string | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly costUsd: number | null;
}

/** What a run asks of the rest of the worker. */
export interface JobActions {
  /** The chat that a job names. @throws CHANNEL_NOT_FOUND */
  findLane(job: CronJobRow): Lane | undefined;
  /** Stores a message for a chat; the same key again is the same message. @returns its id */
  say(lane: Lane, content: string, key: string): Promise<string>;
  /** Adds a message for a chat to a transaction. */
  enqueue(db: Queries, lane: Lane, message: { id: string; content: string }): Promise<void>;
  wake(lane: Lane): void;
  /**
   * Runs a turn. `ended` runs in the transaction that stores a complete answer; false: nothing is kept.
   * @throws why there is no answer
   */
  ask(job: CronJobRow, ended: (db: Queries, outcome: AgentOutcome) => Promise<boolean>, signal: AbortSignal): Promise<void>;
}

export interface RunJobOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: LogPort;
  readonly actions: JobActions;
}

const MAX_OUTPUT_LENGTH = 4_000;

async function sendMessage(claimed: ClaimedRun, { store, clock, actions }: RunJobOptions): Promise<void> {
  const { job, run } = claimed;
  const lane = actions.findLane(job);
  if (lane === undefined) throw new GatewayError('INVALID_REQUEST', { message: 'the job names no chat' });
  const messageId = await actions.say(lane, job.message, `cron:${job.id}:${run.occurrence}`);
  await store.write((db) =>
    finishDone(db, run, { finished_at: clock.now(), message_id: messageId, output: job.message.slice(0, MAX_OUTPUT_LENGTH) }),
  );
}

async function askAgent(claimed: ClaimedRun, options: RunJobOptions, signal: AbortSignal): Promise<void> {
  const { job, run } = claimed;
  const { clock, actions } = options;
  const lane = actions.findLane(job);
  await actions.ask(
    job,
    async (db, { reply, replyId, model, inputTokens, outputTokens, costUsd }) => {
      const isDelivered = lane !== undefined && reply !== '';
      const isOurs = await finishDone(db, run, {
        finished_at: clock.now(),
        model,
        input_tokens: inputTokens,
        output_tokens: outputTokens,
        cost_usd: costUsd,
        output: reply.slice(0, MAX_OUTPUT_LENGTH),
        message_id: isDelivered ? replyId : null,
      });
      if (isOurs && isDelivered) await actions.enqueue(db, lane, { id: replyId, content: reply });
      return isOurs;
    },
    signal,
  );
  if (lane !== undefined) actions.wake(lane);
}

async function fail({ run, job }: ClaimedRun, error: unknown, options: RunJobOptions): Promise<void> {
  const { store, clock, actions, logger } = options;
  const message = error instanceof GatewayError && error.spec.expose ? error.message : 'the gateway failed to run it; its log says why';
  const isRetryable = error instanceof GatewayError && error.spec.retryable;
  logger.warn({ jobId: job.id, runId: run.id, err: error }, 'a scheduled job failed');
  const told = await store.write(async (db) => {
    const outcome = await finishFailed(db, run, { error: message, isRetryable, nowMs: clock.now() });
    if (outcome?.mustTell !== true) return undefined;
    const lane = findLaneQuietly(job, actions);
    const content = `⚠️ The scheduled job “${job.name}” has failed ${outcome.job.failures} times in a row: ${message}`;
    if (lane !== undefined) await actions.enqueue(db, lane, { id: newId('msg'), content });
    return lane;
  });
  if (told !== undefined) actions.wake(told);
}

/** A channel that is not set up any more has nobody to tell. */
function findLaneQuietly(job: CronJobRow, actions: JobActions): Lane | undefined {
  try {
    return actions.findLane(job);
  } catch (error) {
    if (error instanceof GatewayError) return undefined;
    throw error;
  }
}

/** @returns the function that does a run and stores how it ended */
export function createRunJob(options: RunJobOptions): (claimed: ClaimedRun, signal: AbortSignal) => Promise<void> {
  return async (claimed, signal) => {
    const { store, clock } = options;
    const timeout = new AbortController();
    const { timeout_ms: timeoutMs } = claimed.job;
    const tooLong = new GatewayError('UNAVAILABLE', { message: `it took longer than ${timeoutMs} ms` });
    const cancel = clock.after(timeoutMs, () => timeout.abort(tooLong));
    try {
      if (claimed.job.mode === 'direct') await sendMessage(claimed, options);
      else await askAgent(claimed, options, AbortSignal.any([signal, timeout.signal]));
    } catch (error) {
      const isCut = (error instanceof GatewayError && error.code === 'STOPPING') || (signal.aborted && !timeout.signal.aborted);
      if (isCut) await store.write((db) => interruptRun(db, claimed.run, clock.now()));
      else await fail(claimed, timeout.signal.aborted ? tooLong : error, options);
    } finally {
      cancel();
    }
  };
}
