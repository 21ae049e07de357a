/**
 * Turns of callers who brought an idempotency key: one turn however often it is asked for, also by those who come while it
 * runs, and after the worker that ran it is gone. The key is stored in the transaction that accepts the question. Its states:
 *
 *   no key         → the question is stored with its turn and the key, and the turn is run: to its end, whoever listens
 *   runs here      → whoever comes reads along, from the beginning
 *   runs elsewhere → another live worker gives the answer: it is waited for
 *   done           → the same answer
 *   stopped        → told so
 *   failed         → the same error; one that may pass (429, 502, 503): the same question is asked again
 *   cut            → its worker has ended: the same question is asked again, unless something was done that must not be done
 *                    twice, or it took the worker down three times; then told so
 *
 * Asked again, the question stays where it is and what the last attempt left goes aside; where somebody has spoken since, the
 * question goes aside, too, and is asked at the end.
 */
import type { Clock } from '../../../shared/clock.js';
import { ERRORS, GatewayError, isErrorCode } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import { GUIDE_REF } from './model/guide.js';
import { MAX_ATTEMPTS } from './attempts.js';
import { setQuestionAside, setTurnAside } from '../store/conversations/branches.js';
import type { Store } from '../store/store.js';
import { readTurnRecord, type TurnRecord } from '../store/conversations/turn-outcome.js';
import type { AgentEvent } from '../contracts.js';
import { type CallerKey, findAnswer, keyConflict, type KeyUse, storeAnswer } from '../store/idempotency.js';
import type { LiveTurns } from './live-turns.js';
import { SharedTurn } from './shared-turn.js';
import type { TurnHooks } from './turn-journal.js';
import type { TurnRequest, TurnRunner } from './turn-runner.js';
import type { Transaction } from '../store/transaction.js';

export interface KeyedTurnsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly turns: Pick<TurnRunner, 'start'>;
  readonly live: Pick<LiveTurns, 'rewind'>;
  readonly instanceId: string;
  liveInstanceIds(): readonly string[];
}

/** A turn to run once for its key. */
export interface KeyedTurn extends Omit<KeyUse, 'key'> {
  readonly caller: CallerKey;
  /** Decides everything about the turn, if there is to be one. @throws what is wrong with the request */
  prepare(): Promise<TurnRequest>;
}

/** What the store has of a key. */
interface Attempt {
  readonly turnId: string;
  readonly questionId: string;
  /** How many attempts in a row have ended with their worker, this one included if it does. */
  readonly count: number;
  /** It was cut because the gateway stopped, not because somebody asked for it. */
  readonly isCutShort: boolean;
}

interface Known {
  /** As it is stored. */
  readonly result: string;
  readonly attempt: Attempt;
  /** Undefined: forgotten. */
  readonly turn: TurnRecord | undefined;
}

const ELSEWHERE_LOOK_MS = 250;
/** A turn is stopped by those who may stop it, not by a caller who has gone: the answer is wanted when he comes back. */
const NEVER = new AbortController().signal;

const useOf = ({ scope, caller: { key }, bodyHash }: KeyedTurn): KeyUse => ({ scope, key, bodyHash });

/** What a turn has come to that will not go on. */
type Standing = 'elsewhere' | 'again' | 'cut' | 'told';

export class KeyedTurns {
  readonly #options: KeyedTurnsOptions;
  readonly #shared = new Map<string, SharedTurn>();

  constructor(options: KeyedTurnsOptions) {
    this.#options = options;
  }

  /** @throws CONFLICT for a key that was used for something else; the signal's reason */
  run(keyed: KeyedTurn, signal: AbortSignal): AsyncGenerator<AgentEvent> {
    const { scope, caller, bodyHash } = keyed;
    const id = JSON.stringify([scope, caller.key]);
    const reader = { signal, onReplay: () => caller.onReplay?.() };
    const running = this.#shared.get(id);
    if (running !== undefined) {
      if (running.bodyHash !== bodyHash) throw keyConflict(caller.key);
      caller.onReplay?.();
      return running.follow({ ...reader, onReplay: () => undefined });
    }
    const shared = new SharedTurn(bodyHash);
    this.#shared.set(id, shared);
    void this.#lead(keyed, shared)
      .then(
        () => undefined,
        (error: unknown) => ({ error }),
      )
      .then((failure) => {
        this.#shared.delete(id);
        shared.end(failure);
      });
    return shared.follow(reader);
  }

  async #lead(keyed: KeyedTurn, shared: SharedTurn): Promise<void> {
    for (;;) {
      const known = await this.#options.store.read((tx) => this.#find(tx, keyed));
      const standing = known === undefined ? 'again' : this.#judge(known);
      if (standing === 'again') {
        if (await this.#attempt(keyed, known, shared)) return;
        continue;
      }
      shared.setReplay();
      if (standing !== 'elsewhere') return tell(shared, known?.turn, standing);
      await new Promise<void>((resolve) => this.#options.clock.after(ELSEWHERE_LOOK_MS, resolve));
    }
  }

  async #find(tx: Transaction, keyed: KeyedTurn): Promise<Known | undefined> {
    const result = await findAnswer(tx, { ...useOf(keyed), nowMs: this.#options.clock.now() });
    if (result === undefined) return undefined;
    const attempt = JSON.parse(result) as Attempt;
    return { result, attempt, turn: await readTurnRecord(tx, attempt) };
  }

  #judge({ attempt, turn }: Known): Standing {
    if (turn === undefined) return 'again';
    const { instanceId } = this.#options;
    const isRunning = turn.state === 'running';
    if (isRunning && turn.instance_id !== instanceId && this.#options.liveInstanceIds().includes(turn.instance_id)) return 'elsewhere';
    const isRepeatable = turn.is_repeatable === 1;
    // One of this worker that runs here is shared; if it is not, its end could not be stored.
    if (isRunning || turn.state === 'interrupted') return isRepeatable && attempt.count < MAX_ATTEMPTS ? 'again' : 'cut';
    if (turn.state === 'aborted' && attempt.isCutShort) return isRepeatable ? 'again' : 'cut';
    const mayPass = turn.state === 'error' && isErrorCode(turn.error_code) && ERRORS[turn.error_code].retryable;
    return mayPass && isRepeatable ? 'again' : 'told';
  }

  /** @returns false when somebody else has begun the turn meanwhile */
  async #attempt(keyed: KeyedTurn, known: Known | undefined, shared: SharedTurn): Promise<boolean> {
    const request = await keyed.prepare();
    const previous = known?.turn?.questionSeq === null ? undefined : known?.turn;
    const isInPlace = previous?.isFollowed === false;
    const questionId = (isInPlace ? known?.attempt.questionId : request.messageId) ?? newId('msg');
    const wasKilled = known?.turn?.state === 'running' || known?.turn?.state === 'interrupted';
    const count = wasKilled ? (known?.attempt.count ?? 0) + 1 : 1;
    const begun = { isTaken: false };
    const hooks = this.#hooks(keyed, { request, known, previous, begun, attempt: { questionId, count } });
    const events = this.#options.turns.start(
      { ...request, messageId: questionId, previousTurnId: isInPlace ? previous?.id : undefined, hooks },
      NEVER,
    );
    let isFirst = true;
    for await (const event of events) {
      if (begun.isTaken) continue;
      // Who watches the session is told that what the last attempt left is there no more.
      if (isFirst && previous?.questionSeq) this.#options.live.rewind(previous.sessionKey, previous.questionSeq);
      isFirst = false;
      shared.push(event);
    }
    return !begun.isTaken;
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
    let turnId = '';
    return {
      ...request.hooks,
      begun: async (tx, turn) => {
        const stored = await findAnswer(tx, { ...useOf(keyed), nowMs: this.#options.clock.now() });
        if (stored !== known?.result) {
          begun.isTaken = true;
          throw new GatewayError('CONFLICT', { message: 'another worker of the gateway has begun this turn' });
        }
        turnId = turn.id;
        if (previous !== undefined) await clear(tx, previous);
        if (previous?.isFollowed !== false) await request.hooks?.begun?.(tx, turn);
        await remember(tx, turn.id, false);
      },
      ended: async (tx, end) => {
        if (end.stopReason?.code === 'STOPPING') await remember(tx, turnId, true);
        return (await request.hooks?.ended?.(tx, end)) ?? true;
      },
    };
  }
}

/** Runs in a write. Takes what an attempt left out of the conversation. */
async function clear(tx: Transaction, { id: turnId, session_id: sessionId, questionSeq, isFollowed }: TurnRecord): Promise<void> {
  if (questionSeq === null) return;
  const turn = { sessionId, turnId, questionSeq };
  await (isFollowed ? setQuestionAside(tx, turn) : setTurnAside(tx, turn));
}

/** Gives the answer of before, or says why there is none. */
function tell(shared: SharedTurn, turn: TurnRecord | undefined, standing: 'cut' | 'told'): void {
  if (turn === undefined) throw new Error('a turn that is forgotten was to be told of');
  const { reply, sessionKey: session, model } = turn;
  if (reply !== '') shared.push({ type: 'delta', text: reply });
  if (turn.state === 'done') {
    const usage = { inputTokens: turn.input_tokens, outputTokens: turn.output_tokens, costUsd: turn.cost_usd };
    shared.push({ type: 'done', reply, session, model: model ?? GUIDE_REF, usage });
  } else shared.push(standing === 'cut' ? cutEvent(session) : endEvent(turn));
}

function cutEvent(session: string): AgentEvent {
  const message =
    'the answer was cut when the gateway ended, after something had been done that must not be done twice, or for the third time. ' +
    'Look at the session; to ask again, use a new Idempotency-Key.';
  return { type: 'error', code: 'CONFLICT', message, details: { session } };
}

function endEvent({ state, error_code: code, error_message: message, sessionKey: session }: TurnRecord): AgentEvent {
  if (state === 'error' && isErrorCode(code)) return { type: 'error', code, message: message ?? 'the turn failed' };
  return {
    type: 'error',
    code: 'CONFLICT',
    message: 'the turn was stopped; what had been said is kept in the session',
    details: { session },
  };
}
