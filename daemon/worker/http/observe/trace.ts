/** The trace id of a request, which joins traces with the log. */
import type { IncomingMessage } from 'node:http';
import type { Span } from '../../tracing/span.js';
import { parseTraceparent } from '../../tracing/traceparent.js';

/** @returns the id for logs and errors: our own span's, or the caller's; undefined without either */
export function traceOf({ headers: { traceparent } }: Pick<IncomingMessage, 'headers'>, span?: Span): { traceId?: string } {
  if (span !== undefined && span.traceId !== '') return { traceId: span.traceId };
  const parent = typeof traceparent === 'string' ? parseTraceparent(traceparent) : undefined;
  return parent === undefined ? {} : { traceId: parent.traceId };
}
