/**
 * What is on disk about a turn: its question before the model is called, its answer before anybody is told of it, and
 * that it was cut when the worker that ran it is gone. The session's lease makes sure that no two workers run turns of it.
 */
import type { Clock } from '../../../shared/clock.js';
import type { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import type { TurnUsage } from '../providers/token-cost.js';
import { acquireLease, hasVoidLeases, readLeaseOwner, releaseLease, removeVoidLeases } from '../store/leases.js';
import { appendMessage, findMessage } from '../store/conversations/messages.js';
import { readCutText } from '../store/conversations/branches.js';
import type { TurnRow } from '../store/schema.js';
import { ensureSession, getSession, type NewSession, type Session } from '../store/conversations/sessions.js';
import type { Store } from '../store/store.js';
import { removeTurnParts } from '../store/conversations/turn-parts.js';
import { beginTurn, endTurn, readRunningTurns } from '../store/conversations/turns.js';
import type { GatewayEvent } from '../contracts.js';
import { keepCut, setCutAside } from './interrupted-turn.js';
import type { Transaction } from '../store/transaction.js';

export interface TurnJournalOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly instanceId: string;
  liveInstanceIds(): readonly string[];
  /** Is told when a turn has begun and when it has ended, once that is on disk. */
  publish?(event: GatewayEvent): void;
}

/** A turn whose session is ours. */
export interface BegunTurn {
  readonly id: string;
  readonly session: Session;
  /** The question's place: what was said before it is its context. */
  readonly questionSeq: number;
  readonly questionId: string;
  /** The attempt that was cut and that this one replaces, with what had been said in it. */
  readonly replaces?: { readonly id: string; readonly text: string } | undefined;
}

/** One whose question is committed; `stored` resolves when it is on disk. Before that nobody may hear of the turn. */
export type BeginningTurn = BegunTurn & { readonly stored: Promise<void> };

export interface TurnQuestion {
  readonly session: NewSession;
  /** Whether the session must be there already. */
  readonly mustExist: boolean;
  readonly agentId: string;
  readonly text: string;
  /** The id to store the question under. If it is in the session already, the turn goes on from there. */
  readonly messageId?: string | undefined;
  /** The turn of the last attempt at an answer to it, which was cut. */
  readonly previousTurnId?: string | undefined;
}

/** What else belongs into the transactions of a turn. */
export interface TurnHooks {
  /** Runs in the transaction that stores the question. */
  begun?(tx: Transaction, turn: { readonly id: string; readonly session: Session; readonly questionSeq: number }): Promise<void>;
  /** Awaited before the answer is stored. */
  settle?(): Promise<void>;
  /**
   * Runs in the transaction that stores the answer.
   * @returns false when the turn will be run again: then what was said is kept aside
   */
  ended?(tx: Transaction, end: TurnEnding): Promise<boolean>;
  /** That transaction is on disk. */
  committed?(): void;
}

export interface TurnEnding extends TurnOutcome {
  /** The id of the answer in the session. */
  readonly replyId: string;
  /** Why it was stopped, if it was. */
  readonly stopReason: GatewayError | null;
}

/** How a turn ended. `reply` is what was said, also when it was cut. */
export interface TurnOutcome {
  readonly state: 'done' | 'aborted' | 'error';
  readonly reply: string;
  readonly model: string | null;
  readonly usage: TurnUsage | null;
  readonly error: GatewayError | null;
}

const FIRST_WAIT_MS = 50;
const LAST_WAIT_MS = 250;

const INTERRUPTED = 'The answer was interrupted because the gateway stopped. Send the message again to get one.';

const STATUS = { done: 'complete', aborted: 'aborted', error: 'error' } as const;

const leaseKey = (sessionId: number): string => `session:${sessionId}`;

export class TurnJournal {
  readonly #options: TurnJournalOptions;

  constructor(options: TurnJournalOptions) {
    this.#options = options;
  }

  /**
   * Writes the question, once the session's lease is ours: while another live worker runs a turn in it, this one waits.
   * @throws SESSION_NOT_FOUND; UNAVAILABLE; the signal's reason when it is aborted while waiting
   */
  async begin(question: TurnQuestion, signal: AbortSignal, hooks: TurnHooks = {}): Promise<BeginningTurn> {
    for (;;) {
      signal.throwIfAborted();
      const { value: turn, stored } = await this.#options.store.writeEarly(async (tx) => {
        const begun = await this.#tryBegin(tx, question);
        if (typeof begun !== 'string') await hooks.begun?.(tx, begun);
        return begun;
      });
      if (typeof turn !== 'string') {
        const told = stored.then(() => this.#publish(turn, { state: 'started', model: null, usage: null }));
        // Who runs the turn hears of it when it waits for it.
        told.catch(() => undefined);
        return { ...turn, stored: told };
      }
      await stored;
      await this.#waitForLease(turn, signal);
    }
  }

  /** Stores the answer. @returns false when the turn was no longer ours: nothing is stored then */
  async end(turn: BegunTurn, outcome: TurnOutcome, ended?: (tx: Transaction, replyId: string) => Promise<boolean>): Promise<boolean> {
    const { store, clock, instanceId } = this.#options;
    const { state, reply, model, usage, error } = outcome;
    const isEnded = await store.write(async (tx) => {
      const nowMs = clock.now();
      const isOurs = await endTurn(tx, {
        id: turn.id,
        state,
        model,
        errorCode: error?.code ?? null,
        errorMessage: error?.message ?? null,
        inputTokens: usage?.inputTokens ?? null,
        outputTokens: usage?.outputTokens ?? null,
        cacheReadTokens: usage?.cacheReadTokens ?? null,
        cacheWriteTokens: usage?.cacheWriteTokens ?? null,
        costUsd: usage?.costUsd ?? null,
        nowMs,
      });
      if (!isOurs) return false;
      await releaseLease(tx, { key: leaseKey(turn.session.id), owner: instanceId });
      await removeTurnParts(tx, turn.id);
      const replyId = newId('msg');
      if (ended !== undefined && !(await ended(tx, replyId))) {
        const { questionSeq } = turn;
        await setCutAside(tx, { turnId: turn.id, sessionId: turn.session.id, text: reply, model, nowMs, questionSeq });
        return true;
      }
      const message = { sessionId: turn.session.id, turnId: turn.id, nowMs };
      if (reply !== '')
        await appendMessage(tx, { ...message, id: replyId, role: 'assistant', content: reply, model, status: STATUS[state] });
      if (state === 'error' && error !== null) {
        await appendMessage(tx, { ...message, id: newId('msg'), role: 'system', content: error.message, model: null, status: 'error' });
      }
      return true;
    });
    if (isEnded) this.#publish(turn, outcome);
    return isEnded;
  }

  #publish(
    { session }: BegunTurn,
    turn: Pick<Extract<GatewayEvent, { type: 'turn' }>, 'state' | 'model'> & Pick<TurnOutcome, 'usage'>,
  ): void {
    const { state, model, usage } = turn;
    const { inputTokens = null, outputTokens = null, costUsd = null } = usage ?? {};
    this.#options.publish?.({
      type: 'turn',
      session: session.key,
      agentId: session.agentId,
      state,
      model,
      usage: usage === null ? null : { inputTokens, outputTokens, costUsd },
    });
  }

  /** Marks the turns of workers that are gone. @returns how many turns other live workers still run */
  async interruptOrphans(): Promise<number> {
    const { store } = this.#options;
    const running = await store.read(readRunningTurns);
    const live = this.#liveOwners();
    const orphans = running.filter((turn) => !live.includes(turn.instance_id));
    if (orphans.length > 0 || (await store.read((tx) => hasVoidLeases(tx, live)))) {
      await store.write(async (tx) => {
        for (const orphan of orphans) await this.#interrupt(tx, orphan);
        await removeVoidLeases(tx, live);
      });
    }
    return running.filter((turn) => turn.instance_id !== this.#options.instanceId).length - orphans.length;
  }

  #liveOwners(): string[] {
    return [...new Set([this.#options.instanceId, ...this.#options.liveInstanceIds()])];
  }

  /** @returns the turn, or the key of the lease that another live worker holds */
  async #tryBegin(tx: Transaction, question: TurnQuestion): Promise<BegunTurn | string> {
    const { clock, instanceId } = this.#options;
    const nowMs = clock.now();
    const session = question.mustExist
      ? await getSession(tx, question.session.key)
      : (await ensureSession(tx, { ...question.session, nowMs })).session;
    const key = leaseKey(session.id);
    if (!(await acquireLease(tx, { key, owner: instanceId, liveOwners: this.#liveOwners(), nowMs }))) return key;
    // The lease is ours and turns here run one by one: whatever still claims to run in this session does not.
    for (const other of await readRunningTurns(tx)) if (other.session_id === session.id) await this.#interrupt(tx, other);
    const id = newId('turn');
    await beginTurn(tx, { id, sessionId: session.id, agentId: question.agentId, instanceId, nowMs });
    const { seq: questionSeq, id: questionId } = await this.#storeQuestion(tx, { question, sessionId: session.id, turnId: id, nowMs });
    const { previousTurnId: previous } = question;
    if (previous === undefined) return { id, session, questionSeq, questionId };
    return {
      id,
      session,
      questionSeq,
      questionId,
      replaces: { id: previous, text: await readCutText(tx, { sessionId: session.id, turnId: previous }) },
    };
  }

  async #storeQuestion(
    tx: Transaction,
    { question, sessionId, turnId, nowMs }: { question: TurnQuestion; sessionId: number; turnId: string; nowMs: number },
  ): Promise<{ seq: number; id: string }> {
    const stored = question.messageId === undefined ? undefined : await findMessage(tx, question.messageId);
    if (stored?.sessionId === sessionId) return { seq: stored.seq, id: stored.id };
    // An id that a deleted session still has cannot be used again.
    const id = stored === undefined ? (question.messageId ?? newId('msg')) : newId('msg');
    const seq = await appendMessage(tx, {
      id,
      sessionId,
      turnId,
      role: 'user',
      content: question.text,
      model: null,
      status: 'complete',
      nowMs,
    });
    return { seq, id };
  }

  async #interrupt(tx: Transaction, turn: TurnRow): Promise<void> {
    const nowMs = this.#options.clock.now();
    const nothing = {
      model: null,
      errorCode: null,
      inputTokens: null,
      outputTokens: null,
      cacheReadTokens: null,
      cacheWriteTokens: null,
      costUsd: null,
    };
    const wasRunning = await endTurn(tx, { ...nothing, id: turn.id, state: 'interrupted', errorMessage: INTERRUPTED, nowMs });
    // What becomes of a chat's message, and what the chat is told, is decided by the inbox.
    if (!wasRunning || (await keepCut(tx, { turnId: turn.id, sessionId: turn.session_id, nowMs }))) return;
    await appendMessage(tx, {
      id: newId('msg'),
      sessionId: turn.session_id,
      turnId: turn.id,
      role: 'system',
      content: INTERRUPTED,
      model: null,
      status: 'error',
      nowMs,
    });
  }

  /** Looks at longer and longer intervals until the lease is free, or its owner is gone. */
  async #waitForLease(key: string, signal: AbortSignal): Promise<void> {
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LAST_WAIT_MS)) {
      await this.#sleep(waitMs, signal);
      const owner = await this.#options.store.read((tx) => readLeaseOwner(tx, key));
      if (owner === undefined || !this.#liveOwners().includes(owner)) return;
    }
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#options.clock.after(ms, () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      });
      const giveUp = (): void => {
        cancel();
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }
}
