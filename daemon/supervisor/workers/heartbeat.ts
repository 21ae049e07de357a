/** Liveness of one worker, by the heartbeats of its main loop. */
import type { Clock } from '../../../shared/clock.js';

/** Silence after which a worker counts as hung. A worker beats every second, every three while nobody is connected. */
export const HANG_AFTER_MS = 15_000;
/** Interval of the check. Each one wakes an otherwise idle process. */
export const CHECK_MS = 5_000;
/**
 * A check this late means that this process itself was stopped (SIGSTOP, suspend) or the clock jumped; earlier silence does not
 * count.
 */
const LATENESS_MS = 2_000;

export class HeartbeatMonitor {
  readonly #clock: Clock;
  readonly #onHang: (silentMs: number) => void;
  #lastBeatMs = 0;
  #lastCheckMs = 0;
  #cancel: (() => void) | undefined;

  constructor(options: { clock: Clock; onHang: (silentMs: number) => void }) {
    this.#clock = options.clock;
    this.#onHang = options.onHang;
  }

  start(): void {
    this.stop();
    this.#lastBeatMs = this.#lastCheckMs = this.#clock.now();
    this.#arm(0);
  }

  beat(): void {
    this.#lastBeatMs = this.#clock.now();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(silentMs: number): void {
    const delayMs = Math.min(CHECK_MS, HANG_AFTER_MS - silentMs);
    this.#cancel = this.#clock.after(delayMs, () => this.#check());
  }

  #check(): void {
    const now = this.#clock.now();
    const sinceCheckMs = now - this.#lastCheckMs;
    this.#lastCheckMs = now;
    // Heartbeats that arrived in the meantime are still unread, so start counting again.
    if (sinceCheckMs < 0 || sinceCheckMs > CHECK_MS + LATENESS_MS) this.#lastBeatMs = now;
    const silentMs = now - this.#lastBeatMs;
    if (silentMs < HANG_AFTER_MS) return this.#arm(Math.max(0, silentMs));
    this.#cancel = undefined;
    this.#onHang(silentMs);
  }
}
