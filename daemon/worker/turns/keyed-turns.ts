/**
 * Turns of callers with an idempotency key: a key runs one turn, even for callers that arrive while it runs or after its worker has
 * died. The key is stored in the transaction that accepts the question. A turn runs to its end, whether or not a caller still reads
 * it. A caller that reuses the key gets, depending on the state of its turn:
 *
 *   no turn                → a new turn
 *   running here           → all its events, from the beginning
 *   running elsewhere      → the answer of the other live worker, which is awaited
 *   waiting for a person   → what it waits for; once that is decided, its answer is awaited
 *   done                   → the same answer
 *   stopped                → an error that says so
 *   failed                 → the same error; after one that may pass (429, 502, 503), a new attempt
 *   interrupted            → a new attempt; an error for its third worker
 *
 * A new attempt answers the stored question where it is, goes on from what the last attempt has finished, and sets aside the rest of it. Where
 * others have spoken in the session since, the question is set aside too and asked again at the end.
 */
import { ERRORS, GatewayError, isErrorCode } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import { approvalDocument } from '../approvals/approval-document.js';
import { type Approval, readApprovalsOfTurn } from '../store/approvals/approvals.js';
import { MAX_ATTEMPTS } from './interrupted-turn.js';
import { type CallerKey, findAnswer, keyConflict, type KeyUse, scopeOfCaller, storeAnswer } from '../store/idempotency.js';
import { setQuestionAside } from '../store/conversations/branches.js';
import { readTurnRecord, type TurnRecord } from '../store/conversations/turn-outcome.js';
import type { Transaction } from '../store/transaction.js';
import { readTurnSteps } from '../store/turns/turn-steps.js';
import type { Deps } from '../store/tasks/worker-deps.js';
import { repeatToolMessages, textOfSteps } from './steps/adoption.js';
import { SharedEvents } from './event-stream.js';
import type { LiveTurns } from './live-turns.js';
import { NO_USAGE, toDoneEvent, toErrorEvent, type TurnEvent } from './turn-event.js';
import type { BegunTurn, TurnHooks } from './turn-journal.js';
import type { TurnRequest } from './turn-request.js';
import type { TurnRunner } from './turn-runner.js';

export interface KeyedTurnsOptions extends Deps<'store' | 'clock' | 'instanceId' | 'liveness'> {
  readonly turns: Pick<TurnRunner, 'start'>;
  readonly live: Pick<LiveTurns, 'rewind' | 'isRunning'>;
}

/** A turn to run once for its key. */
export interface KeyedTurn extends Omit<KeyUse, 'key'> {
  readonly caller: CallerKey;
  /** Decides everything about a new attempt. @throws for an invalid request */
  prepare(): Promise<TurnRequest>;
}

/** The stored result of a key. */
interface Attempt {
  readonly turnId: string;
  readonly questionId: string;
  /** How many attempts in a row ended with their worker, including this one if it does. */
  readonly count: number;
  /** It was stopped because the gateway stopped. */
  readonly isCutShort: boolean;
}

/** The known state of a key that was used before. */
interface Known {
  /** As it is stored. */
  readonly result: string;
  readonly attempt: Attempt;
  /** Undefined: deleted with its session. */
  readonly turn: TurnRecord | undefined;
  /** Whether another worker runs it, or this one without a caller. */
  readonly isElsewhere: boolean;
  /** What it waits for. */
  readonly approvals: readonly Approval[];
}

/** What to do for a caller. */
type Decision = { readonly type: 'run' | 'wait' } | { readonly type: 'replay'; readonly events: readonly TurnEvent[] };

const RUN = { type: 'run' } as const;
const POLL_MS = 250;
/** A caller that disconnects does not stop a keyed turn, because it may return for the answer. */
const NEVER = new AbortController().signal;

const useOf = ({ scope, caller, bodyHash }: KeyedTurn): KeyUse => ({ scope: scopeOfCaller(scope, caller), key: caller.key, bodyHash });

export class KeyedTurns {
  readonly #options: KeyedTurnsOptions;
  readonly #shared = new Map<string, { readonly bodyHash: string; readonly events: SharedEvents }>();

  constructor(options: KeyedTurnsOptions) {
    this.#options = options;
  }

  /** @throws CONFLICT for a key that was used for something else; the signal's reason */
  run(keyed: KeyedTurn, signal: AbortSignal): AsyncGenerator<TurnEvent> {
    const { caller, bodyHash } = keyed;
    const { scope, key } = useOf(keyed);
    const id = JSON.stringify([scope, key]);
    const running = this.#shared.get(id);
    if (running !== undefined) {
      if (running.bodyHash !== bodyHash) throw keyConflict(caller.key);
      caller.onReplay?.();
      return running.events.follow({ signal, onReplay: () => undefined });
    }
    const events = new SharedEvents();
    this.#shared.set(id, { bodyHash, events });
    void this.#lead(keyed, events)
      .then(
        () => () => events.end(),
        (error: unknown) => () => events.fail(error),
      )
      .then((close) => {
        this.#shared.delete(id);
        close();
      });
    return events.follow({ signal, onReplay: () => caller.onReplay?.() });
  }

  async #lead(keyed: KeyedTurn, events: SharedEvents): Promise<void> {
    for (;;) {
      const known = await this.#options.store.read((tx) => this.#find(tx, keyed));
      const decision = known?.turn === undefined ? RUN : this.#decide(known, known.turn);
      if (decision.type === 'run') {
        if ((await this.#attempt(keyed, known, events)) === 'ended') return;
        continue;
      }
      events.setReplay();
      if (decision.type === 'replay') return decision.events.forEach((event) => events.push(event));
      await new Promise<void>((resolve) => this.#options.clock.after(POLL_MS, resolve));
    }
  }

  async #find(tx: Transaction, keyed: KeyedTurn): Promise<Known | undefined> {
    const result = await findAnswer(tx, { ...useOf(keyed), nowMs: this.#options.clock.now() });
    if (result === undefined) return undefined;
    const attempt = JSON.parse(result) as Attempt;
    const turn = await readTurnRecord(tx, attempt);
    if (turn?.state === 'waiting') {
      const steps = await readTurnSteps(tx, turn.id);
      const approvals = (await readApprovalsOfTurn(tx, turn.id)).filter(({ state }) => state === 'pending');
      const { ref: model = null, usage = null } = steps.at(-1) ?? {};
      const said = { ...turn, reply: textOfSteps(steps), model, usage: usage ?? NO_USAGE };
      return { result, attempt, turn: said, approvals, isElsewhere: false };
    }
    return { result, attempt, turn, approvals: [], isElsewhere: turn !== undefined && (await this.#runsElsewhere(tx, turn)) };
  }

  #decide({ attempt, isElsewhere, approvals }: Known, turn: TurnRecord): Decision {
    const interrupted = { type: 'replay', events: [...textOf(turn), interruptedEvent(turn)] } as const;
    switch (turn.state) {
      case 'running':
      case 'interrupted':
        if (isElsewhere) return { type: 'wait' };
        return turn.isRepeatable && attempt.count < MAX_ATTEMPTS ? RUN : interrupted;
      case 'waiting':
        if (approvals.length === 0) return { type: 'wait' };
        return { type: 'replay', events: [...textOf(turn), { ...toDoneEvent(turn), approvals: approvals.map(approvalDocument) }] };
      case 'aborted':
        if (!attempt.isCutShort) break;
        return turn.isRepeatable ? RUN : interrupted;
      case 'error':
        if (turn.isRepeatable && isErrorCode(turn.error.code) && ERRORS[turn.error.code].retryable) return RUN;
        break;
      case 'done':
    }
    return { type: 'replay', events: [...textOf(turn), lastEvent(turn)] };
  }

  /** A running turn of this worker is shared, unless it has waited; one that is only stored as running here could not store its end. */
  async #runsElsewhere(tx: Transaction, { state, instanceId, sessionKey }: TurnRecord): Promise<boolean> {
    const { instanceId: own, liveness, live } = this.#options;
    if (state !== 'running') return false;
    return instanceId === own ? live.isRunning(sessionKey) : (await liveness.living(tx)).has(instanceId);
  }

  /** @returns `taken` when another worker has begun the turn meanwhile */
  async #attempt(keyed: KeyedTurn, known: Known | undefined, events: SharedEvents): Promise<'ended' | 'taken'> {
    const request = await keyed.prepare();
    const previous = known?.turn?.questionSeq === null ? undefined : known?.turn;
    const isInPlace = previous?.isFollowed === false;
    const questionId = (isInPlace ? known?.attempt.questionId : request.messageId) ?? newId('msg');
    const wasKilled = known?.turn?.state === 'running' || known?.turn?.state === 'interrupted';
    const count = wasKilled ? (known?.attempt.count ?? 0) + 1 : 1;
    const begun = { isTaken: false };
    const hooks = this.#hooks(keyed, { request, known, previous, begun, attempt: { questionId, count } });
    const previousTurnId = previous?.id;
    let isFirst = true;
    for await (const event of this.#options.turns.start({ ...request, messageId: questionId, previousTurnId, hooks }, NEVER)) {
      if (begun.isTaken) continue;
      // The messages of the last attempt have left the conversation.
      if (isFirst && previous?.questionSeq) this.#options.live.rewind(previous.sessionKey, previous.questionSeq);
      isFirst = false;
      events.push(event);
    }
    return begun.isTaken ? 'taken' : 'ended';
  }

  #hooks(
    keyed: KeyedTurn,
    context: {
      readonly request: TurnRequest;
      readonly known: Known | undefined;
      readonly previous: TurnRecord | undefined;
      readonly begun: { isTaken: boolean };
      readonly attempt: Pick<Attempt, 'questionId' | 'count'>;
    },
  ): TurnHooks {
    const { request, known, previous, begun, attempt } = context;
    const remember = (tx: Transaction, turnId: string, isCutShort: boolean): Promise<void> => {
      const result: Attempt = { ...attempt, turnId, isCutShort };
      return storeAnswer(tx, { ...useOf(keyed), result: JSON.stringify(result), nowMs: this.#options.clock.now() });
    };
    return {
      ...request.hooks,
      leavesContext: previous === undefined && request.hooks?.begun === undefined,
      begun: async (tx, turn) => {
        const stored = await findAnswer(tx, { ...useOf(keyed), nowMs: this.#options.clock.now() });
        if (stored !== known?.result || (await hasEndedSince(tx, known, turn))) {
          begun.isTaken = true;
          throw new GatewayError('CONFLICT', { message: 'another worker of the gateway has started this turn' });
        }
        if (previous?.isFollowed === true) await this.#askAgain(tx, previous, turn);
        if (previous?.isFollowed !== false) await request.hooks?.begun?.(tx, turn);
        await remember(tx, turn.id, false);
      },
      ended: async (tx, end) => {
        if (end.stopReason?.code === 'STOPPING') await remember(tx, end.turnId, true);
        return (await request.hooks?.ended?.(tx, end)) ?? true;
      },
    };
  }

  /** Removes the question of an attempt from the conversation, because it was asked again at the end. */
  async #askAgain(tx: Transaction, { id: turnId, sessionId, questionSeq }: TurnRecord, turn: BegunTurn): Promise<void> {
    if (questionSeq === null) return;
    if (turn.session.id === sessionId && turn.steps.length > 0) {
      const nowMs = this.#options.clock.now();
      await repeatToolMessages(tx, { from: turnId, to: turn.id, sessionId, afterSeq: questionSeq, nowMs });
    }
    await setQuestionAside(tx, { sessionId, turnId, questionSeq });
  }
}

/** Whether the turn that was read as running has ended by itself: here, or where it went on after a decision. */
async function hasEndedSince(tx: Transaction, known: Known | undefined, begun: BegunTurn): Promise<boolean> {
  if (known?.turn?.state !== 'running' || begun.id === known.turn.id) return false;
  const { state = 'interrupted' } = (await readTurnRecord(tx, known.attempt)) ?? {};
  return state !== 'running' && state !== 'interrupted';
}

const textOf = ({ reply }: TurnRecord): TurnEvent[] => (reply === '' ? [] : [{ type: 'delta', text: reply }]);

function interruptedEvent({ sessionKey: session }: TurnRecord): TurnEvent {
  return toErrorEvent(
    new GatewayError('CONFLICT', {
      message: 'the answer was interrupted by a stop of the gateway for the third time, or after effects that must not be repeated',
      hint: 'Check the session; to ask again, use a new Idempotency-Key.',
      details: { session },
    }),
  );
}

function lastEvent(turn: TurnRecord): TurnEvent {
  const { state, error, sessionKey: session } = turn;
  if (state === 'done') return toDoneEvent(turn);
  if (state === 'error' && isErrorCode(error.code))
    return toErrorEvent(new GatewayError(error.code, { message: error.message ?? 'the turn failed' }));
  const message = 'the turn was stopped; the text so far is kept in the session';
  return toErrorEvent(new GatewayError('CONFLICT', { message, details: { session } }));
}
