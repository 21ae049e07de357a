/** A clock that a test moves. */
import type { Clock } from '../../shared/clock.js';

export class FakeClock implements Clock {
  /** Time as timers see it: it only ever goes forward. */
  #elapsedMs = 0;
  /** What the wall clock shows beyond that. */
  #offsetMs: number;
  #timers: { atMs: number; callback: () => void }[] = [];

  constructor(nowMs = 1_770_000_000_000) {
    this.#offsetMs = nowMs;
  }

  now(): number {
    return this.#offsetMs + this.#elapsedMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#elapsedMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Moves the time on and fires what is due, in order. */
  advance(durationMs: number): void {
    const untilMs = this.#elapsedMs + durationMs;
    for (;;) {
      const [next] = this.#timers.filter((timer) => timer.atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs);
      next.callback();
    }
    this.#elapsedMs = untilMs;
  }

  /** Sets the wall clock without moving the timers, forward or back. */
  jump(durationMs: number): void {
    this.#offsetMs += durationMs;
  }
}
