/**
 * Counts requests for `/metrics`. Labels are known routes, known methods and the status, never a caller's text, so that no caller
 * can add counters. `/health` is not counted.
 */
import type { ServerResponse } from 'node:http';
import { ByLabels, counter, Histogram, histogram, type Metric, Sums } from '../../observe/metric.js';

export const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS']);

/** Upper bounds in seconds: from a lookup to a long answer of a model. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120] as const;

export class RequestStats {
  readonly #requests = new Sums();
  readonly #durations = new ByLabels(() => new Histogram(BUCKETS));
  #count = 0;
  #failed = 0;

  /** All requests, and those answered with a 5xx status. */
  get totals(): { readonly count: number; readonly failed: number } {
    return { count: this.#count, failed: this.#failed };
  }

  /** Counts a request that has ended; one that was never answered as 499, as reverse proxies do. */
  note(
    request: { readonly method: string; readonly route: string },
    { headersSent, statusCode }: ServerResponse,
    durationMs: number,
  ): void {
    const labels = { method: METHODS.has(request.method) ? request.method : 'other', route: request.route };
    const status = headersSent ? statusCode : 499;
    this.#requests.add({ ...labels, status: String(status) }, 1);
    this.#durations.of(labels).value.note(durationMs);
    this.#count += 1;
    if (status >= 500) this.#failed += 1;
  }

  read(): Metric[] {
    return [
      counter('xopc_http_requests_total', 'Requests by route and status; /health is not counted.', this.#requests.all),
      histogram('xopc_http_request_duration_seconds', 'Time until the response was complete.', this.#durations),
    ];
  }
}
