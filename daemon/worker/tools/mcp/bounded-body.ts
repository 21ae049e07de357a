/** Limits what is read of the answer of a server over HTTP. */

/** An event ends with an empty line, whatever its lines end with. Of `\r\n\r\n`, the last byte counts as part of the next event. */
const EVENT_ENDS = ['\n\n', '\n\r', '\r\r'];
const END_BYTES = 2;

/** Passes bytes on until there are too many: of the whole body, or of one event where it is a stream of events. */
export function boundedBody({ maxBytes, isEvents }: { maxBytes: number; isEvents: boolean }): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  /** An event may end between two chunks. */
  let last = Buffer.alloc(0);
  return new TransformStream({
    transform(chunk, controller) {
      const read = Buffer.concat([last, chunk]);
      const end = isEvents ? Math.max(...EVENT_ENDS.map((text) => read.lastIndexOf(text))) : -1;
      bytes = end < 0 ? bytes + chunk.length : read.length - end - END_BYTES;
      last = Buffer.from(read.subarray(-1));
      if (bytes > maxBytes) controller.error(new Error(`its answer has more than ${maxBytes} bytes`));
      else controller.enqueue(chunk);
    },
  });
}
