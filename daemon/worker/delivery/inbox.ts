/**
 * The inbox: messages from chats are stored before the sender is told so, then handled one after another in each chat. Every
 * worker may store messages; only the one active worker handles them.
 */
import { newId } from '../../../shared/ids.js';
import { type InboxMessage, insertInboxMessage, type ReceivedUpdate, type StoredUpdate } from '../store/delivery/inbox.js';
import { saveInboxCursor } from '../store/delivery/inbox-cursors.js';
import type { Lane } from '../store/delivery/outbox.js';
import type { Transaction } from '../store/transaction.js';
import { type InboxHandler, InboxQueue, type InboxQueueOptions } from './inbox-queue.js';
import { LaneWorker, type LaneWorkerOptions } from './lane-worker.js';

export interface InboxOptions extends LaneWorkerOptions, InboxQueueOptions {}

const STOP = /^\s*\/stop(?:@\w+)?\s*$/i;

export class Inbox {
  readonly #options: InboxOptions;
  #running: { readonly worker: LaneWorker<InboxMessage>; readonly queue: InboxQueue; readonly handler: InboxHandler } | undefined;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** How many messages this worker has set aside. */
  get setAside(): number {
    return this.#running?.queue.setAside ?? 0;
  }

  /**
   * Stores what a channel has received. Resolves when it is on disk: only then may the sender be told.
   * @throws UNAVAILABLE; then nothing was stored
   */
  async receive(updates: readonly ReceivedUpdate[]): Promise<StoredUpdate[]> {
    const stored = await this.#options.store.write((tx) => this.storeIn(tx, updates));
    for (const update of updates) this.wake(update);
    return stored;
  }

  /** {@link receive} inside a transaction of the caller, who calls {@link wake} afterwards. `cursor`: how far the source was read. */
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

  /** Call when a message was committed for that chat. One that asks to stop takes effect before those in front of it. */
  wake({ channel, accountId, chatId, content = '' }: Lane & { readonly content?: string }): void {
    const lane = { channel, accountId, chatId };
    if (STOP.test(content)) this.#running?.handler.interrupt(lane);
    this.#running?.worker.wake(lane);
  }

  /** Begins to handle messages. Never rejects. */
  async start(handler: InboxHandler): Promise<void> {
    const queue = new InboxQueue(this.#options, handler);
    const worker = new LaneWorker(this.#options, queue);
    this.#running = { worker, queue, handler };
    await worker.start();
  }

  /** Begins nothing more. What is being handled goes on. */
  stop(): void {
    this.#running?.worker.stop();
  }

  /** Aborts what is still being handled: the next worker handles it. Call {@link stop} first. */
  async close(): Promise<void> {
    this.#running?.handler.stop();
    this.#running?.worker.abort();
    await this.#running?.worker.idle();
  }
}
