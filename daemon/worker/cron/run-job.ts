/** One run of a job: says its message to a chat, or lets an agent answer it and sends the reply. */
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { noteCronRun } from '../store/cron/cron-runs.js';
import type { Lane } from '../store/delivery/outbox.js';
import type { CronJobRow } from '../store/schema.js';
import type { NewSession } from '../store/conversations/sessions.js';
import type { Store } from '../store/store.js';
import type { ClaimedRun } from './claim.js';
import { finishDone, finishFailed, interruptRun } from './finish.js';
import type { RunChange, TellChat } from './run-rows.js';
import type { Transaction } from '../store/transaction.js';

/** How an agent's turn ended, in the transaction that stores it. */
export interface AgentOutcome {
  readonly reply: string;
  readonly replyId: string;
  readonly model: string | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly costUsd: number | null;
}

/** A chat that a job speaks to, and what was said there. */
export interface Chat {
  readonly lane: Lane;
  readonly session: NewSession;
}

/** A turn that is about to be run. */
export interface AgentTurn {
  readonly sessionKey: string;
  /**
   * Runs it. `ended` runs in the transaction that stores a complete answer; false: nothing is kept.
   * @throws why there is no answer
   */
  run(ended: (tx: Transaction, outcome: AgentOutcome) => Promise<boolean>, signal: AbortSignal): Promise<void>;
}

/** What a run asks of the rest of the worker. */
export interface JobActions {
  /** The chat that a job names. @throws CHANNEL_NOT_FOUND */
  findChat(job: CronJobRow): Chat | undefined;
  /** Adds a message to a transaction: to what was said in the chat, and to what is sent there. @returns its id */
  say(tx: Transaction, chat: Chat, content: string): Promise<string>;
  /** Adds what is in the chat's session already to what is sent there. */
  send(tx: Transaction, chat: Chat, message: { id: string; content: string }): Promise<void>;
  wake(lane: Lane): void;
  /** @throws MODEL_NOT_FOUND and the like */
  prepareTurn(job: CronJobRow, runId: string): Promise<AgentTurn>;
}

export interface RunJobOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: LogPort;
  readonly actions: JobActions;
  readonly tell: TellChat;
  readonly announce: (changes: readonly RunChange[]) => void;
}

const MAX_OUTPUT_LENGTH = 4_000;

/** Sent and done in one transaction: a kill leaves both or none. */
async function sendMessage({ job, run }: ClaimedRun, { store, clock, actions }: RunJobOptions): Promise<Lane | undefined> {
  const chat = actions.findChat(job);
  if (chat === undefined) throw new GatewayError('INVALID_REQUEST', { message: 'the job names no chat' });
  const isOurs = await store.write(async (tx) => {
    const end = { finished_at: clock.now(), output: job.message.slice(0, MAX_OUTPUT_LENGTH) };
    if (!(await finishDone(tx, run, end))) return false;
    await noteCronRun(tx, run.id, { message_id: await actions.say(tx, chat, job.message) });
    return true;
  });
  return isOurs ? chat.lane : undefined;
}

async function askAgent({ job, run }: ClaimedRun, options: RunJobOptions, signal: AbortSignal): Promise<Lane | undefined> {
  const { store, clock, actions } = options;
  const chat = actions.findChat(job);
  const turn = await actions.prepareTurn(job, run.id);
  await store.write((tx) => noteCronRun(tx, run.id, { session_key: turn.sessionKey }));
  let isOurs = false;
  await turn.run(async (tx, { reply, replyId, model, inputTokens, outputTokens, costUsd }) => {
    const usage = { input_tokens: inputTokens, output_tokens: outputTokens, cost_usd: costUsd };
    const end = { finished_at: clock.now(), model, ...usage, output: reply.slice(0, MAX_OUTPUT_LENGTH) };
    isOurs = await finishDone(tx, run, end);
    if (!isOurs || chat === undefined || reply === '') return isOurs;
    const isThere = chat.session.key === turn.sessionKey;
    if (isThere) await actions.send(tx, chat, { id: replyId, content: reply });
    await noteCronRun(tx, run.id, { message_id: isThere ? replyId : await actions.say(tx, chat, reply) });
    return true;
  }, signal);
  return isOurs ? chat?.lane : undefined;
}

/** The function that does a run and stores how it ended. */
export class JobRunner {
  readonly #options: RunJobOptions;

  constructor(options: RunJobOptions) {
    this.#options = options;
  }

  async run(claimed: ClaimedRun, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const { job } = claimed;
    const timeout = new AbortController();
    const tooLong = new GatewayError('UNAVAILABLE', { message: `it took longer than ${job.timeout_ms} ms` });
    const cancel = clock.after(job.timeout_ms, () => timeout.abort(tooLong));
    try {
      const isTurn = job.mode === 'agent';
      const work = isTurn
        ? askAgent(claimed, this.#options, AbortSignal.any([signal, timeout.signal]))
        : sendMessage(claimed, this.#options);
      this.#ended(claimed, await work);
    } catch (error) {
      const isCut = (error instanceof GatewayError && error.code === 'STOPPING') || (signal.aborted && !timeout.signal.aborted);
      if (isCut) await this.#interrupt(claimed);
      else await this.#fail(claimed, timeout.signal.aborted ? tooLong : error);
    } finally {
      cancel();
    }
  }

  #ended({ job, run }: ClaimedRun, lane: Lane | undefined): void {
    const { actions, logger, announce } = this.#options;
    logger.info(
      { jobId: job.id, runId: run.id },
      job.mode === 'agent' ? 'a scheduled turn has ended' : 'a scheduled message is on its way',
    );
    if (lane !== undefined) actions.wake(lane);
    announce([{ jobId: job.id, runId: run.id, state: 'done' }]);
  }

  async #interrupt({ job, run }: ClaimedRun): Promise<void> {
    const { store, clock, logger, tell, announce } = this.#options;
    logger.warn({ jobId: job.id, runId: run.id }, 'a scheduled job was interrupted');
    const change = await store.write((tx) => interruptRun(tx, run, { nowMs: clock.now(), tell }));
    if (change !== undefined) announce([change]);
  }

  async #fail({ run, job }: ClaimedRun, cause: unknown): Promise<void> {
    const { store, clock, logger, tell, announce } = this.#options;
    const error = cause instanceof GatewayError && cause.spec.expose ? cause.message : 'the gateway failed to run it; its log says why';
    const isRetryable = cause instanceof GatewayError && cause.spec.retryable;
    logger.warn({ jobId: job.id, runId: run.id, err: cause }, 'a scheduled job failed');
    const change = await store.write((tx) => finishFailed(tx, run, { error, isRetryable, nowMs: clock.now(), tell }));
    if (change !== undefined) announce([change]);
  }
}

/** Where a job's failures are told: the chat that was named for it, or its own. */
function alertedChat(job: CronJobRow): CronJobRow {
  if (job.alert_channel === null) return job;
  return { ...job, channel: job.alert_channel, account_id: job.alert_account_id, chat_id: job.alert_chat_id };
}

/** Tells the chat of a job. A channel that is not set up any more has nobody to tell. */
export function createTellChat(actions: Pick<JobActions, 'findChat' | 'say'>): TellChat {
  return async (tx, job, text) => {
    let chat: Chat | undefined;
    try {
      chat = actions.findChat(alertedChat(job));
    } catch (error) {
      if (error instanceof GatewayError) return undefined;
      throw error;
    }
    if (chat === undefined) return undefined;
    await actions.say(tx, chat, text);
    return chat.lane;
  };
}
