/** The outbox: stores messages for chats in the caller's transaction, and sends them. Only the one active worker sends. */
import { insertOutboxMessages, type Lane, type NewOutboxMessage } from '../store/delivery/outbox.js';
import type { Transaction } from '../store/transaction.js';
import { MESSAGE_TTL_MS } from './delivery-policy.js';
import { LaneWorker, type LaneWorkerOptions } from './lane-worker.js';
import { type ClaimedDelivery, OutboxQueue, type OutboxQueueOptions } from './outbox-queue.js';
import type { OnMessageEnd } from './record-attempt.js';

export interface OutboxOptions extends LaneWorkerOptions, OutboxQueueOptions {}

/** A message to send. */
export interface OutgoingMessage extends Lane {
  readonly id: string;
  /** Markdown. */
  readonly content: string;
  readonly previewId?: string | undefined;
  /** A decision that the message asks for. */
  readonly approvalId?: number | undefined;
}

export class Outbox {
  readonly #options: OutboxOptions;
  #worker: LaneWorker<ClaimedDelivery> | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /**
   * Returns the row of a message. A message without bodies is delivered by being stored; it needs no {@link wake}.
   * @throws INVALID_REQUEST for a text that the channel cannot send
   */
  compose({ channel, accountId, chatId, id, content, previewId, approvalId }: OutgoingMessage): NewOutboxMessage {
    const nowMs = this.#options.clock.now();
    const bodies = this.#options.channels.compose(channel, { id, accountId, chatId, content, nowMs, previewId, approvalId });
    return { channel, accountId, chatId, id, content, bodies, nowMs, expiresAtMs: nowMs + MESSAGE_TTL_MS };
  }

  /**
   * Runs in a transaction; after the commit, call {@link wake}.
   * @throws INVALID_REQUEST for a text that the channel cannot send
   */
  async enqueue(tx: Transaction, message: OutgoingMessage): Promise<void> {
    await insertOutboxMessages(tx, [this.compose(message)]);
  }

  /** Call when a message was committed for that chat. */
  wake(lane: Lane): void {
    this.#worker?.wake(lane);
  }

  /** To be called when an account has become ready. */
  wakeAccount(channel: string, accountId: string): void {
    this.#worker?.wakeAccount(channel, accountId);
  }

  /** Starts sending. Never rejects. @param onEnd  called in the transaction that ends a message; default: nothing */
  async start(onEnd: OnMessageEnd = async () => undefined): Promise<void> {
    this.#worker = new LaneWorker(this.#options, new OutboxQueue(this.#options, onEnd));
    await this.#worker.start();
  }

  /** Claims nothing more. Sends in progress have `timeoutMs` to end; then they are aborted and requeued. */
  async stop(timeoutMs: number): Promise<void> {
    this.#worker?.stop();
    const cancel = this.#options.clock.after(timeoutMs, () => this.#worker?.abort());
    await this.#worker?.idle();
    cancel();
  }
}
