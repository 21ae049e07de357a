/** The caller's trace, so that its own tools find here what they have begun. Source: W3C Trace Context, section 3.2. */
import type { IncomingMessage } from 'node:http';

/** A later version may have more behind it; `ff` is none. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.{0,400})?$/;

/** @returns the trace's id for logs and errors; nothing where none, or no proper one, was sent */
export function traceOf(request: Pick<IncomingMessage, 'headers'>): { traceId?: string } {
  const { traceparent } = request.headers;
  if (typeof traceparent !== 'string') return {};
  const [, version, traceId, more] = TRACEPARENT.exec(traceparent) ?? [];
  return traceId === undefined || (version === '00' && more !== undefined) ? {} : { traceId };
}
