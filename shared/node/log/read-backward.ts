/** Reads the lines of an open file from its end towards its start, in a fixed amount of memory. */
import type { FileHandle } from 'node:fs/promises';

export interface BackwardLine {
  /** Without `\n` or `\r\n`. */
  readonly text: string;
  /** Byte offset of the line's first byte. */
  readonly start: number;
  /** Byte offset after its line break, or after its last byte if the file ends without one. */
  readonly end: number;
  /** False for a last line without a line break. */
  readonly isComplete: boolean;
}

const CHUNK_BYTES = 65_536;
const NEWLINE = 0x0a;
/** Only the start of a line longer than this is shown. */
export const MAX_READ_LINE_BYTES = 1_048_576;
const SHOWN_OF_LONG_LINE = 16_384;

/** Fills the buffer from the file as far as data is available. */
async function readFully(handle: FileHandle, buffer: Buffer, position: number): Promise<Buffer> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

const decode = (bytes: Buffer): string => bytes.toString('utf8').replace(/\r$/, '');

/** The bytes of one line, collected from its end to its start. */
class LineTail {
  #parts: Buffer[] = [];
  bytes = 0;

  prepend(part: Buffer): void {
    this.bytes += part.length;
    if (this.bytes <= MAX_READ_LINE_BYTES) this.#parts.unshift(Buffer.from(part));
    else this.#parts = [];
  }

  async take(handle: FileHandle, start: number): Promise<string> {
    const { bytes } = this;
    const parts = this.#parts;
    this.#parts = [];
    this.bytes = 0;
    if (bytes <= MAX_READ_LINE_BYTES) return decode(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts));
    const shown = await readFully(handle, Buffer.alloc(SHOWN_OF_LONG_LINE), start);
    return `${shown.toString('utf8').replace(/\ufffd{1,3}$/, '')}… (line of ${bytes} bytes)`;
  }
}

/**
 * Yields the lines that end at or before byte `end`, the last one first. A last line without a line break counts as one.
 * @param end  where to start, normally the file's size; later growth is ignored.
 */
export async function* readLinesBackward(handle: FileHandle, end: number): AsyncGenerator<BackwardLine> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const tail = new LineTail();
  let lineEnd = end;
  let lineHasBreak = false;
  for (let position = end; position > 0;) {
    const from = Math.max(0, position - CHUNK_BYTES);
    const bytes = await readFully(handle, chunk.subarray(0, position - from), from);
    let upTo = bytes.length;
    for (let at = bytes.lastIndexOf(NEWLINE); at >= 0; at = at === 0 ? -1 : bytes.lastIndexOf(NEWLINE, at - 1)) {
      const start = from + at + 1;
      tail.prepend(bytes.subarray(at + 1, upTo));
      if (tail.bytes > 0 || lineHasBreak) yield { text: await tail.take(handle, start), start, end: lineEnd, isComplete: lineHasBreak };
      lineEnd = start;
      lineHasBreak = true;
      upTo = at;
    }
    tail.prepend(bytes.subarray(0, upTo));
    position = from;
  }
  if (tail.bytes > 0 || lineHasBreak) yield { text: await tail.take(handle, 0), start: 0, end: lineEnd, isComplete: lineHasBreak };
}
