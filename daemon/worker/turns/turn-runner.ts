/** Runs turns: in line with the others of their session, on disk before and after, and to their end when nobody listens. */
import type { Clock } from '../../../shared/clock.js';
import type { AgentConfig } from '../../../shared/config/schema.js';
import { GatewayError } from '../../../shared/errors.js';
import { type LogPort, withFields } from '../../../shared/log/log-port.js';
import type { CommandRegistry } from './commands/commands.js';
import { GUIDE_REF } from './model/guide.js';
import { answer, type Candidate } from './model/turn.js';
import { TurnQueue } from './turn-queue.js';
import type { NewSession } from '../store/conversations/sessions.js';
import type { Store } from '../store/store.js';
import type { AgentEvent } from '../contracts.js';
import type { AttachedFiles } from './attached-files.js';
import { EventStream } from './event-stream.js';
import type { Attachments } from '../files/attachments.js';
import type { LiveTurns } from './live-turns.js';
import type { SpokenText } from './live-text.js';
import { buildModelRequest } from './turn-context.js';
import { stoppedByRequest, stopReason, toErrorEvent, toUsageDocument } from './turn-words.js';
import type { ToolBox } from './turn-tools.js';
import type { BeginningTurn, BegunTurn, TurnHooks, TurnJournal, TurnOutcome } from './turn-journal.js';
import type { Transaction } from '../store/transaction.js';

export interface TurnRunnerOptions {
  readonly store: Store;
  readonly journal: TurnJournal;
  readonly commands: CommandRegistry;
  readonly tools: ToolBox;
  readonly files: AttachedFiles;
  readonly attachments: Pick<Attachments, 'forModel'>;
  /** Is told what is being said. */
  readonly live: LiveTurns;
  /** Writes it down. */
  readonly spoken: SpokenText;
  readonly clock: Clock;
  readonly logger: LogPort;
  random(): number;
}

/** One turn to run, everything about it decided. */
export interface TurnRequest {
  readonly agent: AgentConfig;
  readonly session: NewSession;
  readonly mustExist: boolean;
  readonly text: string;
  readonly candidates: readonly [Candidate, ...Candidate[]];
  /** Whether a text that begins with a slash is for the gateway: in chats, not for programs that talk to a model. */
  readonly runsCommands: boolean;
  /** The id of the question's message, where it has one already. */
  readonly messageId?: string;
  /** The turn of the last attempt at it, which was cut. */
  readonly previousTurnId?: string | undefined;
  readonly hooks?: TurnHooks;
  /** What asked for it, for the log. */
  readonly origin?: Readonly<Record<string, string>>;
}

/** Where a turn's events go, and what stops it. */
interface TurnIo {
  readonly signal: AbortSignal;
  readonly events: EventStream;
}

interface RunningTurn {
  readonly sessionKey: string;
  readonly stop: AbortController;
  /** It is a word to the gateway, not to a model. */
  readonly isCommand: boolean;
  readonly finished: Promise<void>;
}

export class TurnRunner {
  readonly #options: TurnRunnerOptions;
  readonly #queue = new TurnQueue();
  readonly #running = new Set<RunningTurn>();

  constructor(options: TurnRunnerOptions) {
    this.#options = options;
  }

  /** Starts a turn. Its events end with exactly one `done` or `error`; a reader that leaves stops it. */
  start(request: TurnRequest, signal: AbortSignal): AsyncIterableIterator<AgentEvent> {
    const stop = new AbortController();
    const events = new EventStream(() => stop.abort());
    const finished = this.#run(request, { signal: AbortSignal.any([signal, stop.signal]), events }).finally(() => {
      events.end();
      this.#running.delete(turn);
    });
    const isCommand = this.#match(request) !== undefined;
    const turn: RunningTurn = { sessionKey: request.session.key, stop, isCommand, finished };
    this.#running.add(turn);
    return events;
  }

  /** Stops what runs and waits in a session that was deleted. */
  stopSession(sessionKey: string): void {
    this.#stop(sessionKey, new GatewayError('SESSION_NOT_FOUND', { message: `the session '${sessionKey}' was deleted` }));
  }

  /** Ends what is being said in a session; it is kept. @returns whether there was something */
  stopTurns(sessionKey: string): boolean {
    return this.#stop(sessionKey, stoppedByRequest());
  }

  #stop(sessionKey: string, reason: GatewayError): boolean {
    const found = [...this.#running].filter((turn) => turn.sessionKey === sessionKey && !turn.isCommand);
    for (const turn of found) turn.stop.abort(reason);
    return found.length > 0;
  }

  /** Lets turns end for `timeoutMs`, then stops the rest and waits until what they said is stored. @returns how many were cut */
  async drain(timeoutMs: number): Promise<number> {
    const ended = new AbortController();
    const cancel = this.#options.clock.after(timeoutMs, () => ended.abort());
    const timeIsUp = new Promise<void>((resolve) => ended.signal.addEventListener('abort', () => resolve(), { once: true }));
    // Connections that are kept alive may still start one.
    while (this.#running.size > 0 && !ended.signal.aborted) {
      await Promise.race([timeIsUp, Promise.all([...this.#running].map(({ finished }) => finished))]);
    }
    cancel();
    const cut = [...this.#running];
    const reason = new GatewayError('STOPPING', {
      message: 'the gateway stops or restarts; what had been said is kept in the session',
      hint: 'Send the message again.',
    });
    for (const turn of cut) turn.stop.abort(reason);
    await Promise.all(cut.map(({ finished }) => finished));
    return cut.length;
  }

  /** Never rejects. */
  async #run(request: TurnRequest, io: TurnIo): Promise<void> {
    let leave: (() => void) | undefined;
    try {
      if (this.#match(request)?.command.stopsTurns === true) this.#stop(request.session.key, stoppedByRequest());
      leave = await this.#queue.enter(request.session.key, io.signal);
      const turn = await this.#options.journal.begin({ ...request, agentId: request.agent.id }, io.signal, request.hooks);
      await this.#speak(request, turn, io);
    } catch (error) {
      const told = io.signal.aborted && error === io.signal.reason ? stopReason(io.signal) : this.#toTold(error);
      io.events.push(toErrorEvent(told));
    } finally {
      leave?.();
    }
  }

  /** From the stored question to the stored answer. */
  async #speak(request: TurnRequest, beginning: BeginningTurn, io: TurnIo): Promise<void> {
    const { live, spoken } = this.#options;
    const { hooks } = request;
    const stored = beginning.stored.then(() => live.begin(beginning.session.key, { replaces: undefined, ...beginning }));
    // Who tells something of the turn waits for it, and hears of it.
    stored.catch(() => undefined);
    const turn = { ...beginning, stored };
    let state: TurnOutcome['state'] | 'again' = 'error';
    const ended: TurnHooks['ended'] = async (tx, end) => {
      const isKept = (await hooks?.ended?.(tx, end)) ?? true;
      state = isKept ? end.state : 'again';
      return isKept;
    };
    try {
      const outcome = await this.#answer(request, turn, io);
      await hooks?.settle?.();
      spoken.end(turn.id);
      await this.#finish(turn, outcome, { ...io, hooks: { ...hooks, ended }, log: this.#logOf(request, turn) });
    } finally {
      live.end(turn.session.key, turn.id, state);
    }
  }

  /** What belongs to a turn is found by its id, and by what asked for it. */
  #logOf({ origin }: TurnRequest, { id, session }: BeginningTurn): LogPort {
    return withFields(this.#options.logger, { turnId: id, session: session.key, ...origin });
  }

  #toTold(error: unknown): GatewayError {
    if (error instanceof GatewayError && error.spec.expose) return error;
    this.#options.logger.error({ err: error }, 'a turn failed');
    return new GatewayError('INTERNAL_ERROR', { message: 'the gateway failed to run the turn; its log says why', cause: error });
  }

  async #finish(turn: BegunTurn, outcome: TurnOutcome, io: TurnIo & { hooks: TurnHooks | undefined; log: LogPort }): Promise<void> {
    const reason = outcome.state === 'aborted' ? stopReason(io.signal) : null;
    let messageId: string | undefined;
    const ended = (tx: Transaction, replyId: string): Promise<boolean> => {
      messageId = replyId;
      return io.hooks?.ended?.(tx, { ...outcome, replyId, stopReason: reason }) ?? Promise.resolve(true);
    };
    if (!(await this.#options.journal.end(turn, outcome, ended))) {
      throw new GatewayError('UNAVAILABLE', {
        message: 'another worker of the gateway took this session over; the answer was not kept',
        hint: 'Send the message again.',
      });
    }
    const { state, error } = outcome;
    io.log.info({ messageId, model: outcome.model, state, ...(error === null ? {} : { code: error.code }) }, 'a turn has ended');
    io.hooks?.committed?.();
    if (reason !== null) throw reason;
    if (outcome.error !== null) throw outcome.error;
    const { reply, model, usage } = outcome;
    io.events.push({ type: 'done', reply, session: turn.session.key, model: model ?? GUIDE_REF, usage: toUsageDocument(usage) });
  }

  /** What the turn came to. A fault of the gateway itself is an outcome too: the question is stored, so its end must be. */
  async #answer(request: TurnRequest, turn: BeginningTurn, io: TurnIo): Promise<TurnOutcome> {
    const reply: string[] = [];
    const say = (text: string): void => {
      reply.push(text);
      io.events.push({ type: 'delta', text });
      this.#options.live.say(turn.session.key, turn.id, text);
      this.#options.spoken.say(turn.id, text);
    };
    const [first] = request.candidates;
    const outcome = (rest: Partial<TurnOutcome>): TurnOutcome => ({
      state: 'done',
      model: first.ref,
      usage: null,
      error: null,
      ...rest,
      reply: reply.join(''),
    });
    try {
      const commanded = await this.#runCommand(request, turn);
      if (commanded !== undefined) {
        say(commanded);
        return outcome({ model: GUIDE_REF });
      }
      return outcome(await this.#askModels(request, turn, { ...io, say }));
    } catch (error) {
      return outcome({ state: 'error', error: this.#toTold(error) });
    }
  }

  async #runCommand(request: TurnRequest, turn: BeginningTurn): Promise<string | undefined> {
    const [first] = request.candidates;
    const matched = this.#match(request);
    if (matched === undefined) return undefined;
    const { command, call } = matched;
    await turn.stored;
    const { session, questionId } = turn;
    const place = { sessionId: session.id, sessionKey: session.key, agentId: request.agent.id, callKey: `command:${questionId}` };
    return command.run({ ...call, ...place, model: first.ref });
  }

  /** Where no language model listens, nobody else could make sense of a command. */
  #match({ runsCommands, candidates: [first], text }: TurnRequest): ReturnType<CommandRegistry['match']> {
    return runsCommands || first.ref === GUIDE_REF ? this.#options.commands.match(text) : undefined;
  }

  async #askModels(request: TurnRequest, turn: BeginningTurn, io: TurnIo & { say: (text: string) => void }): Promise<Partial<TurnOutcome>> {
    const { store, commands, tools, files, attachments, clock } = this.#options;
    const { agent, text, candidates } = request;
    const events = answer({
      candidates,
      buildRequest: (step) =>
        buildModelRequest({ store, commands, files, attachments, turn, step, text, systemPrompt: agent.systemPrompt }),
      tools: tools.forTurn(agent, turn, io.signal),
      signal: io.signal,
      clock,
      logger: this.#logOf(request, turn),
      random: () => this.#options.random(),
    });
    for await (const event of events) {
      // The model was asked while the disk took the question; nothing is told, and no tool is run, before it has it.
      await turn.stored;
      switch (event.type) {
        case 'delta':
          io.say(event.text);
          break;
        case 'tool':
          io.events.push(event);
          this.#options.live.useTool(turn.session.key, turn.id, event);
          break;
        case 'finished':
          return { state: 'done', model: event.ref, usage: event.usage };
        case 'aborted':
          return { state: 'aborted', model: event.ref, usage: event.usage };
        case 'failed':
          return { state: 'error', model: event.ref, error: event.error, usage: event.usage };
      }
    }
    throw new Error('an answer ended without an end');
  }
}
