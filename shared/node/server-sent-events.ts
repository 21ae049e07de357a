/** The text form of server-sent events. Source: HTML Standard, section 9.2 "Server-sent events". */

/** No proxy may buffer, store or transform the stream. */
export const EVENT_STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
} as const;

/**
 * @param data     becomes one line of JSON; JSON has no raw line breaks, so one `data:` line holds it.
 * @param retryMs  how long the client waits before it reconnects.
 */
export function serverSentEvent(name: string, data: unknown, retryMs?: number): string {
  const retry = retryMs === undefined ? '' : `retry: ${retryMs}\n`;
  return `${retry}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** A line that clients ignore; it keeps the connection in use. */
export function comment(text: string): string {
  return `: ${text}\n\n`;
}
