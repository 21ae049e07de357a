/**
 * Counts requests for `/metrics`. Labels are the routes that there are, the methods that there are and the status, never
 * what a caller wrote, so that no caller can make the counters grow. `/health` is not counted.
 */
import type { ServerResponse } from 'node:http';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS']);

/** Upper bounds in seconds, from a look-up to a long answer of a model. */
export const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120] as const;

export interface RequestCount {
  readonly method: string;
  readonly route: string;
  readonly status: string;
  count: number;
}

export interface RequestDurations {
  readonly method: string;
  readonly route: string;
  /** By the index of {@link BUCKETS}; each request in the first that holds it. */
  readonly buckets: number[];
  count: number;
  sumSeconds: number;
}

export class RequestStats {
  readonly #counts = new Map<string, RequestCount>();
  readonly #durations = new Map<string, RequestDurations>();

  get counts(): readonly RequestCount[] {
    return [...this.#counts.values()];
  }

  get durations(): readonly RequestDurations[] {
    return [...this.#durations.values()];
  }

  /** All of them, and those that were answered with 500 and above. */
  get totals(): { readonly count: number; readonly failed: number } {
    const totals = { count: 0, failed: 0 };
    for (const { status, count } of this.#counts.values()) {
      totals.count += count;
      if (Number(status) >= 500) totals.failed += count;
    }
    return totals;
  }

  /** Called when the answer has been sent, or never will be: that counts as 499, as reverse proxies have it. */
  note(
    request: { readonly method: string; readonly route: string },
    { headersSent, statusCode }: ServerResponse,
    durationMs: number,
  ): void {
    const { route } = request;
    const method = METHODS.has(request.method) ? request.method : 'other';
    const status = String(headersSent ? statusCode : 499);
    const key = `${method} ${route}`;
    const count = this.#counts.get(`${key} ${status}`) ?? { method, route, status, count: 0 };
    this.#counts.set(`${key} ${status}`, count);
    count.count += 1;
    const durations = this.#durations.get(key) ?? { method, route, buckets: BUCKETS.map(() => 0), count: 0, sumSeconds: 0 };
    this.#durations.set(key, durations);
    const seconds = Math.max(0, durationMs) / 1_000;
    durations.count += 1;
    durations.sumSeconds += seconds;
    const index = BUCKETS.findIndex((bound) => seconds <= bound);
    if (index !== -1) durations.buckets[index] = (durations.buckets[index] ?? 0) + 1;
  }
}
