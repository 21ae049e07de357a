/**
 * Writes the log back to the database file when nothing has been written for a while, so that a copy of that file alone is
 * complete.
 */
import type { Deps } from '../store/tasks/worker-deps.js';

const IDLE_MS = 10_000;

export class IdleCheckpoint {
  readonly #options: Deps<'store' | 'clock' | 'logger'>;
  #writtenAtMs = 0;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(options: Deps<'store' | 'clock' | 'logger'>) {
    this.#options = options;
  }

  start(): void {
    const { store, clock } = this.#options;
    store.onWritten(() => {
      this.#writtenAtMs = clock.now();
      this.#cancel ??= clock.after(IDLE_MS, () => this.#look());
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  #look(): void {
    this.#cancel = undefined;
    if (this.#isStopped) return;
    const { store, clock, logger } = this.#options;
    // The last write is in the future if the clock was set back since.
    const leftMs = IDLE_MS - Math.abs(clock.now() - this.#writtenAtMs);
    if (leftMs > 0) this.#cancel = clock.after(leftMs, () => this.#look());
    else void store.checkpoint().catch((error: unknown) => logger.warn({ err: error }, 'failed to write the log back to the database'));
  }
}
