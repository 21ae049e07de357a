/** Keeps the search index close behind the messages: a little later, in steps, and never while nothing is written. */
import type { Clock } from '../../../shared/clock.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { hasSearchBacklog, indexNextMessages } from '../store/search-backlog.js';
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

export class SearchIndexer {
  readonly #options: SearchIndexerOptions;
  readonly #wait: StoreWait;
  /** How many writes there were. */
  #writes = 0;
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

  /** Waits for the step under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#step;
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped || this.#cancel !== undefined) return;
    this.#cancel = this.#options.clock.after(delayMs, () => {
      this.#cancel = undefined;
      this.#step = this.#run();
    });
  }

  async #run(): Promise<void> {
    const { store } = this.#options;
    const writesBefore = this.#writes;
    let nextMs: number | undefined;
    try {
      // An empty write would be synced for nothing.
      if (await store.read(hasSearchBacklog)) {
        await store.writePlain(indexNextMessages, {});
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
