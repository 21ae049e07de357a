/**
 * Keeps the search index close behind the messages: a little later, in steps, and never while nothing is written. In a
 * burst those who write go first: indexing a message takes the database as long as storing it does.
 */
import type { Clock } from '../../../shared/clock.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { countSearchBacklog, indexNextMessages } from '../store/conversations/search-index.js';
import type { Store } from '../store/store.js';
import { StoreWait } from '../store/store-wait.js';

export interface SearchIndexerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: LogPort;
}

/** After a write: more may follow, and many are indexed together. */
const DELAY_MS = 250;
/** Between two steps, so that requests come in between. */
const STEP_PAUSE_MS = 20;
/** More writes than this in a second are a burst, */
const BURST_PER_SECOND = 1_000;
/** which is waited for until so many messages wait: a search reads through them. */
const MAX_WAITING = 250_000;

export class SearchIndexer {
  readonly #options: SearchIndexerOptions;
  readonly #wait: StoreWait;
  /** How many writes there were. */
  #writes = 0;
  /** When the step that comes was planned, and how many writes there had been. */
  #planned = { writes: 0, atMs: 0 };
  #cancel: (() => void) | undefined;
  #step: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: SearchIndexerOptions) {
    this.#options = options;
    this.#wait = new StoreWait(options, 'the search index has to wait');
  }

  /** Begins with what was written before. */
  start(): void {
    this.#options.store.onWritten(() => {
      this.#writes += 1;
      if (this.#step === undefined) this.#schedule(DELAY_MS);
    });
    this.#schedule(DELAY_MS);
  }

  /** Resolves when the step under way is done. */
  async idle(): Promise<void> {
    await this.#step;
  }

  /** Waits for the step under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.idle();
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped || this.#cancel !== undefined) return;
    this.#planned = { writes: this.#writes, atMs: this.#options.clock.now() };
    this.#cancel = this.#options.clock.after(delayMs, () => {
      this.#cancel = undefined;
      this.#step = this.#run();
    });
  }

  #isBurst(): boolean {
    const { writes, atMs } = this.#planned;
    return (this.#writes - writes) * 1_000 > (this.#options.clock.now() - atMs) * BURST_PER_SECOND;
  }

  async #run(): Promise<void> {
    const { store } = this.#options;
    const writesBefore = this.#writes;
    const isBurst = this.#isBurst();
    let nextMs: number | undefined;
    try {
      const waiting = await store.read(countSearchBacklog);
      if (waiting > 0 && isBurst && waiting < MAX_WAITING) nextMs = DELAY_MS;
      // An empty write would be synced for nothing.
      else if (waiting > 0) {
        await store.write(indexNextMessages);
        nextMs = STEP_PAUSE_MS;
      } else if (this.#writes > writesBefore) nextMs = DELAY_MS;
      this.#wait.succeeded();
    } catch (error) {
      nextMs = this.#wait.failed(error);
    }
    this.#step = undefined;
    if (nextMs !== undefined) this.#schedule(nextMs);
  }
}
