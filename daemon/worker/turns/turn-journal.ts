/**
 * Stores a turn: its question before the model is called, its answer before any reader sees its end, and its interruption when its
 * worker has died. The session's lease keeps two workers from running turns of one session.
 */
import type { GatewayEvent } from '../../../shared/api/gateway/events.js';
import { pause } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import { sayOfAnswer } from '../../../shared/text/sentences/answer.js';
import { appendMessage } from '../store/conversations/messages.js';
import { ensureSession, getSession } from '../store/conversations/sessions.js';
import { removeTurnParts } from '../store/conversations/turn-parts.js';
import { findTurnStop, requestTurnStop } from '../store/conversations/turn-stops.js';
import { endTurn, readRunningTurns } from '../store/conversations/turns.js';
import { removeTurnSteps } from '../store/turns/turn-steps.js';
import { parkAgain, parkTurn } from '../store/turns/waiting-turns.js';
import { acquireLease, listLeaseOwners, readLeaseOwner, releaseLease, removeLeasesOf } from '../store/leases.js';
import { tellOthers, type Transaction } from '../store/transaction.js';
import type { Deps } from '../store/tasks/worker-deps.js';
import { interruptTurn, keepAside } from './interrupted-turn.js';
import { type BegunTurn, storeTurn, type TurnQuestion } from './steps/begin-turn.js';
import { giveUpWaiting, resumeTurn } from './steps/waiting.js';
import { requestedStop, toUsage, type TurnOutcome } from './turn-event.js';

export type { BegunTurn, TurnQuestion } from './steps/begin-turn.js';

/** A turn began or ended, and that is on disk. */
export type TurnChange = Extract<GatewayEvent, { type: 'turn' }>;

export interface TurnJournalOptions extends Deps<'store' | 'clock' | 'instanceId' | 'liveness'> {
  publish?(change: TurnChange): void;
}

/**
 * A turn whose question is being committed. Nothing about it may be reported before `stored` resolves; if that rejects, there is no
 * turn.
 */
export type BeginningTurn = BegunTurn & { readonly stored: Promise<void> };

/** The interface through which the requester of a turn takes part in its transactions. */
export interface TurnHooks {
  /** Runs in the transaction that stores the question. */
  begun?(tx: Transaction, turn: BegunTurn): Promise<void>;
  /** Whether `begun` does not change the model's input (messages, files), so that the model can be called before the commit. */
  readonly leavesContext?: boolean;
  /** Awaited before the answer is stored. */
  beforeEnd?(): Promise<void>;
  /**
   * Runs in the transaction that stores the answer.
   * @returns false when the turn will be run again: then its text is kept aside
   */
  ended?(tx: Transaction, end: TurnEnding): Promise<boolean>;
  /** Called when that transaction is on disk. */
  committed?(): void;
}

export interface TurnEnding extends TurnOutcome {
  readonly turnId: string;
  /** The id of the answer in the session. */
  readonly replyId: string;
  /** Why the turn was stopped; null for one that was not. */
  readonly stopReason: GatewayError | null;
}

type EndContext = Pick<TurnEnding, 'replyId' | 'stopReason'> & Pick<Required<TurnHooks>, 'ended'>;

/**
 * The outcome of storing a turn's end. `again`: the turn will be run again. `lost`: another worker took the session; nothing was
 * stored.
 */
export type StoredEnd = 'kept' | 'again' | 'lost';

const FIRST_WAIT_MS = 50;
const LAST_WAIT_MS = 250;
const ABANDON_RETRY_MS = 1_000;

const STATUS = { done: 'complete', aborted: 'aborted', error: 'error' } as const;

const leaseKey = (sessionId: number): string => `session:${sessionId}`;

type Attempt =
  | { readonly type: 'begun'; readonly turn: BegunTurn; readonly hasInterrupted: boolean }
  | { readonly type: 'leased'; readonly key: string };

export class TurnJournal {
  readonly #options: TurnJournalOptions;

  constructor(options: TurnJournalOptions) {
    this.#options = options;
  }

  /**
   * Stores the question once this worker holds the session's lease, and waits while another live worker holds it.
   * @throws SESSION_NOT_FOUND; UNAVAILABLE; the signal's reason when it is aborted while waiting
   */
  async begin(question: TurnQuestion, signal: AbortSignal, hooks: TurnHooks = {}): Promise<BeginningTurn> {
    for (;;) {
      signal.throwIfAborted();
      const { value: attempt, stored } = await this.#options.store.writeEarly(async (tx) => {
        const tried = await this.#tryBegin(tx, question);
        if (tried.type === 'begun') await hooks.begun?.(tx, tried.turn);
        return tried;
      });
      if (attempt.type === 'begun') {
        const { turn, hasInterrupted } = attempt;
        // The model's input is read from committed data.
        if (hasInterrupted || (hooks.begun !== undefined && hooks.leavesContext !== true)) await stored;
        const published = stored.then(() => this.#publish(turn, { state: 'started', model: null, usage: null }));
        // The code that runs the turn awaits `stored` and gets the error there.
        published.catch(() => undefined);
        return { ...turn, stored: published };
      }
      await stored;
      await this.#waitForLease(attempt.key, signal);
    }
  }

  /** Stores the end of the turn, with its answer. */
  async end(turn: BegunTurn, outcome: TurnOutcome, context: EndContext): Promise<StoredEnd> {
    const { store, clock, instanceId } = this.#options;
    const { state, reply, model, usage, error, cutOff } = outcome;
    if (state === 'waiting') return this.#park(turn, outcome, context);
    const { replyId, ended } = context;
    const { id: turnId, session, questionSeq } = turn;
    const result = await store.write(async (tx): Promise<StoredEnd> => {
      const nowMs = clock.now();
      const stopReason = await this.#whyStopped(tx, turn, context);
      const isParked = stopReason?.code === 'STOPPING' && (await parkAgain(tx, turnId));
      if (!isParked && !(await endTurn(tx, { id: turnId, state, model, usage, error, cutOff, nowMs }))) return 'lost';
      tellOthers(tx, `session:${session.id}`);
      await releaseLease(tx, { key: leaseKey(session.id), owner: instanceId });
      await removeTurnParts(tx, { turnId });
      if (isParked) return 'again';
      if (!(await ended(tx, { ...outcome, turnId, replyId, stopReason }))) {
        await keepAside(tx, { turnId, sessionId: session.id, text: reply, model, nowMs, questionSeq });
        return 'again';
      }
      // A request repeated after a stop of the gateway continues from these steps.
      if (stopReason?.code !== 'STOPPING') await removeTurnSteps(tx, { turnId, nowMs });
      const message = { sessionId: session.id, turnId, nowMs };
      if (reply !== '' && outcome.nothingToReport === undefined)
        await appendMessage(tx, { ...message, id: replyId, role: 'assistant', content: reply, model, status: STATUS[state] });
      if (state === 'error' && error !== null)
        await appendMessage(tx, { ...message, id: newId('msg'), role: 'system', content: error.message, model: null, status: 'error' });
      return 'kept';
    });
    // The usage of a continued turn is counted at its end.
    if (result !== 'lost') this.#publish(turn, result === 'again' ? { ...outcome, usage: null } : outcome);
    return result;
  }

  /** A turn that another worker was asked to stop, while this one stopped it for its own end, is not run again. */
  async #whyStopped(tx: Transaction, { id, session }: BegunTurn, { stopReason }: EndContext): Promise<GatewayError | null> {
    const request = stopReason?.code === 'STOPPING' ? await findTurnStop(tx, id) : undefined;
    return request === undefined ? stopReason : requestedStop(request, session.key);
  }

  /** Stores that a turn waits for a person, with its questions. */
  async #park(turn: BegunTurn, outcome: TurnOutcome, { replyId, ended }: EndContext): Promise<StoredEnd> {
    const { store, clock, instanceId } = this.#options;
    const { id, session, questionId } = turn;
    const isParked = await store.write(async (tx) => {
      const parked = await parkTurn(tx, { id, questionId });
      if (parked === undefined) return false;
      tellOthers(tx, `session:${session.id}`);
      await releaseLease(tx, { key: leaseKey(session.id), owner: instanceId });
      await removeTurnParts(tx, { turnId: id });
      await ended(tx, { ...outcome, turnId: id, replyId, stopReason: null });
      const nowMs = clock.now();
      const error = { code: 'CONFLICT', message: sayOfAnswer('turn-stopped') };
      if (parked.isStopped) await giveUpWaiting(tx, { turnId: id }, { instanceId, error, nowMs });
      // All of it may be decided already.
      else await resumeTurn(tx, { id, nowMs });
      return true;
    });
    if (isParked) this.#publish(turn, { ...outcome, usage: null });
    return isParked ? 'kept' : 'lost';
  }

  /**
   * Abandons a turn whose end could not be stored: as long as this worker is alive, other workers wait for its session. Retries
   * until the store is available or `signal` is aborted. @throws errors that are not temporary
   */
  async abandon({ id, session }: BegunTurn, signal: AbortSignal): Promise<void> {
    const { store, clock, instanceId } = this.#options;
    for (;;) {
      try {
        await store.write(async (tx) => {
          // Otherwise the lease may be that of the next turn.
          if (!(await interruptTurn(tx, { id, sessionId: session.id }, clock.now()))) return;
          tellOthers(tx, `session:${session.id}`);
          await releaseLease(tx, { key: leaseKey(session.id), owner: instanceId });
        });
        return;
      } catch (error) {
        if (!(error instanceof GatewayError && error.spec.retryable)) throw error;
        await pause(ABANDON_RETRY_MS, clock, signal);
        if (signal.aborted) return;
      }
    }
  }

  /** Asks other workers to end the turns of a session. @returns whether there was one */
  async requestStop(sessionKey: string): Promise<boolean> {
    const { store, liveness } = this.#options;
    if (liveness.isAlone()) return false;
    return (await store.write((tx) => requestTurnStop(tx, { sessionKey, reason: 'stopped' }))) > 0;
  }

  #publish({ session }: BegunTurn, { state, model, usage }: Pick<TurnOutcome, 'model' | 'usage'> & Pick<TurnChange, 'state'>): void {
    const { key, agentId } = session;
    this.#options.publish?.({ type: 'turn', session: key, agentId, state, model, usage: usage && toUsage(usage) });
  }

  /** Ends the turns of dead workers. @returns how many turns other live workers still run */
  async interruptOrphans(): Promise<number> {
    const { store, clock, instanceId, liveness } = this.#options;
    const { running, owners, living } = await store.read(async (tx) => ({
      running: await readRunningTurns(tx),
      owners: await listLeaseOwners(tx),
      living: await liveness.living(tx),
    }));
    const orphans = running.filter((turn) => !living.has(turn.instanceId));
    const dead = owners.filter((owner) => !living.has(owner));
    if (orphans.length > 0 || dead.length > 0) {
      await store.write(async (tx) => {
        for (const orphan of orphans) await interruptTurn(tx, orphan, clock.now());
        for (const owner of dead) await removeLeasesOf(tx, owner);
      });
    }
    return running.filter((turn) => turn.instanceId !== instanceId).length - orphans.length;
  }

  async #tryBegin(tx: Transaction, question: TurnQuestion): Promise<Attempt> {
    const { clock, instanceId, liveness } = this.#options;
    const nowMs = clock.now();
    const session = question.mustExist
      ? await getSession(tx, question.session.key)
      : (await ensureSession(tx, { ...question.session, nowMs })).session;
    const key = leaseKey(session.id);
    if (!(await acquireLease(tx, { key, owner: instanceId, liveness, nowMs }))) return { type: 'leased', key };
    // This worker holds the lease and runs one turn per session: any other turn stored as running is not really running.
    const others = (await readRunningTurns(tx)).filter((turn) => turn.sessionId === session.id);
    for (const other of others) await interruptTurn(tx, other, nowMs);
    tellOthers(tx, `session:${session.id}`);
    return { type: 'begun', turn: await storeTurn(tx, { question, session, instanceId, nowMs }), hasInterrupted: others.length > 0 };
  }

  /** Polls at growing intervals until the lease is free or its owner is gone. */
  async #waitForLease(key: string, signal: AbortSignal): Promise<void> {
    const { store, liveness } = this.#options;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LAST_WAIT_MS)) {
      await pause(waitMs, this.#options.clock, signal);
      signal.throwIfAborted();
      const isHeld = await store.read(async (tx) => (await liveness.living(tx)).has(await readLeaseOwner(tx, key)));
      if (!isHeld) return;
    }
  }
}
