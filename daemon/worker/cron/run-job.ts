/** Runs a job once: sends its message to a chat, or lets an agent answer it and sends the reply. */
import { retryAfterSeconds } from '../../../shared/error-document.js';
import { GatewayError } from '../../../shared/errors.js';
import { withCutOff } from '../../../shared/text/cut-off.js';
import { cutText } from '../../../shared/text/one-line.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { sayOfAnswer } from '../../../shared/text/sentences/answer.js';
import { withSignal } from '../../../shared/node/signals.js';
import { findAgent } from '../config/agents.js';
import type { Outbox } from '../delivery/outbox.js';
import { mayPass } from '../providers/failure.js';
import type { ProviderRegistry } from '../providers/registry.js';
import type { Chat } from '../sessions/find-chat.js';
import { sessionOf } from '../sessions/session-key.js';
import { findSession, type NewSession, startFreshContext } from '../store/conversations/sessions.js';
import { noteCronRun } from '../store/cron/cron-runs.js';
import { parkCronRun } from '../store/turns/waiting-turns.js';
import type { Deps } from '../store/tasks/worker-deps.js';
import { chooseModels } from '../turns/model/model-choice.js';
import { giveUpWaiting } from '../turns/steps/waiting.js';
import type { Span, SpanStart, TraceStarter } from '../tracing/span.js';
import type { TurnHooks } from '../turns/turn-journal.js';
import type { TurnRequest } from '../turns/turn-request.js';
import type { TurnRunner } from '../turns/turn-runner.js';
import type { ClaimedRun } from './claim.js';
import { finishDone, finishFailed, interruptRun, type RunChange, type RunCost } from './finish.js';
import type { JobChats } from './job-chat.js';
import { isTurn } from './policy.js';

export interface JobRunnerOptions extends Deps<'store' | 'clock' | 'logger' | 'config'> {
  readonly chats: JobChats;
  readonly outbox: Pick<Outbox, 'enqueue'>;
  readonly turns: Pick<TurnRunner, 'start'>;
  /** Default: nothing is traced. */
  readonly tracing?: TraceStarter | undefined;
  registry(): ProviderRegistry;
  /** Called once changes are on disk. */
  readonly announce: (changes: readonly RunChange[]) => void;
}

const MAX_OUTPUT_LENGTH = 4_000;
/** A turn that waits is woken by its decision. */
const LONGEST_WAIT_MS = 365 * 86_400_000;

type TracedRun = ClaimedRun & { readonly span: Span | undefined };
type TurnEnd = Parameters<NonNullable<TurnHooks['ended']>>[1];

/** A run that is not done yet, because its turn waits for a person, or that others have ended. */
const NOT_DONE = Symbol('not done');

function costOf({ model, usage }: Pick<TurnEnd, 'model' | 'usage'>): RunCost {
  const { inputTokens = null, outputTokens = null, costUsd = null } = usage ?? {};
  return { model, inputTokens, outputTokens, costUsd };
}

function runSpan({ job, run }: ClaimedRun): SpanStart {
  return { name: 'run schedule', attributes: { 'xopc.job.id': job.id, 'xopc.run.id': run.id, 'xopc.job.mode': job.mode } };
}

export class JobRunner {
  readonly #options: JobRunnerOptions;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
  }

  /** Runs a claimed run and stores its outcome. */
  async run(claimed: ClaimedRun, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const { job } = claimed;
    const span = this.#options.tracing?.begin(() => runSpan(claimed));
    let error: string | undefined;
    let cost: RunCost = {};
    const timeout = new AbortController();
    const timedOut = new GatewayError('UNAVAILABLE', { message: sayOfAnswer('run-timeout', { ms: job.timeoutMs }) });
    const cancel = clock.after(job.timeoutMs, () => timeout.abort(timedOut));
    try {
      const noteCost = (end: TurnEnd): void => void (cost = costOf(end));
      const chat = isTurn(job, claimed.run)
        ? await withSignal([signal, timeout.signal], (either) => this.#askAgent({ ...claimed, span, noteCost }, either))
        : await this.#sendMessage(claimed);
      if (chat !== NOT_DONE) this.#noteDone(claimed, chat);
    } catch (thrown) {
      const isInterrupted = (thrown instanceof GatewayError && thrown.code === 'STOPPING') || (signal.aborted && !timeout.signal.aborted);
      error = isInterrupted ? 'interrupted' : 'failed';
      if (isInterrupted) await this.#interrupt(claimed);
      else await this.#fail(claimed, { cause: timeout.signal.aborted ? timedOut : thrown, cost });
    } finally {
      cancel();
      span?.end({ error });
    }
  }

  /** The message and the end of the run are one transaction, so a kill leaves both or neither. Returns the chat. */
  async #sendMessage({ job, run }: ClaimedRun): Promise<Chat | typeof NOT_DONE> {
    const { store, clock, chats } = this.#options;
    const chat = chats.find(job);
    if (chat === undefined) throw new GatewayError('INVALID_REQUEST', { message: sayOfAnswer('run-without-chat') });
    const isOurs = await store.write((tx) => {
      const end = { finishedAtMs: clock.now(), output: cutText(job.message, MAX_OUTPUT_LENGTH, '') };
      return finishDone(tx, run, { ...end, send: () => chats.say(tx, chat, job.message) });
    });
    return isOurs ? chat : NOT_DONE;
  }

  /** Returns the chat that gets the reply. @throws the reason when the turn has no complete answer */
  async #askAgent(
    { noteCost, ...claimed }: TracedRun & { readonly noteCost: (end: TurnEnd) => void },
    signal: AbortSignal,
  ): Promise<Chat | undefined | typeof NOT_DONE> {
    const { store, chats, turns } = this.#options;
    const { job, run } = claimed;
    const chat = chats.find(job);
    const { isIsolated, ...turn } = await this.#prepareTurn(claimed, chat);
    await store.write((tx) => noteCronRun(tx, run.id, { sessionKey: turn.session.key }));
    const { turnId: previousTurnId, questionId: messageId } = run;
    const before = previousTurnId === null || messageId === null ? undefined : { previousTurnId, messageId };
    if (isIsolated && before === undefined) await this.#startFresh(turn.session);
    const begun: TurnHooks['begun'] = (tx, { id: turnId, questionId }) => noteCronRun(tx, run.id, { turnId, questionId });
    let isDone = false;
    const ended: TurnHooks['ended'] = async (tx, end) => {
      if (end.state === 'waiting') return this.#park(tx, run.id, end.turnId);
      noteCost(end);
      if (end.state !== 'done') return true;
      isDone = await this.#storeReply(tx, end, { claimed, chat, session: turn.session });
      return isDone;
    };
    for await (const event of turns.start({ ...turn, ...before, hooks: { begun, leavesContext: true, ended } }, signal))
      if (event.type === 'error') throw event.error;
    return isDone ? chat : NOT_DONE;
  }

  /** Does not wait for a run that was replaced or deleted in the meantime. */
  async #park(tx: Parameters<NonNullable<TurnHooks['ended']>>[0], id: string, turnId: string): Promise<boolean> {
    const nowMs = this.#options.clock.now();
    if (await parkCronRun(tx, { id, dueAtMs: nowMs + LONGEST_WAIT_MS })) return true;
    await giveUpWaiting(tx, { turnId }, { instanceId: '', error: { code: null, message: sayOfAnswer('run-replaced') }, nowMs });
    return false;
  }

  async #prepareTurn({ job, run, span }: TracedRun, chat: Chat | undefined): Promise<TurnRequest & { readonly isIsolated: boolean }> {
    const config = this.#options.config();
    const agent = findAgent(config, job.agentId ?? chat?.session.agentId);
    const isIsolated = job.session === 'isolated' || chat === undefined;
    const session = sessionOf(isIsolated ? { agentId: agent.id, channel: 'cron', peerId: job.id } : { ...chat.session, agentId: agent.id });
    const candidates = await chooseModels({ requested: job.model ?? undefined, agent, config }, this.#options.registry());
    const origin = {
      jobId: job.id,
      runId: run.id,
      ...(job.dailyUsd === null ? {} : { jobDailyUsd: String(job.dailyUsd) }),
      ...(run.tokenId === null ? {} : { tokenId: run.tokenId }),
    };
    return { agent, session, mustExist: false, text: job.message, candidates, asker: 'job', origin, span, isIsolated };
  }

  /** Empties the context of a job's own session. */
  async #startFresh(session: NewSession): Promise<void> {
    const { store } = this.#options;
    const found = await store.read((tx) => findSession(tx, session.key));
    if (found !== undefined) await store.write((tx) => startFreshContext(tx, found.id));
  }

  /** Runs in the transaction that stores the answer. Returns false when the run is no longer ours; then nothing is kept. */
  async #storeReply(
    tx: Parameters<NonNullable<TurnHooks['ended']>>[0],
    { reply: said, replyId, model, usage, nothingToReport, cutOff }: TurnEnd,
    { claimed: { run }, chat, session }: { claimed: ClaimedRun; chat: Chat | undefined; session: NewSession },
  ): Promise<boolean> {
    const { clock, chats, outbox, logger } = this.#options;
    const reply = withCutOff(said, cutOff);
    const output = cutText(reply, MAX_OUTPUT_LENGTH, '');
    const end = { ...costOf({ model, usage }), finishedAtMs: clock.now(), output, nothingToReport: nothingToReport ?? null };
    const send = async (): Promise<string | undefined> => {
      if (chat === undefined || reply === '' || nothingToReport !== undefined) return undefined;
      // A page chat is itself a session: that of the agent that was asked.
      const isApart = chat.session.key !== session.key && session.channel !== 'webchat';
      const give = async (content: string): Promise<string> => {
        if (isApart) return chats.say(tx, chat, content);
        await outbox.enqueue(tx, { ...chat.lane, id: replyId, content });
        return replyId;
      };
      try {
        return await give(reply);
      } catch (error) {
        if (!(error instanceof GatewayError && error.code === 'INVALID_REQUEST')) throw error;
        logger.error({ jobId: run.jobId, runId: run.id, err: error }, 'the reply of a scheduled job cannot be sent');
        return give(`The answer cannot be shown here. See it with: ${shellCommand`xopc sessions show ${session.key}`}`);
      }
    };
    return finishDone(tx, run, { ...end, send });
  }

  #noteDone({ job, run }: ClaimedRun, chat: Chat | undefined): void {
    const { logger, announce } = this.#options;
    logger.info({ jobId: job.id, runId: run.id }, isTurn(job, run) ? 'scheduled turn done' : 'scheduled message queued for delivery');
    announce([{ jobId: job.id, runId: run.id, state: 'done', chat }]);
  }

  async #interrupt({ job, run }: ClaimedRun): Promise<void> {
    const { store, clock, logger, chats, announce } = this.#options;
    logger.warn({ jobId: job.id, runId: run.id }, 'a scheduled job was interrupted');
    const change = await store.write((tx) => interruptRun(tx, run, { nowMs: clock.now(), chats }));
    if (change !== undefined) announce([change]);
  }

  async #fail({ job, run }: ClaimedRun, { cause, cost }: { readonly cause: unknown; readonly cost: RunCost }): Promise<void> {
    const { store, clock, logger, chats, announce } = this.#options;
    const error = cause instanceof GatewayError && cause.spec.expose ? cause.message : sayOfAnswer('run-internal-error');
    const isRetryable = cause instanceof GatewayError && mayPass(cause);
    const isStopped = cause instanceof GatewayError && (cause.code === 'CONFLICT' || cause.code === 'SESSION_NOT_FOUND');
    logger.warn({ jobId: job.id, runId: run.id, err: cause }, 'a scheduled job failed');
    const waitMs = isRetryable ? (retryAfterSeconds(cause) ?? 0) * 1_000 : 0;
    const failure = { ...cost, error, isRetryable, isStopped, waitMs, chats };
    const change = await store.write((tx) => finishFailed(tx, run, { ...failure, nowMs: clock.now() }));
    if (change !== undefined) announce([change]);
  }
}
