/** Liveness of one worker: judged by its main loop's heartbeats, never by asking it. */
import type { Clock } from '../../shared/clock.js';

/** A worker says that it lives this often. */
export const HEARTBEAT_MS = 1_000;
/** Silence after which a worker counts as hung. */
export const HANG_AFTER_MS = 15_000;
/** A check that comes this late means that we ourselves stood still (SIGSTOP, suspend, a jumped clock): judge nobody by it. */
const LATE_CHECK_MS = 3_000;

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
    this.#arm();
  }

  beat(): void {
    this.#lastBeatMs = this.#clock.now();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(): void {
    this.#cancel = this.#clock.after(HEARTBEAT_MS, () => this.#check());
  }

  #check(): void {
    const now = this.#clock.now();
    const sinceCheckMs = now - this.#lastCheckMs;
    this.#lastCheckMs = now;
    // Beats that came meanwhile are still unread: start counting afresh.
    if (sinceCheckMs < 0 || sinceCheckMs > LATE_CHECK_MS) this.#lastBeatMs = now;
    const silentMs = now - this.#lastBeatMs;
    if (silentMs < this.#hangAfterMs) return this.#arm();
    this.#cancel = undefined;
    this.#onHang(silentMs);
  }
}
