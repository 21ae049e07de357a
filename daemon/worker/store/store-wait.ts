/**
 * Retries background work while the store is unavailable. The failure is logged once, because the store itself logs the reason; the
 * pause between attempts grows with the time that it lasts.
 */
import type { Clock } from '../../../shared/clock.js';
import { isUnavailable } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';

const MIN_WAIT_MS = 1_000;
const MAX_WAIT_MS = 10_000;

export class StoreWait {
  readonly #clock: Clock;
  readonly #logger: LogPort;
  readonly #message: string;
  #sinceMs: number | undefined;

  /** @param message  logged at the first failure */
  constructor({ clock, logger }: { clock: Clock; logger: LogPort }, message: string) {
    this.#clock = clock;
    this.#logger = logger;
    this.#message = message;
  }

  /** Returns the pause before the next attempt: half of the time since the first failure, between 1 and 10 seconds. */
  failed(error: unknown, fields: Record<string, unknown> = {}): number {
    const nowMs = this.#clock.now();
    const isNew = this.#sinceMs === undefined;
    this.#sinceMs ??= nowMs;
    if (!isUnavailable(error)) this.#logger.warn({ ...fields, err: error }, this.#message);
    else if (isNew) this.#logger.warn({ ...fields, reason: error.message }, this.#message);
    return Math.min(Math.max((nowMs - this.#sinceMs) / 2, MIN_WAIT_MS), MAX_WAIT_MS);
  }

  succeeded(): void {
    this.#sinceMs = undefined;
  }
}
