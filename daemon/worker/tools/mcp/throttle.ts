/** Limits how much is read from a server per second. Above the limit, reading pauses until the second is over. */
import type { Clock } from '../../../../shared/clock.js';

const WINDOW_MS = 1_000;

/** A flood slows down the sender, not the gateway. */
export class Throttle {
  readonly #clock: Clock;
  readonly #limit: number;
  #windowEndsAt = 0;
  #count = 0;

  /** @param limit  units per second */
  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  count(): void {
    this.#move();
    this.#count += 1;
  }

  isOver(): boolean {
    this.#move();
    return this.#count > this.#limit;
  }

  /** Calls back when the present second is over. @returns cancels it */
  whenOver(callback: () => void): () => void {
    return this.#clock.after(Math.max(1, this.#windowEndsAt - this.#clock.now()), callback);
  }

  #move(): void {
    const now = this.#clock.now();
    // Ignores a window from before the clock was set back.
    if (now < this.#windowEndsAt && now >= this.#windowEndsAt - WINDOW_MS) return;
    this.#windowEndsAt = now + WINDOW_MS;
    this.#count = 0;
  }
}
