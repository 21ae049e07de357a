/**
 * The inbox: messages from chats are stored before they are confirmed, then handled one at a time in each chat. Every
 * worker may store messages; only the one active worker handles them.
 */
import { newId } from '../../../shared/ids.js';
import { isStop } from '../../../shared/sessions/stop-request.js';
import { insertInboxMessage, type ReceivedUpdate, type StoredUpdate } from '../store/delivery/inbox.js';
import { saveInboxCursor } from '../store/delivery/inbox-cursors.js';
import type { Lane } from '../store/delivery/outbox.js';
import type { Transaction } from '../store/transaction.js';
import { type InboxHandler, InboxQueue, type InboxQueueOptions, type TakenMessage } from './inbox-queue.js';
import { LaneWorker, type LaneWorkerOptions } from './lane-worker.js';

export interface InboxOptions extends LaneWorkerOptions, InboxQueueOptions {}

export class Inbox {
  readonly #options: InboxOptions;
  #running: { readonly worker: LaneWorker<TakenMessage>; readonly queue: InboxQueue; readonly handler: InboxHandler } | undefined;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** How many messages this worker has set aside. */
  get setAside(): number {
    return this.#running?.queue.setAside ?? 0;
  }

  /**
   * Stores a message that a channel has received. Resolves when it is on disk: only then may it be confirmed.
   * @throws UNAVAILABLE; then nothing was stored
   */
  async receive(update: ReceivedUpdate): Promise<StoredUpdate> {
    const stored = await this.#options.store.write((tx) => this.storeOne(tx, update));
    this.wakeAll([update], [stored]);
    return stored;
  }

  /** Like {@link receive}, inside the caller's transaction; the caller then calls {@link wake}. */
  storeOne(tx: Transaction, update: ReceivedUpdate): Promise<StoredUpdate> {
    return insertInboxMessage(tx, { ...update, id: newId('msg'), nowMs: this.#options.clock.now() });
  }

  /** Like {@link storeOne}, for several; the caller then calls {@link wakeAll}. `cursor`: the position in the source. */
  async storeIn(
    tx: Transaction,
    updates: readonly ReceivedUpdate[],
    cursor?: { scope: string; position: number },
  ): Promise<StoredUpdate[]> {
    const stored: StoredUpdate[] = [];
    for (const update of updates) stored.push(await this.storeOne(tx, update));
    if (cursor !== undefined) await saveInboxCursor(tx, { ...cursor, nowMs: this.#options.clock.now() });
    return stored;
  }

  /** To be called when a message for the chat was committed. `/stop` takes effect before the messages ahead of it. */
  wake({ channel, accountId, chatId, content = '' }: Lane & { readonly content?: string }): void {
    const lane = { channel, accountId, chatId };
    if (isStop(content)) this.#running?.handler.interrupt(lane, this.#options.clock.now());
    this.#running?.worker.wake(lane);
  }

  /** Like {@link wake}, for what {@link storeIn} returned: a repeated `/stop` does not stop a later answer. */
  wakeAll(updates: readonly ReceivedUpdate[], stored: readonly StoredUpdate[]): void {
    for (const [index, update] of updates.entries()) this.wake(stored[index]?.isRepeated === true ? { ...update, content: '' } : update);
  }

  /** Called when an account may have been configured: its messages may be waiting for that. */
  wakeAccount(channel: string, accountId: string): void {
    this.#running?.worker.wakeAccount(channel, accountId);
  }

  /** Starts handling messages. Never rejects. */
  async start(handler: InboxHandler): Promise<void> {
    const queue = new InboxQueue(this.#options, handler);
    const worker = new LaneWorker(this.#options, queue);
    this.#running = { worker, queue, handler };
    await worker.start();
  }

  /** Starts no more messages; those being handled continue. */
  stop(): void {
    this.#running?.worker.stop();
  }

  /** Aborts the messages being handled; the next worker handles them. Call {@link stop} first. */
  async close(): Promise<void> {
    this.#running?.handler.stop();
    this.#running?.worker.abort();
    await this.#running?.worker.idle();
  }
}
