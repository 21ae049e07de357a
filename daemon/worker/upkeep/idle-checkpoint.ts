/**
 * Writes the log back to the database file when nothing has been written for a while, so that a copy of that file alone is
 * complete.
 */
import type { Clock } from '../../../shared/clock.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import type { Store } from '../store/store.js';

const IDLE_MS = 10_000;

export class IdleCheckpoint {
  readonly #options: { readonly store: Store; readonly clock: Clock; readonly logger: LogPort };
  #writtenAtMs = 0;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(options: { store: Store; clock: Clock; logger: LogPort }) {
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
    const leftMs = this.#writtenAtMs + IDLE_MS - clock.now();
    if (leftMs > 0) this.#cancel = clock.after(leftMs, () => this.#look());
    else void store.checkpoint().catch((error: unknown) => logger.warn({ err: error }, 'failed to write the log back to the database'));
  }
}
