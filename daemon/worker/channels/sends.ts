/** The sends in progress of an account. When the account stops, they have a short time to end. */
import type { Clock } from '../../../shared/clock.js';
import { withSignal } from '../../../shared/node/signals.js';

/** Also how long a restart waits for sends in progress; the next worker cannot start sending before that. */
export const SEND_GRACE_MS = 2_000;

export class Sends {
  readonly #aborted = new AbortController();
  #running = 0;
  /** Set once no further sends begin. */
  #ended: (() => void) | undefined;

  /** @param send  gets a signal that aborts with `signal`, or some time after {@link end} */
  async run<Result>(signal: AbortSignal, send: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    this.#running += 1;
    try {
      return await withSignal([signal, this.#aborted.signal], send);
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#ended?.();
    }
  }

  /** Called once no further sends begin. Aborts those that take longer than {@link SEND_GRACE_MS}; calls `ended` after the last one. */
  end(clock: Clock, ended: () => void): void {
    const cancel = clock.after(SEND_GRACE_MS, () => this.#aborted.abort());
    this.#ended = () => {
      cancel();
      ended();
    };
    if (this.#running === 0) this.#ended();
  }
}
