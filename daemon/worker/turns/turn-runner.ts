/** Runs turns: one at a time per session, each with its question and its end stored. */
import { within } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import { type LogPort, withFields } from '../../../shared/log/log-port.js';
import { sayOfAnswer } from '../../../shared/text/sentences/answer.js';
import type { Attachments } from '../files/attachments.js';
import type { Spending } from '../spending/spending.js';
import { type Liveness, mustBeValid } from '../store/liveness.js';
import type { Deps } from '../store/tasks/worker-deps.js';
import { beginSpan, type Span, type TraceStarter } from '../tracing/span.js';
import type { AttachedFiles } from './attached-files.js';
import type { CommandRegistry } from './commands/commands.js';
import { EventStream } from './event-stream.js';
import type { LiveText } from './live-text.js';
import type { LiveTurns } from './live-turns.js';
import { type AnswerEnd, answer } from './model/answer.js';
import { GUIDE_REF } from '../../../shared/config/defaults.js';
import { LearnedWindows } from './model/learned-windows.js';
import { buildModelRequest, type TurnContextOptions } from './turn-context.js';
import { type DeltaEvent, endEvent, requestedStop, stopReason, toErrorEvent } from './turn-event.js';
import type { ToolEvent, TurnEvent, TurnOutcome } from './turn-event.js';
import type { BeginningTurn, StoredEnd, TurnHooks, TurnJournal } from './turn-journal.js';
import { TurnQueue } from './turn-queue.js';
import { type TurnRequest, turnSpan, turnSpanEnd } from './turn-request.js';
import { heard, isStoppedByReader } from './voice/heard.js';
import type { ToolBox } from './turn-tools.js';
import type { WaitingTurns } from './steps/waiting-turns.js';

export interface TurnRunnerOptions extends Deps<'store' | 'clock' | 'logger'> {
  readonly journal: TurnJournal;
  readonly commands: CommandRegistry;
  readonly tools: ToolBox;
  readonly files: AttachedFiles;
  readonly attachments: Pick<Attachments, 'forModel'>;
  readonly live: LiveTurns;
  readonly liveText: LiveText;
  readonly liveness: Pick<Liveness, 'validForMs'>;
  readonly spending: Pick<Spending, 'purse'>;
  readonly noteFill?: TurnContextOptions['noteFill'];
  readonly waiting: Pick<WaitingTurns, 'parked' | 'giveUp' | 'look'>;
  /** Default: nothing is traced. */
  readonly tracing?: TraceStarter | undefined;
  random(): number;
}

/** One turn under way. */
interface Run {
  readonly request: TurnRequest;
  /** The command in the text, which needs no model. */
  readonly command: ReturnType<CommandRegistry['match']>;
  /** Whether an answer was stopped for its command. */
  readonly hasStopped?: boolean;
  readonly stop: AbortController;
  /** Also fires when the caller stops the turn. */
  readonly signal: AbortSignal;
  readonly events: EventStream;
  readonly span: Span | undefined;
}

export class TurnRunner {
  readonly #options: TurnRunnerOptions;
  readonly #queue = new TurnQueue();
  readonly #windows: LearnedWindows;
  readonly #crowded = new Set<string>();
  /** Each with a promise that resolves when it has ended. */
  readonly #running = new Map<Run, Promise<void>>();
  /** This worker ends. */
  readonly #leaving = new AbortController();

  constructor(options: TurnRunnerOptions) {
    this.#options = options;
    this.#windows = new LearnedWindows(options.clock);
  }

  /** Starts a turn. Its events end with exactly one `done` or `error`; a reader that leaves stops it. */
  start(request: TurnRequest, signal: AbortSignal): AsyncIterableIterator<TurnEvent> {
    const stop = new AbortController();
    const events = new EventStream(() => stop.abort());
    const span = beginSpan(this.#options.tracing, request.span, () => turnSpan(request));
    const run: Run = { request, command: this.#match(request), stop, signal: AbortSignal.any([signal, stop.signal]), events, span };
    const finished = this.#run(run).then((last) => {
      span?.end(turnSpanEnd(last));
      events.push(last);
      events.end();
      this.#running.delete(run);
    });
    this.#running.set(run, finished);
    return events;
  }

  /** Stops the running and waiting turns of a session that was deleted. */
  stopSession(sessionKey: string): void {
    const reason = requestedStop('deleted', sessionKey);
    this.#stop(sessionKey, reason);
    const { waiting, logger } = this.#options;
    waiting
      .giveUp('deleted', reason)
      .catch((error: unknown) => logger.error({ err: error }, 'failed to end the turns of a deleted session'));
  }

  /** Stops this worker's answers in a session, on behalf of its reader; the text so far is kept. @returns whether there was one */
  stopTurns(sessionKey: string): boolean {
    return this.#stop(sessionKey, requestedStop('stopped', sessionKey));
  }

  /** Does the same in all workers. */
  async stopEverywhere(sessionKey: string): Promise<boolean> {
    const wasHere = this.stopTurns(sessionKey);
    const wasElsewhere = await this.#options.journal.requestStop(sessionKey);
    return (await this.#options.waiting.giveUp({ sessionKey }, requestedStop('stopped', sessionKey))) || wasHere || wasElsewhere;
  }

  #stop(sessionKey: string, reason: GatewayError): boolean {
    const found = [...this.#running.keys()].filter(({ request, command }) => request.session.key === sessionKey && command === undefined);
    for (const { stop } of found) stop.abort(reason);
    return found.length > 0;
  }

  /** Lets turns end for `timeoutMs`, then stops the rest and waits until their text is stored. @returns how many were stopped */
  async drain(timeoutMs: number): Promise<number> {
    // The next worker abandons the turns that this one leaves.
    this.#leaving.abort();
    await within(this.#allEnded(), timeoutMs, this.#options.clock);
    const stopped = [...this.#running];
    const reason = new GatewayError('STOPPING', {
      message: 'the gateway is stopping or restarting; the text so far is kept in the session',
      hint: 'Send the message again.',
    });
    for (const [{ stop }] of stopped) stop.abort(reason);
    await Promise.all(stopped.map(([, finished]) => finished));
    return stopped.length;
  }

  /** Resolves when no turn runs. Connections that are kept alive may start another one meanwhile. */
  async #allEnded(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  /** Never rejects. @returns the last event */
  async #run(run: Run): Promise<TurnEvent> {
    const { request, command, signal } = run;
    const { key } = request.session;
    let leave: (() => void) | undefined;
    try {
      const isFirst = command?.command.stopsTurns === true;
      const hasStopped = isFirst && ((await this.stopEverywhere(key)) || request.hasStopped === true);
      leave = await this.#queue.enter(key, signal, { isFirst });
      const question = await heard(request, signal);
      // A question stopped during transcription is stored like any other stopped question.
      const limit = request.hear !== undefined && isStoppedByReader(signal) ? new AbortController().signal : signal;
      const turn = await this.#options.journal.begin({ ...question, agentId: request.agent.id }, limit, request.hooks);
      return await this.#runBegun({ ...run, hasStopped, request: question }, turn);
    } catch (error) {
      return toErrorEvent(signal.aborted && error === signal.reason ? stopReason(signal) : this.#toExposed(error));
    } finally {
      leave?.();
    }
  }

  /** From the stored question to the stored answer. */
  async #runBegun(run: Run, begun: BeginningTurn): Promise<TurnEvent> {
    const { live, liveText, journal, waiting, logger } = this.#options;
    const { replaces, session, questionSeq } = begun;
    const stored = begun.stored.then(() => {
      // The text of a job's last attempt has been removed from the conversation.
      if (replaces !== undefined && run.request.asker === 'job') live.rewind(session.key, questionSeq);
      live.begin(begun);
    });
    // A turn that could not be stored does not exist, so no model is called for it.
    stored.catch(() => run.stop.abort());
    const turn = { ...begun, stored };
    let state: Parameters<LiveTurns['end']>[1] = 'error';
    try {
      const outcome = await this.#answer(run, turn);
      await run.request.hooks?.beforeEnd?.();
      liveText.end(turn.id);
      await stored;
      const { end, reason } = await this.#end(run, turn, outcome).catch((error: unknown) => {
        const abandoned = journal.abandon(turn, this.#leaving.signal).then(() => live.touch(session.key));
        // It may go on after its decision.
        abandoned.then(() => waiting.look()).catch((cause: unknown) => logger.error({ err: cause }, 'failed to abandon a turn'));
        throw error;
      });
      if (end !== 'lost') state = end === 'again' ? 'again' : outcome.state;
      const facts = { outcome, sessionKey: session.key, isLost: end === 'lost', reason, approvals: [] };
      return endEvent(outcome.state === 'waiting' ? { ...facts, approvals: await waiting.parked(turn.id, run.signal) } : facts);
    } finally {
      live.end(turn, state);
    }
  }

  /** Returns a logger whose lines name the turn and its requester. */
  #logOf({ request: { origin }, span }: Run, { id, session }: BeginningTurn): LogPort {
    const trace = span === undefined || span.traceId === '' ? {} : { traceId: span.traceId };
    return withFields(this.#options.logger, { turnId: id, session: session.key, ...origin, ...trace });
  }

  #toExposed(error: unknown): GatewayError {
    if (error instanceof GatewayError && error.spec.expose) return error;
    this.#options.logger.error({ err: error }, 'a turn failed');
    return new GatewayError('INTERNAL_ERROR', { message: sayOfAnswer('turn-internal-error'), cause: error });
  }

  /** @returns also why the turn was stopped, if it was */
  async #end(run: Run, turn: BeginningTurn, outcome: TurnOutcome): Promise<{ end: StoredEnd; reason: GatewayError }> {
    const { hooks } = run.request;
    const { state, model, error } = outcome;
    const replyId = newId('msg');
    let reason = stopReason(run.signal);
    const ended: Required<TurnHooks>['ended'] = async (tx, ending) => {
      reason = ending.stopReason ?? reason;
      return (await hooks?.ended?.(tx, ending)) ?? true;
    };
    const end = await this.#options.journal.end(turn, outcome, { replyId, stopReason: state === 'aborted' ? reason : null, ended });
    if (end === 'lost') return { end, reason };
    const fields = { messageId: replyId, model, state, ...(error === null ? {} : { code: error.code }) };
    this.#logOf(run, turn).info(fields, 'a turn has ended');
    hooks?.committed?.();
    return { end, reason };
  }

  /** A fault of the gateway itself is an outcome too: the question is stored, so its end must be. */
  async #answer(run: Run, turn: BeginningTurn): Promise<TurnOutcome> {
    const pieces: string[] = [];
    const report = (event: DeltaEvent | ToolEvent): void => {
      run.events.push(event);
      this.#options.live.add(turn, event);
      if (event.type === 'tool') return;
      pieces.push(event.text);
      this.#options.liveText.append(turn, event.text);
    };
    const [first] = run.request.candidates;
    try {
      const end = await this.#runCommandOrModel(run, turn, report);
      return { ...end, reply: pieces.join('') };
    } catch (error) {
      // A model may still be streaming.
      run.stop.abort();
      return { state: 'error', model: first.ref, usage: null, error: this.#toExposed(error), reply: pieces.join('') };
    }
  }

  async #runCommandOrModel(run: Run, turn: BeginningTurn, report: (event: DeltaEvent | ToolEvent) => void): Promise<AnswerEnd> {
    const { request, command: matched, hasStopped = false } = run;
    const [{ ref: model }] = request.candidates;
    if (matched === undefined) return this.#askModels(run, turn, report);
    const { command, call } = matched;
    const { agent, withdrawn = 0, decider } = request;
    await turn.stored;
    const { session, questionId } = turn;
    const place = { sessionId: session.id, sessionKey: session.key, agentId: agent.id, callKey: `command:${questionId}` };
    report({ type: 'delta', text: await command.run({ ...call, ...place, hasStopped, withdrawn, decider, model }) });
    return { state: 'done', model: GUIDE_REF, usage: null, error: null };
  }

  /** If there is no language model, every permitted command is run, because nothing else understands it. */
  #match({ asker, candidates: [first], text }: TurnRequest): Run['command'] {
    const runsAll = asker === 'chat' || first.ref === GUIDE_REF;
    return runsAll || (asker === 'program' && text.trim() === '/new') ? this.#options.commands.match(text, asker) : undefined;
  }

  async #askModels(run: Run, turn: BeginningTurn, report: (event: DeltaEvent | ToolEvent) => void): Promise<AnswerEnd> {
    const { tools, clock, liveness } = this.#options;
    const { request, signal, span } = run;
    const { agent, text, candidates, origin } = request;
    const events = answer({
      candidates,
      buildRequest: async (step) => {
        const built = await buildModelRequest({ ...this.#options, turn, step, text, agent, origin, crowded: this.#crowded });
        mustBeValid(liveness);
        return { ...built, asker: request.asker };
      },
      tools: await tools.forTurn(agent, turn, { signal, span, asker: request.asker }),
      steps: turn.steps,
      windows: this.#windows,
      agentId: agent.id,
      span,
      asker: request.asker,
      signal,
      clock,
      purse: this.#options.spending.purse({ ...origin, agent }),
      logger: this.#logOf(run, turn),
      random: () => this.#options.random(),
    });
    try {
      for (;;) {
        const next = await events.next();
        // The model is called while the question is synced to disk; nothing is reported and no tool runs before that is done.
        await turn.stored;
        if (next.done === true) return next.value;
        report(next.value);
      }
    } finally {
      await events.return(undefined as never);
    }
  }
}
