/** Collapses identical log lines: a tight error loop shows its first lines and then a count. */
import type { Clock } from '../../clock.js';

const BURST = 20;
const WINDOW_MS = 10_000;
/** Maximum of distinct lines tracked at a time; the least recent is dropped first. */
const MAX_WATCHED = 64;
/** Longer lines are not tracked, because their text would be kept in memory. */
const MAX_WATCHED_LENGTH = 4_096;

interface Watched {
  startedAtMs: number;
  admitted: number;
  suppressed: number;
  lastLine: string;
}

export class RepeatLimit {
  readonly #clock: Clock;
  readonly #onRepeated: (line: string, count: number) => void;
  readonly #watched = new Map<string, Watched>();
  #cancelFlush: (() => void) | undefined;

  /** @param options.onRepeated  called with the last suppressed line and how many were suppressed since the last call */
  constructor(options: { readonly clock: Clock; readonly onRepeated: (line: string, count: number) => void }) {
    this.#clock = options.clock;
    this.#onRepeated = options.onRepeated;
  }

  /** Whether to write a line. @param key  the line without its time, by which two lines are compared */
  admit(key: string, line: string): boolean {
    if (key.length > MAX_WATCHED_LENGTH) return true;
    const nowMs = this.#clock.now();
    const watched = this.#watched.get(key);
    if (watched === undefined) {
      this.#watch(key, { startedAtMs: nowMs, admitted: 1, suppressed: 0, lastLine: '' });
      return true;
    }
    this.#watched.delete(key);
    this.#watched.set(key, watched);
    if (nowMs - watched.startedAtMs >= WINDOW_MS || nowMs < watched.startedAtMs) {
      this.#report(watched);
      watched.startedAtMs = nowMs;
      watched.admitted = 0;
    }
    if (watched.admitted < BURST) {
      watched.admitted += 1;
      return true;
    }
    watched.suppressed += 1;
    watched.lastLine = line;
    this.#cancelFlush ??= this.#clock.after(WINDOW_MS, () => this.flush());
    return false;
  }

  /** Reports every pending count. */
  flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    for (const watched of this.#watched.values()) this.#report(watched);
  }

  #watch(key: string, watched: Watched): void {
    if (this.#watched.size >= MAX_WATCHED) {
      const [oldestKey, oldest] = this.#watched.entries().next().value ?? [];
      if (oldest !== undefined) this.#report(oldest);
      if (oldestKey !== undefined) this.#watched.delete(oldestKey);
    }
    this.#watched.set(key, watched);
  }

  #report(watched: Watched): void {
    if (watched.suppressed === 0) return;
    const { lastLine, suppressed } = watched;
    watched.suppressed = 0;
    watched.lastLine = '';
    this.#onRepeated(lastLine, suppressed);
  }
}
