/**
 * The inbox: messages from chats outside are stored before the other side is told so, then handled one after another in
 * each chat. Every worker may take messages in; only the one active worker handles them.
 */
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { newId } from '../../../shared/ids.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { LaneSchedule, type NextLook } from './lane-schedule.js';
import {
  finishInbox,
  insertInboxMessage,
  listInboxLanes,
  type NewInboxMessage,
  putBackInbox,
  saveInboxCursor,
  type StoredUpdate,
} from '../store/delivery/inbox.js';
import type { Lane } from '../store/delivery/outbox.js';
import type { InboxMessageRow } from '../store/schema.js';
import type { Store } from '../store/store.js';
import { StoreWait } from '../store/store-wait.js';
import { claimInbox, type InboxClaim, recoverCut, TOLD } from './inbox-claim.js';
import type { Transaction } from '../store/transaction.js';

/** What handles a message. */
export interface InboxHandler {
  /** Handles it to its end; whatever comes of it, the message's row has been finished or put back in the transaction that says so. */
  handle(message: InboxMessageRow): Promise<HandlingResult>;
  /** Runs in a write. Tells a chat why a message of it gets no answer. */
  tell(tx: Transaction, message: InboxMessageRow, text: string): Promise<void>;
  /** Somebody in the chat wants what is being answered there to end. */
  interrupt(lane: Lane): void;
  /** The chat may have something to send. */
  settled(lane: Lane): void;
}

/** `unsettled`: the handling failed before it could end the row. */
export type HandlingResult = 'settled' | { readonly type: 'unsettled'; readonly error: GatewayError };

export interface InboxOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: LogPort;
  readonly handler: InboxHandler;
  readonly instanceId: string;
  /** Every worker that lives, this one included. */
  liveInstanceIds(): readonly string[];
}

export type ReceivedUpdate = Omit<NewInboxMessage, 'id'>;

/** While an older worker ends its requests it may still take messages in, and cannot tell this one. */
const OVERLAP_LOOK_MS = 500;
const RETRY_MS = 1_000;
const MAX_RUNNING_PER_ACCOUNT = 8;
const STOP = /^\s*\/stop(?:@\w+)?\s*$/i;

const laneOf = (row: InboxMessageRow): Lane => ({ channel: row.channel, accountId: row.account_id, chatId: row.chat_id });

export class Inbox {
  readonly #options: InboxOptions;
  readonly #lanes: LaneSchedule;
  readonly #lookWait: StoreWait;
  readonly #laneWait: StoreWait;
  #isActive = false;
  #setAside = 0;
  #cancelLook: (() => void) | undefined;

  constructor(options: InboxOptions) {
    this.#options = options;
    this.#lookWait = new StoreWait(options, 'the inbox cannot be read; it is tried again');
    this.#laneWait = new StoreWait(options, 'the inbox of a chat has to wait');
    this.#lanes = new LaneSchedule({
      clock: options.clock,
      maxRunningPerAccount: MAX_RUNNING_PER_ACCOUNT,
      canSend: () => true,
      run: (lane) => this.#run(lane),
    });
  }

  /** How many messages this worker has given up on since it began. */
  get setAside(): number {
    return this.#setAside;
  }

  /**
   * Stores what a channel has received, in one transaction with how far it has read. Resolves when it is on disk: only
   * then may the other side be told.
   * @throws UNAVAILABLE; then nothing was stored
   */
  async receive(updates: readonly ReceivedUpdate[], cursor?: { scope: string; position: number }): Promise<StoredUpdate[]> {
    const stored = await this.#options.store.write((tx) => this.storeIn(tx, updates, cursor));
    for (const update of updates) this.wake(update);
    return stored;
  }

  /** The part of {@link receive} that is in the transaction, for callers that store more in it; then call {@link wake}. */
  async storeIn(
    tx: Transaction,
    updates: readonly ReceivedUpdate[],
    cursor?: { scope: string; position: number },
  ): Promise<StoredUpdate[]> {
    const nowMs = this.#options.clock.now();
    const stored: StoredUpdate[] = [];
    for (const update of updates) stored.push(await insertInboxMessage(tx, { ...update, id: newId('msg'), nowMs }));
    if (cursor !== undefined) await saveInboxCursor(tx, { ...cursor, nowMs });
    return stored;
  }

  /** Something was committed for that chat. A message that asks to stop does not wait for what it is about. */
  wake({ channel, accountId, chatId, content = '' }: Lane & { readonly content?: string }): void {
    const lane = { channel, accountId, chatId };
    if (STOP.test(content)) this.#options.handler.interrupt(lane);
    if (this.#isActive) this.#lanes.wake(lane);
  }

  /** Decides about what dead workers were handling, and begins to handle. Never rejects. */
  async start(): Promise<void> {
    this.#isActive = true;
    await this.#look();
  }

  /** Begins nothing more. What is being handled goes on; {@link idle} waits for it. */
  stop(): void {
    this.#isActive = false;
    this.#cancelLook?.();
    this.#lanes.stop();
  }

  idle(): Promise<void> {
    return this.#lanes.idle();
  }

  async #look(): Promise<void> {
    const { store, clock } = this.#options;
    const wasSole = this.#live().length === 1;
    let waitMs: number | undefined;
    try {
      await this.#recover();
      for (const lane of await store.read(listInboxLanes)) if (this.#isActive) this.#lanes.add(lane);
      this.#lookWait.succeeded();
    } catch (error) {
      waitMs = this.#lookWait.failed(error);
    }
    if (!this.#isActive || (waitMs === undefined && wasSole)) return;
    this.#cancelLook = clock.after(waitMs ?? OVERLAP_LOOK_MS, () => void this.#look());
  }

  #live(): string[] {
    return [...new Set([this.#options.instanceId, ...this.#options.liveInstanceIds()])];
  }

  async #recover(): Promise<void> {
    const { store, clock, handler, logger } = this.#options;
    const cut = await store.write(async (tx) => {
      const found = await recoverCut(tx, { liveInstanceIds: this.#live(), nowMs: clock.now() });
      for (const { message, outcome } of found) if (outcome !== 'again') await handler.tell(tx, message, TOLD[outcome]);
      return found;
    });
    for (const { message, outcome } of cut) {
      const fields = { messageId: message.id, channel: message.channel, attempts: message.attempts };
      if (outcome === 'again') logger.info(fields, 'a message that was being handled when its worker ended is handled again');
      else
        logger.error(
          fields,
          `a message was ${outcome === 'poisoned' ? 'set aside: the worker ended each time it was handled' : 'interrupted and is not handled again'}`,
        );
      if (outcome === 'poisoned') this.#setAside += 1;
      handler.settled(laneOf(message));
    }
  }

  async #run(lane: Lane): Promise<NextLook | undefined> {
    const { store, instanceId } = this.#options;
    try {
      for (;;) {
        const claim = await store.write(async (tx): Promise<InboxClaim> =>
          this.#isActive ? claimInbox(tx, lane, instanceId) : { type: 'held' },
        );
        this.#laneWait.succeeded();
        if (claim.type === 'empty') return undefined;
        if (claim.type === 'held') return this.#later(OVERLAP_LOOK_MS);
        if (!(await this.#handle(claim.message))) return this.#later(RETRY_MS);
      }
    } catch (error) {
      return this.#later(this.#laneWait.failed(error, { channel: lane.channel }));
    }
  }

  /** @returns false when the message is still there and should be tried again later */
  async #handle(message: InboxMessageRow): Promise<boolean> {
    const { handler, logger } = this.#options;
    const result = await handler.handle(message);
    const fields = { messageId: message.id, channel: message.channel };
    if (result !== 'settled') {
      const { error } = result;
      if (error.spec.retryable) logger.warn({ ...fields, err: error }, 'a message cannot be handled now');
      else logger.error({ ...fields, err: error }, 'a message cannot be handled');
      await this.#settle(message, error);
    }
    handler.settled(laneOf(message));
    return result === 'settled' || !result.error.spec.retryable;
  }

  /** Puts a message back or ends it, however long the store needs: as long as it counts as being handled, its chat waits. */
  async #settle(message: InboxMessageRow, error: GatewayError): Promise<void> {
    const { store, clock, handler, instanceId } = this.#options;
    const row = { seq: message.seq, instanceId };
    for (;;) {
      try {
        return await store.write(async (tx) => {
          if (error.spec.retryable) return putBackInbox(tx, { ...row, countsAttempt: false });
          if (!(await finishInbox(tx, { ...row, state: 'failed', error: error.message, nowMs: clock.now() }))) return;
          await handler.tell(tx, message, `⚠️ ${error.spec.expose ? error.message : 'The gateway could not handle this message.'}`);
        });
      } catch (failure) {
        const mayPass = failure instanceof GatewayError && failure.spec.retryable;
        if (!mayPass || !this.#isActive) throw failure;
        await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
      }
    }
  }

  #later(delayMs: number): NextLook {
    const atMs = this.#options.clock.now() + delayMs;
    return { dueAtMs: atMs, expiresAtMs: atMs };
  }
}
