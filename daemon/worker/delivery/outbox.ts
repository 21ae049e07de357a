/**
 * The outbox: takes messages into a transaction, sends them, and tells what became of them. Only the one active worker
 * sends; every worker may take messages in.
 */
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import type { Composition, Delivery, SendOutcome } from '../channels/channel.js';
import { insertOutboxMessage, type Lane, listPendingLanes, type NewOutboxMessage } from '../store/delivery/outbox.js';
import type { Store } from '../store/store.js';
import { StoreWait } from '../store/store-wait.js';
import { type Claim, claimNext, type ClaimedDelivery, recoverOrphans, settle } from './outbox-claim.js';
import { decide, decideInterrupted, type DeliveryDecision, MESSAGE_TTL_MS } from './delivery-policy.js';
import { LaneSchedule, type NextLook } from './lane-schedule.js';
import type { Transaction } from '../store/transaction.js';

/** What the outbox asks of the channels. */
export interface OutboxChannels {
  isReady(channel: string, accountId: string): boolean;
  isIdempotent(channel: string, accountId: string): boolean;
  compose(channel: string, message: Composition): string[];
  /** Never rejects. */
  send(channel: string, delivery: Delivery, signal: AbortSignal): Promise<SendOutcome>;
}

export interface OutboxOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: LogPort;
  readonly channels: OutboxChannels;
  readonly instanceId: string;
  /** Every worker that lives, this one included. */
  liveInstanceIds(): readonly string[];
  /** 0 ≤ x < 1. */
  random(): number;
  /** Is told what became of a message, or of a part of one, once that is on disk. */
  readonly onSettled?: (
    delivery: { messageId: string; channel: string; accountId: string; chatId: string },
    state: DeliveryDecision['state'],
  ) => void;
}

/** A message to take in. */
export interface OutgoingMessage extends Lane {
  readonly id: string;
  /** Markdown. */
  readonly content: string;
  readonly previewId?: string | undefined;
}

/** While an older worker ends its requests it may still take messages in, and cannot tell this one. */
const OVERLAP_LOOK_MS = 500;
const MAX_RUNNING_PER_ACCOUNT = 8;
/** Until the store, which had an error, is tried again. */
const STORE_RETRY_MS = 1_000;

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #lanes: LaneSchedule;
  readonly #cut = new AbortController();
  readonly #lookWait: StoreWait;
  readonly #laneWait: StoreWait;
  #isActive = false;
  #cancelLook: (() => void) | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#lookWait = new StoreWait(options, 'the outbox cannot be read; it is tried again');
    this.#laneWait = new StoreWait(options, 'the outbox of a chat has to wait');
    this.#lanes = new LaneSchedule({
      clock: options.clock,
      maxRunningPerAccount: MAX_RUNNING_PER_ACCOUNT,
      canSend: ({ channel, accountId }) => options.channels.isReady(channel, accountId),
      run: (lane) => this.#run(lane),
    });
  }

  /**
   * What is to be stored of a message. Without bodies it is delivered by being stored, so that there is nothing to {@link wake} for.
   * @throws INVALID_REQUEST for a text that the channel cannot send
   */
  compose({ channel, accountId, chatId, id, content, previewId }: OutgoingMessage): NewOutboxMessage {
    const nowMs = this.#options.clock.now();
    const bodies = this.#options.channels.compose(channel, { id, accountId, chatId, content, nowMs, previewId });
    return { channel, accountId, chatId, id, content, bodies, nowMs, expiresAtMs: nowMs + MESSAGE_TTL_MS };
  }

  /**
   * Runs in a write; when that is committed, call {@link wake}.
   * @throws INVALID_REQUEST for a text that the channel cannot send
   */
  async enqueue(tx: Transaction, message: OutgoingMessage): Promise<void> {
    await insertOutboxMessage(tx, this.compose(message));
  }

  /** Something was committed for that chat. */
  wake(lane: Lane): void {
    if (this.#isActive) this.#lanes.wake(lane);
  }

  wakeAccount(channel: string, accountId: string): void {
    this.#lanes.wakeAccount(channel, accountId);
  }

  /** Decides about what dead workers were sending, and begins to send. Never rejects: a store out of order is tried again. */
  async start(): Promise<void> {
    this.#isActive = true;
    await this.#look();
  }

  /** Claims nothing more. Sends under way have `timeoutMs` to end, then they are cut and put back. */
  async stop(timeoutMs: number): Promise<void> {
    this.#isActive = false;
    this.#cancelLook?.();
    this.#lanes.stop();
    const cancel = this.#options.clock.after(timeoutMs, () => this.#cut.abort());
    await this.#lanes.idle();
    cancel();
  }

  async #look(): Promise<void> {
    const { store, clock } = this.#options;
    const wasSole = this.#isSole();
    let waitMs: number | undefined;
    try {
      await this.#recover();
      for (const lane of await store.read(listPendingLanes)) if (this.#isActive) this.#lanes.add(lane);
      this.#lookWait.succeeded();
    } catch (error) {
      waitMs = this.#lookWait.failed(error);
    }
    if (!this.#isActive || (waitMs === undefined && wasSole)) return;
    this.#cancelLook = clock.after(waitMs ?? OVERLAP_LOOK_MS, () => void this.#look());
  }

  #isSole(): boolean {
    return this.#live().length === 1;
  }

  #live(): string[] {
    return [...new Set([this.#options.instanceId, ...this.#options.liveInstanceIds()])];
  }

  async #recover(): Promise<void> {
    const { store, clock, channels, logger } = this.#options;
    const orphans = await store.write((tx) =>
      recoverOrphans(tx, {
        liveInstanceIds: this.#live(),
        isIdempotent: (channel, accountId) => channels.isIdempotent(channel, accountId),
        nowMs: clock.now(),
      }),
    );
    for (const { messageId, channel, state } of orphans) {
      if (state === 'queued') logger.info({ messageId, channel }, 'a message that was being sent when its worker ended is sent again');
      else
        logger.warn(
          { messageId, channel },
          'a message was being sent when its worker ended: whether it arrived is unknown, so it is not sent again',
        );
    }
  }

  /** Sends what is due in a chat, one after another. */
  async #run(lane: Lane): Promise<NextLook | undefined> {
    try {
      let claim = await this.#options.store.write((tx) => this.#claim(tx, lane));
      while (claim.type === 'delivery') claim = await this.#deliver(claim.delivery);
      this.#laneWait.succeeded();
      if (claim.type === 'wait') return claim;
      if (claim.type === 'empty') return undefined;
      return this.#later(OVERLAP_LOOK_MS);
    } catch (error) {
      return this.#later(this.#laneWait.failed(error, { channel: lane.channel }));
    }
  }

  #later(delayMs: number): NextLook {
    const atMs = this.#options.clock.now() + delayMs;
    return { dueAtMs: atMs, expiresAtMs: atMs };
  }

  async #claim(tx: Transaction, lane: Lane): Promise<Claim> {
    const { channels, instanceId, clock } = this.#options;
    // A queue that is stopping leaves what is there to the next worker.
    if (!this.#isActive) return { type: 'held' };
    return claimNext(tx, lane, { instanceId, canSend: channels.isReady(lane.channel, lane.accountId), nowMs: clock.now() });
  }

  async #deliver(delivery: ClaimedDelivery): Promise<Claim> {
    const outcome = await this.#send(delivery);
    const decision = this.#decide(delivery, outcome);
    this.#report(delivery, decision);
    return this.#record(delivery, decision);
  }

  async #send({ channel, id, accountId, chatId, body }: ClaimedDelivery): Promise<SendOutcome> {
    const { signal } = this.#cut;
    if (signal.aborted) return { type: 'interrupted' };
    try {
      return await this.#options.channels.send(channel, { id, accountId, chatId, body }, signal);
    } catch (error) {
      this.#options.logger.error({ channel, accountId, err: error }, 'a channel failed in a way that it should not');
      return { type: 'unknown', reason: `the channel failed: ${error instanceof Error ? error.message : String(error)}` };
    }
  }

  #decide(delivery: ClaimedDelivery, outcome: SendOutcome): DeliveryDecision {
    const { channels, clock } = this.#options;
    const isIdempotent = channels.isIdempotent(delivery.channel, delivery.accountId);
    if (outcome.type === 'unknown' && this.#cut.signal.aborted) return decideInterrupted(isIdempotent, 'the gateway stopped');
    const { attempts, expiresAtMs } = delivery;
    return decide(outcome, { attempts, isIdempotent, nowMs: clock.now(), expiresAtMs, random: this.#options.random() });
  }

  /** Records what is known, however long the store needs; and takes the chat's next delivery in the same transaction. */
  async #record(delivery: ClaimedDelivery, decision: DeliveryDecision): Promise<Claim> {
    const { store, clock, instanceId, logger } = this.#options;
    for (;;) {
      try {
        const next = await store.write(async (tx) => {
          const isOurs = await settle(tx, delivery, { decision, instanceId, nowMs: clock.now() });
          if (!isOurs) logger.warn({ messageId: delivery.messageId }, 'another worker had taken this delivery over');
          return this.#lanes.hasWaiting(delivery) ? this.#yield() : this.#claim(tx, delivery);
        });
        this.#options.onSettled?.(delivery, decision.state);
        return next;
      } catch (error) {
        const mayPass = error instanceof GatewayError && error.spec.retryable;
        if (!mayPass || this.#cut.signal.aborted) throw error;
        await new Promise<void>((resolve) => clock.after(STORE_RETRY_MS, resolve));
      }
    }
  }

  /** Others of the account have waited longer. */
  #yield(): Claim {
    const nowMs = this.#options.clock.now();
    return { type: 'wait', dueAtMs: nowMs, expiresAtMs: nowMs };
  }

  #report(delivery: ClaimedDelivery, decision: DeliveryDecision): void {
    const { channel, accountId, messageId } = delivery;
    const fields = { channel, accountId, messageId, attempts: delivery.attempts + 1 };
    const { logger } = this.#options;
    switch (decision.state) {
      case 'dead':
        return logger.warn({ ...fields, reason: decision.error }, 'a message was refused and is not sent again');
      case 'unknown':
        return logger.warn({ ...fields, reason: decision.error }, 'whether a message arrived is unknown, so it is not sent again');
      case 'retry_wait':
        return logger.info(
          { ...fields, reason: decision.error, dueAt: new Date(decision.dueAtMs).toISOString() },
          'a message is sent again later',
        );
      case 'delivered':
        return logger.debug?.(fields, 'a message was delivered');
      case 'queued':
    }
  }
}
