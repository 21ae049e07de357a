/** Spans of a trace, as the other rooms see them. Names and attributes follow the semantic conventions of OpenTelemetry. */

export type AttributeValue = string | number | boolean | readonly string[];

/** What is null or undefined is left out. */
export type Attributes = Readonly<Record<string, AttributeValue | null | undefined>>;

export interface SpanStart {
  readonly name: string;
  /** Default: internal. */
  readonly kind?: 'server' | 'client' | 'producer';
  readonly attributes?: Attributes;
}

export interface SpanEnd {
  /** In place of the first name. */
  readonly name?: string;
  readonly attributes?: Attributes;
  /** A short word for what went wrong, never a text of somebody else. */
  readonly error?: string | undefined;
}

/** One operation. What a trace that is not sampled has in its place does nothing, and neither do its children. */
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

/** Begins traces where they are on. */
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
