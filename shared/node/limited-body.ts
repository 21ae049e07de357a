/**
 * Ends an HTTP answer that is too long, because its reader keeps an event, or the whole answer, in memory until it is complete; and one
 * whose request is aborted.
 */

export interface BodyLimits {
  /** Maximum bytes in total. Default: no limit. */
  readonly maxBytes?: number;
  /** Maximum for one server-sent event. Default: no limit. */
  readonly maxEventBytes?: number;
  /** Returns the error for a body, or one of its events, that is too long. */
  readonly tooLong: (what: 'body' | 'event') => Error;
}

const NO_LIMITS: BodyLimits = { tooLong: () => new Error('the body is too long') };

/** An event ends with an empty line, whatever its line endings. In `\r\n\r\n`, the last byte counts as part of the next event. */
const EVENT_ENDS = ['\n\n', '\n\r', '\r\r'];
const END_BYTES = 2;

/**
 * Returns how many bytes follow the last event that ends in a piece; undefined if none ends there. `before`: the byte before the
 * piece.
 */
function bytesBehindEvent(piece: Buffer, before: string): number | undefined {
  const end = Math.max(...EVENT_ENDS.map((text) => piece.lastIndexOf(text)));
  if (end >= 0) return piece.length - end - END_BYTES;
  return EVENT_ENDS.includes(before + piece.toString('latin1', 0, 1)) ? piece.length - 1 : undefined;
}

/**
 * Passes a body on until it is too long or its request is aborted. Node's fetch also fails the body of an aborted request, but not one that
 * has arrived completely and is not read to its end: that read would never end (seen with undici 6.24). A pull-based stream, because a
 * transform would buffer and delay the first output.
 * @param signal  that of the request
 */
export function limitBody(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal | null | undefined,
  { maxBytes = Infinity, maxEventBytes = Infinity, tooLong }: BodyLimits = NO_LIMITS,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const over = new AbortController();
  let bytes = 0;
  let eventBytes = 0;
  let last = '';
  const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    const abort = (): void => {
      controller.error(signal?.reason);
      reader.cancel().catch(() => undefined);
    };
    if (signal?.aborted === true) return abort();
    signal?.addEventListener('abort', abort, { once: true, signal: over.signal });
  };
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const { done, value } = await reader.read().catch((error: unknown) => {
      over.abort();
      throw error;
    });
    if (done) {
      over.abort();
      return controller.close();
    }
    const piece = Buffer.from(value.buffer, value.byteOffset, value.length);
    bytes += piece.length;
    if (maxEventBytes < Infinity) {
      eventBytes = bytesBehindEvent(piece, last) ?? eventBytes + piece.length;
      if (piece.length > 0) last = piece.toString('latin1', piece.length - 1);
    }
    if (bytes <= maxBytes && eventBytes <= maxEventBytes) return controller.enqueue(value);
    over.abort();
    await reader.cancel();
    throw tooLong(eventBytes > maxEventBytes ? 'event' : 'body');
  };
  const cancel = (reason: unknown): Promise<void> => {
    over.abort();
    return reader.cancel(reason);
  };
  return new ReadableStream({ start, pull, cancel }, { highWaterMark: 0 });
}
