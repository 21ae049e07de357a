/**
 * Counts requests for `/metrics`. Labels are known routes, known methods and the status, never a caller's text, so that no caller
 * can add counters. `/health` is not counted.
 */
import type { ServerResponse } from 'node:http';
import { Histogram } from '../../observe/metric.js';

export const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS']);

/** Upper bounds in seconds: from a lookup to a long answer of a model. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120] as const;

export interface RequestCount {
  readonly method: string;
  readonly route: string;
  readonly status: string;
  readonly count: number;
}

export interface RequestDurations {
  readonly method: string;
  readonly route: string;
  readonly durations: Histogram;
}

/** The requests of one route and method. */
interface Measured extends RequestDurations {
  readonly statuses: Map<number, number>;
}

export class RequestStats {
  /** By route, then method: building one key from both would cost more than two lookups. */
  readonly #measured = new Map<string, Map<string, Measured>>();

  get counts(): readonly RequestCount[] {
    return this.#all().flatMap(({ method, route, statuses }) =>
      [...statuses].map(([status, count]) => ({ method, route, status: String(status), count })),
    );
  }

  get durations(): readonly RequestDurations[] {
    return this.#all();
  }

  /** All requests, and those answered with a 5xx status. */
  get totals(): { readonly count: number; readonly failed: number } {
    const totals = { count: 0, failed: 0 };
    for (const { statuses } of this.#all()) {
      for (const [status, count] of statuses) {
        totals.count += count;
        if (status >= 500) totals.failed += count;
      }
    }
    return totals;
  }

  /** Counts a request that has ended; one that was never answered as 499, as reverse proxies do. */
  note(
    request: { readonly method: string; readonly route: string },
    { headersSent, statusCode }: ServerResponse,
    durationMs: number,
  ): void {
    const measured = this.#of(request.route, METHODS.has(request.method) ? request.method : 'other');
    const status = headersSent ? statusCode : 499;
    measured.statuses.set(status, (measured.statuses.get(status) ?? 0) + 1);
    measured.durations.note(durationMs);
  }

  #all(): Measured[] {
    return [...this.#measured.values()].flatMap((methods) => [...methods.values()]);
  }

  #of(route: string, method: string): Measured {
    const methods = this.#measured.get(route) ?? new Map<string, Measured>();
    this.#measured.set(route, methods);
    const known = methods.get(method);
    if (known !== undefined) return known;
    const measured = { method, route, durations: new Histogram(BUCKETS), statuses: new Map() };
    methods.set(method, measured);
    return measured;
  }
}
