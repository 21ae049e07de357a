/** Makes spans. Part of the bundle that is loaded with the first one. */
import type { FinishedSpan } from './otlp.js';
import { SpanExporter } from './span-exporter.js';
import type { Attributes, Span, SpanEnd, SpanStart } from './span.js';
import { parseTraceparent } from './traceparent.js';
import type { RunningTracer, TracerOptions } from './tracing.js';

/** The last 56 bits of a trace id are random: W3C Trace Context Level 2, section 2.2.3. */
const RANDOM_DIGITS = 14;

/** All participants of a trace decide alike. */
const isChosen = (traceId: string, ratio: number): boolean =>
  Number.parseInt(traceId.slice(-RANDOM_DIGITS), 16) < ratio * 16 ** RANDOM_DIGITS;

/** Ids need not be secret, and the system's random bytes cost much more. All zeros would be invalid. */
function randomDigits(count: 16 | 32): string {
  const digits = Array.from({ length: count / 8 }, () =>
    Math.trunc(Math.random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  ).join('');
  return /^0+$/.test(digits) ? randomDigits(count) : digits;
}

const UNSAMPLED: Span = { traceId: '', child: () => UNSAMPLED, end: () => undefined };

/** One trace in this process. All of its times come from one clock that never jumps. */
interface Trace {
  readonly traceId: string;
  now(): number;
  add(span: FinishedSpan): void;
}

interface Place {
  readonly parentId?: string;
  /** The parent is a span of another process. */
  readonly isRemote?: boolean;
}

class LiveSpan implements Span {
  readonly #trace: Trace;
  readonly #spanId = randomDigits(16);
  readonly #start: SpanStart;
  readonly #place: Place;
  readonly #startMs: number;
  #isOver = false;

  constructor(trace: Trace, start: SpanStart, place: Place) {
    this.#trace = trace;
    this.#start = start;
    this.#place = place;
    this.#startMs = trace.now();
  }

  get traceId(): string {
    return this.#trace.traceId;
  }

  child(start: SpanStart): Span {
    return new LiveSpan(this.#trace, start, { parentId: this.#spanId });
  }

  end({ name = this.#start.name, attributes, error }: SpanEnd = {}): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { kind = 'internal', attributes: first } = this.#start;
    const all: Attributes = { ...first, ...attributes, 'error.type': error };
    const ids = { traceId: this.traceId, spanId: this.#spanId, ...this.#place };
    const times = { startMs: this.#startMs, endMs: this.#trace.now() };
    this.#trace.add({ ...ids, ...times, name, kind, attributes: all, isError: error !== undefined });
  }
}

export function createTracer(options: TracerOptions): RunningTracer {
  const exporter = new SpanExporter(options);
  const add = (span: FinishedSpan): void => exporter.add(span);
  return {
    begin(start, traceparent) {
      const parent = traceparent === undefined ? undefined : parseTraceparent(traceparent);
      const traceId = parent?.traceId ?? randomDigits(32);
      if (!(parent?.isSampled ?? isChosen(traceId, options.settings.ratio))) return UNSAMPLED;
      const originMs = Date.now() - performance.now();
      const trace = { traceId, add, now: () => originMs + performance.now() };
      return new LiveSpan(trace, start, parent === undefined ? {} : { parentId: parent.spanId, isRemote: true });
    },
    close: (timeoutMs) => exporter.close(timeoutMs),
  };
}
