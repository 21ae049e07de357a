/** Liveness of one worker: judged by its main loop's heartbeats, never by asking it. */
import type { Clock } from '../../../shared/clock.js';

/** Silence after which a worker counts as hung. A worker beats every second, every three while nobody is connected. */
export const HANG_AFTER_MS = 15_000;
/** The silence is looked at this often, and when it would be too long. Each look wakes a process that is else at rest. */
export const CHECK_MS = 5_000;
/** A check that comes this much too late means that we ourselves stood still (SIGSTOP, suspend, a jumped clock): judge nobody by it. */
const LATENESS_MS = 2_000;

export class HeartbeatMonitor {
  readonly #clock: Clock;
  readonly #hangAfterMs: number;
  readonly #onHang: (silentMs: number) => void;
  #lastBeatMs = 0;
  #lastCheckMs = 0;
  #cancel: (() => void) | undefined;

  constructor(options: { clock: Clock; hangAfterMs?: number; onHang: (silentMs: number) => void }) {
    this.#clock = options.clock;
    this.#hangAfterMs = options.hangAfterMs ?? HANG_AFTER_MS;
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
    const delayMs = Math.min(CHECK_MS, this.#hangAfterMs - silentMs);
    this.#cancel = this.#clock.after(delayMs, () => this.#check());
  }

  #check(): void {
    const now = this.#clock.now();
    const sinceCheckMs = now - this.#lastCheckMs;
    this.#lastCheckMs = now;
    // Beats that came meanwhile are still unread: start counting afresh.
    if (sinceCheckMs < 0 || sinceCheckMs > CHECK_MS + LATENESS_MS) this.#lastBeatMs = now;
    const silentMs = now - this.#lastBeatMs;
    if (silentMs < this.#hangAfterMs) return this.#arm(Math.max(0, silentMs));
    this.#cancel = undefined;
    this.#onHang(silentMs);
  }
}
