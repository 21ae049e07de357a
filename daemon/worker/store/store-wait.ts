/**
 * What background work does while the store is out of order: it says so once, because the store itself names the
 * reason, and tries again, less and less often the longer it lasts.
 */
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';

const MIN_WAIT_MS = 1_000;
const MAX_WAIT_MS = 10_000;

export class StoreWait {
  readonly #clock: Clock;
  readonly #logger: LogPort;
  readonly #message: string;
  #sinceMs: number | undefined;

  /** @param message  what has to wait, as a sentence */
  constructor({ clock, logger }: { clock: Clock; logger: LogPort }, message: string) {
    this.#clock = clock;
    this.#logger = logger;
    this.#message = message;
  }

  /** @returns after how many milliseconds to try again: half of how long it has lasted, from one second to ten */
  failed(error: unknown, fields: Record<string, unknown> = {}): number {
    const nowMs = this.#clock.now();
    const isNew = this.#sinceMs === undefined;
    this.#sinceMs ??= nowMs;
    if (!(error instanceof GatewayError && error.code === 'UNAVAILABLE')) this.#logger.warn({ ...fields, err: error }, this.#message);
    else if (isNew) this.#logger.warn({ ...fields, reason: error.message }, this.#message);
    return Math.min(Math.max((nowMs - this.#sinceMs) / 2, MIN_WAIT_MS), MAX_WAIT_MS);
  }

  succeeded(): void {
    this.#sinceMs = undefined;
  }
}
