/** Writes spans as OTLP in JSON. Source: opentelemetry-proto 1.x, `trace.proto`, and the OTLP specification, "JSON Protobuf Encoding". */
import { cutText } from '../../../shared/text/one-line.js';
import type { Attributes, AttributeValue, SpanStart } from './span.js';

export interface FinishedSpan {
  /** Hexadecimal. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId?: string;
  readonly isRemote?: boolean;
  readonly name: string;
  readonly kind: NonNullable<SpanStart['kind']> | 'internal';
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly isError: boolean;
}

/** Longer texts are cut: some are a caller's. */
const MAX_TEXT = 256;

const KINDS = { internal: 1, server: 2, client: 3, producer: 4 } as const;
const ERROR = 2;
/** The trace is sampled, and the flag after it holds. */
const FLAGS = 0x1_01;
const REMOTE_FLAG = 0x2_00;

/** Half of a surrogate pair would make the document invalid. */
const clip = (text: string): string => cutText(text, MAX_TEXT, '').toWellFormed();

/** Nanoseconds. A clock of milliseconds with fractions has no more than microseconds. */
const nanoseconds = (ms: number): string => `${Math.round(ms * 1_000)}000`;

function toValue(value: AttributeValue): object {
  switch (typeof value) {
    case 'string':
      return { stringValue: clip(value) };
    case 'boolean':
      return { boolValue: value };
    case 'number':
      return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
    default:
      return { arrayValue: { values: value.map((item) => ({ stringValue: clip(item) })) } };
  }
}

function toAttributes(attributes: Attributes): object[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === null || value === undefined || (typeof value === 'number' && !Number.isFinite(value)) ? [] : { key, value: toValue(value) },
  );
}

function toSpan({ traceId, spanId, parentId, isRemote = false, name, kind, startMs, endMs, attributes, isError }: FinishedSpan): object {
  return {
    traceId,
    spanId,
    ...(parentId === undefined ? {} : { parentSpanId: parentId }),
    flags: isRemote ? FLAGS | REMOTE_FLAG : FLAGS,
    name: clip(name),
    kind: KINDS[kind],
    startTimeUnixNano: nanoseconds(startMs),
    endTimeUnixNano: nanoseconds(Math.max(startMs, endMs)),
    attributes: toAttributes(attributes),
    ...(isError ? { status: { code: ERROR } } : {}),
  };
}

/** @returns an `ExportTraceServiceRequest` */
export function toRequest(spans: readonly FinishedSpan[], service: { readonly version: string; readonly instanceId: string }): string {
  const resource = {
    attributes: toAttributes({
      'service.name': 'xopc-gateway',
      'service.version': service.version,
      'service.instance.id': service.instanceId,
    }),
  };
  const scope = { name: 'xopc-gateway', version: service.version };
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans: spans.map(toSpan) }] }] });
}
