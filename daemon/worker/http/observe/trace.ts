/** The caller's trace id, which joins its traces with our log. Source: W3C Trace Context, section 3.2. */
import type { IncomingMessage } from 'node:http';

/** A later version may have more fields at the end; `ff` is invalid. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.{0,400})?$/;

/** @returns the trace id for logs and errors; nothing without a valid `traceparent` */
export function traceOf(request: Pick<IncomingMessage, 'headers'>): { traceId?: string } {
  const { traceparent } = request.headers;
  if (typeof traceparent !== 'string') return {};
  const [, version, traceId, more] = TRACEPARENT.exec(traceparent) ?? [];
  return traceId === undefined || (version === '00' && more !== undefined) ? {} : { traceId };
}
