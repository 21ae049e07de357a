/** One restart or succession in progress and its callers; further requests join it. */
import type { Clock } from '../../../shared/clock.js';
import type { RestartResult } from '../../../shared/control/messages.js';
import { GatewayError } from '../../../shared/errors.js';
import type { Progress } from '../control/control-server.js';

interface Waiter {
  readonly progress: Progress;
  settle(outcome: RestartResult | GatewayError): void;
}

export class RestartTicket {
  readonly startedAtMs: number;
  /** Drain deadline for the old worker; undefined: the configured one. */
  readonly timeoutMs: number | undefined;
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();

  constructor(options: { clock: Clock; timeoutMs: number | undefined }) {
    this.#clock = options.clock;
    this.startedAtMs = options.clock.now();
    this.timeoutMs = options.timeoutMs;
  }

  /** Waits for the end, however long that takes. @throws the error of {@link fail} */
  join(progress: Progress): Promise<RestartResult> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        progress,
        settle: (outcome) => {
          this.#waiters.delete(waiter);
          if (outcome instanceof GatewayError) reject(outcome);
          else resolve(outcome);
        },
      };
      this.#waiters.add(waiter);
    });
  }

  progress(message: string): void {
    for (const waiter of this.#waiters) waiter.progress(message);
  }

  complete(result: Omit<RestartResult, 'durationMs'>): void {
    const durationMs = this.#clock.now() - this.startedAtMs;
    for (const waiter of this.#waiters) waiter.settle({ ...result, durationMs });
  }

  fail(error: GatewayError): void {
    for (const waiter of this.#waiters) waiter.settle(error);
  }
}
