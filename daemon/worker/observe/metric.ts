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

export type Labels = Readonly<Record<string, string>>;

/** A model's name may be any text of a caller, if its server accepts any. All other labels have few values. */
const MAX_LABEL_SETS = 200;
const OTHER = 'other';

/** One value for each set of labels. Beyond {@link MAX_LABEL_SETS}, further models are counted together. */
export class ByLabels<Value> {
  readonly #known = new Map<string, { readonly labels: Labels; value: Value }>();
  readonly #create: () => Value;

  constructor(create: () => Value) {
    this.#create = create;
  }

  get all(): readonly { readonly labels: Labels; readonly value: Value }[] {
    return [...this.#known.values()];
  }

  of(labels: Labels): { value: Value } {
    // Not JSON, because each request makes a key. Keys are unique: only a model's name may contain a line break.
    const key = Object.values(labels).join('\n');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { model = OTHER } = labels;
    if (this.#known.size >= MAX_LABEL_SETS && model !== OTHER) return this.of({ ...labels, model: OTHER });
    const made = { labels, value: this.#create() };
    this.#known.set(key, made);
    return made;
  }
}

export class Sums extends ByLabels<number> {
  constructor() {
    super(() => 0);
  }

  add(labels: Labels, value: number): void {
    this.of(labels).value += value;
  }
}

/** Values with labels, or one without. */
type Values = readonly Sample[] | number;

const valuesOf = (values: Values): readonly Sample[] => (typeof values === 'number' ? [{ labels: {}, value: values }] : values);

export function counter(name: string, help: string, values: Values): Metric {
  return { name, help, type: 'counter', values: valuesOf(values) };
}

export function gauge(name: string, help: string, values: Values): Metric {
  return { name, help, type: 'gauge', values: valuesOf(values) };
}

export function histogram(name: string, help: string, { all }: ByLabels<Histogram>): Metric {
  return { name, help, type: 'histogram', values: all.flatMap(({ labels, value }) => value.samples(name, labels)) };
}
