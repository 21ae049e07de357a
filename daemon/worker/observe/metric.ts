/** Metrics in Prometheus's terms. */

/** One value of a metric. */
export interface Sample {
  /** For a histogram: the metric's name with the suffix for the value's kind. */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly values: readonly Sample[];
}

/** Times, sorted into buckets. */
export class Histogram {
  readonly #bounds: readonly number[];
  /** By the index of the bound; each time counts in the first bucket that fits. */
  readonly #counts: number[];
  #count = 0;
  #sum = 0;

  /** @param bounds  upper bounds in seconds, ascending */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  note(durationMs: number): void {
    const seconds = Math.max(0, durationMs) / 1_000;
    this.#count += 1;
    this.#sum += seconds;
    const index = this.#bounds.findIndex((bound) => seconds <= bound);
    if (index !== -1) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  /** Returns the values for Prometheus. @param name  name of the metric */
  samples(name: string, labels: Sample['labels']): Sample[] {
    let below = 0;
    const steps = this.#bounds.map((le, index) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le },
      value: (below += this.#counts[index] ?? 0),
    }));
    return [
      ...steps,
      { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: this.#count },
      { metricName: `${name}_sum`, labels, value: this.#sum },
      { metricName: `${name}_count`, labels, value: this.#count },
    ];
  }
}
