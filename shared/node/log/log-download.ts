/** A download of the log: compressed lines, and the headers of the answer. */
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';

export function downloadHeaders(nowMs: number): Record<string, string> {
  const at = new Date(nowMs).toISOString().slice(0, 19).replaceAll(':', '-');
  return { 'Content-Type': 'application/gzip', 'Content-Disposition': `attachment; filename="xopc-log-${at}.ndjson.gz"` };
}

/** Reads no faster than the client. A failure ends the answer early, so that the client notices an incomplete file. */
export function compress(lines: AsyncIterable<string>, signal: AbortSignal): Readable {
  const source = Readable.from(lines, { objectMode: false, signal });
  const packed = createGzip();
  source.once('error', (error) => packed.destroy(error));
  packed.once('close', () => source.destroy());
  return source.pipe(packed);
}
