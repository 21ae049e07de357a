/** Accounts for log lines that could not be written, and for the time that writing blocks the process. */

/** Lines lost since the last report, and why. */
export class LogLoss {
  readonly #role: string;
  readonly #reasons = new Set<string>();
  #lines = 0;
  #bytes = 0;
  #sinceMs = 0;

  constructor(role: string) {
    this.#role = role;
  }

  get isEmpty(): boolean {
    return this.#lines === 0;
  }

  add(loss: { readonly reason: string; readonly lines?: number; readonly bytes: number; readonly nowMs: number }): void {
    if (this.#lines === 0) this.#sinceMs = loss.nowMs;
    this.#lines += loss.lines ?? 1;
    this.#bytes += loss.bytes;
    this.#reasons.add(loss.reason);
  }

  /** Returns the line that reports the loss, in the log's format, with its line break. */
  describe(nowMs: number): string {
    const reason = [...this.#reasons].join(', ');
    const entry = {
      level: 'warn',
      time: new Date(nowMs).toISOString(),
      pid: process.pid,
      role: this.#role,
      msg: `${this.#lines} log ${this.#lines === 1 ? 'line' : 'lines'} (${this.#bytes} bytes) could not be written: ${reason}`,
      lostLines: this.#lines,
      lostBytes: this.#bytes,
      lostSince: new Date(this.#sinceMs).toISOString(),
    };
    return `${JSON.stringify(entry)}\n`;
  }

  reset(): void {
    this.#lines = 0;
    this.#bytes = 0;
    this.#reasons.clear();
  }
}

/**
 * Limits how long synchronous writes may block the process: a second at once, a tenth of the time in the long run. Writes shorter
 * than {@link SLOW_WRITE_MS} do not count: a burst of fast writes or a busy processor does not mean a slow disk.
 */
const BURST_MS = 1_000;
const SHARE = 0.1;
const SLOW_WRITE_MS = 50;

export class BlockedTime {
  #leftMs = BURST_MS;
  #atMs: number;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** Records how long a write took. */
  spend(durationMs: number): void {
    if (durationMs >= SLOW_WRITE_MS) this.#leftMs = Math.max(-BURST_MS, this.#leftMs - durationMs);
  }

  isExhausted(nowMs: number): boolean {
    this.#leftMs = Math.min(BURST_MS, this.#leftMs + Math.max(0, nowMs - this.#atMs) * SHARE);
    this.#atMs = nowMs;
    return this.#leftMs < 0;
  }
}
