/** Spans of a trace, as seen by the rest of the worker. Names and attributes follow the semantic conventions of OpenTelemetry. */

export type AttributeValue = string | number | boolean | readonly string[];

/** Null and undefined values are omitted. */
export type Attributes = Readonly<Record<string, AttributeValue | null | undefined>>;

export interface SpanStart {
  readonly name: string;
  /** Default: internal. */
  readonly kind?: 'server' | 'client' | 'producer';
  readonly attributes?: Attributes;
}

export interface SpanEnd {
  /** Replaces the first name. */
  readonly name?: string;
  readonly attributes?: Attributes;
  /** A short word for the failure, never text from elsewhere. */
  readonly error?: string | undefined;
}

/** One operation. In an unsampled trace, its replacement and that one's children do nothing. */
export interface Span {
  /** Empty: the trace is not sampled. */
  readonly traceId: string;
  child(start: SpanStart): Span;
  /** Only the first call counts. */
  end(end?: SpanEnd): void;
}

export interface Tracer {
  /**
   * Begins a trace, or continues that of a caller.
   * @param traceparent  W3C Trace Context
   */
  begin(start: SpanStart, traceparent?: string): Span;
}

/** Begins traces if tracing is on. */
export interface TraceStarter {
  /**
   * @param describe  called only while traces are on
   * @returns undefined while they are off
   */
  begin(describe: () => SpanStart, traceparent?: string): Span | undefined;
}

/** Begins a span below another, or a trace where there is none. @returns undefined while traces are off */
export function beginSpan(tracing: TraceStarter | undefined, parent: Span | undefined, describe: () => SpanStart): Span | undefined {
  return parent === undefined ? tracing?.begin(describe) : parent.child(describe());
}
