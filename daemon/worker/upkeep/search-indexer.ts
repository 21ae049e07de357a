/**
 * Keeps the search index close behind the messages: with a short delay, in steps, and only after writes. During a burst of writes,
 * indexing waits, because it costs the database as much as storing the message.
 */
import { countSearchBacklog, indexNextMessages } from '../store/conversations/session-search.js';
import { StoreWait } from '../store/store-wait.js';
import type { Deps } from '../store/tasks/worker-deps.js';

export type SearchIndexerOptions = Deps<'store' | 'clock' | 'logger'>;

/** Delay after a write, so that many messages are indexed together. */
const DELAY_MS = 250;
/** Pause between two steps, for other requests. */
const STEP_PAUSE_MS = 20;
/** More writes per second than this are a burst. */
const BURST_PER_SECOND = 1_000;
/** Messages that may wait during a burst. A search scans them. */
const MAX_WAITING = 250_000;

export class SearchIndexer {
  readonly #options: SearchIndexerOptions;
  readonly #wait: StoreWait;
  /** Number of writes so far. */
  #writes = 0;
  /** When the next step was planned, and the number of writes by then. */
  #planned = { writes: 0, atMs: 0 };
  #cancel: (() => void) | undefined;
  #step: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: SearchIndexerOptions) {
    this.#options = options;
    this.#wait = new StoreWait(options, 'the search index is waiting for the store');
  }

  /** Starts with messages that were written before. */
  start(): void {
    this.#options.store.onWritten(() => {
      this.#writes += 1;
      if (this.#step === undefined) this.#schedule(DELAY_MS);
    });
    this.#schedule(DELAY_MS);
  }

  /** Resolves when the current step is done. */
  async idle(): Promise<void> {
    await this.#step;
  }

  /** Stops indexing and waits for the current step. */
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
      // An empty write would cost a sync.
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
