/**
 * Collects items and writes them to the store together, some time after the first of them, so that nobody waits for the write. Items are
 * kept while the store is unavailable. A crash loses what is not written yet.
 */
import type { Clock } from '../../../shared/clock.js';
import { isUnavailable } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import type { Store } from './store.js';
import type { Transaction } from './transaction.js';

export interface DelayedWriteOptions<Item> {
  readonly store: Pick<Store, 'write'>;
  readonly clock: Clock;
  readonly logger: LogPort;
  readonly delayMs: number;
  readonly write: (tx: Transaction, items: readonly Item[]) => Promise<unknown>;
  /** Logged when a write fails. The store reports its own failures. */
  readonly problem: string;
  /** Merges two items with the same key. The first was added later, or is one that could not be written. */
  readonly merging?: { keyOf(item: Item): unknown; merge(item: Item, other: Item): Item };
}

/** Further items are dropped. */
const MAX_PENDING = 1_000;

export class DelayedWrite<Item> {
  readonly #options: DelayedWriteOptions<Item>;
  #pending = new Map<unknown, Item>();
  #cancel: (() => void) | undefined;
  #isClosed = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: DelayedWriteOptions<Item>) {
    this.#options = options;
  }

  add(item: Item): void {
    const { clock, delayMs, merging } = this.#options;
    const key = merging?.keyOf(item) ?? item;
    const other = this.#pending.get(key);
    if (this.#isClosed || (other === undefined && this.#pending.size >= MAX_PENDING)) return;
    this.#pending.set(key, other === undefined || merging === undefined ? item : merging.merge(item, other));
    this.#cancel ??= clock.after(delayMs, () => void this.flush());
  }

  /** Writes what is pending. Never rejects. */
  flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** Writes pending items and accepts no more. */
  close(): Promise<void> {
    const written = this.flush();
    this.#isClosed = true;
    return written;
  }

  async #write(): Promise<void> {
    const items = [...this.#pending.values()];
    if (items.length === 0) return;
    this.#pending = new Map();
    const { store, logger, write, problem } = this.#options;
    try {
      await store.write((tx) => write(tx, items));
    } catch (error) {
      if (!isUnavailable(error)) logger.warn({ err: error }, problem);
      else for (const item of items) this.add(item);
    }
  }
}
