/** Splits a byte stream into lines. Splits on bytes and decodes whole lines, so that a character may span chunks. */

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export class LineSplitter {
  readonly #maxLineBytes: number;
  #rest: Buffer[] = [];
  #restBytes = 0;
  /** Whether the rest of the current line is being discarded. */
  #isSkipping = false;

  /** @param maxLineBytes  a longer line is truncated there, marked, and its remainder dropped: memory stays bounded */
  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** Bytes of the unfinished line. */
  get pendingBytes(): number {
    return this.#restBytes;
  }

  /**
   * Adds the next bytes. @returns the lines that they complete, without `
   * ` or `\r
   * `
   */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      if (this.#isSkipping) this.#isSkipping = false;
      else lines.push(this.#finish(chunk.subarray(from, at)));
      from = at + 1;
    }
    if (from < chunk.length && !this.#isSkipping) this.#keep(chunk.subarray(from), lines);
    return lines;
  }

  /** Skips the next bytes; a line that begins in them is not kept either. @returns how many lines end in them */
  discard(chunk: Buffer): number {
    let count = 0;
    for (let index = 0; index < chunk.length; index += 1) if (chunk[index] === NEWLINE) count += 1;
    if (chunk.length > 0) this.#isSkipping = chunk[chunk.length - 1] !== NEWLINE;
    this.#rest = [];
    this.#restBytes = 0;
    return count;
  }

  /** Ends the stream (or gives up waiting for the rest). @returns the unfinished line, if any */
  flush(): string | undefined {
    const line = this.#restBytes > 0 ? this.#finish(Buffer.alloc(0)) : undefined;
    this.#isSkipping = false;
    return line;
  }

  #keep(part: Buffer, lines: string[]): void {
    // A copy, because the caller reuses its chunk.
    this.#rest.push(Buffer.from(part));
    this.#restBytes += part.length;
    if (this.#restBytes <= this.#maxLineBytes) return;
    lines.push(this.#finish(Buffer.alloc(0)));
    this.#isSkipping = true;
  }

  #finish(end: Buffer): string {
    const bytes = this.#rest.length === 0 ? end : Buffer.concat([...this.#rest, end]);
    this.#rest = [];
    this.#restBytes = 0;
    if (bytes.length > this.#maxLineBytes) {
      // Never cuts inside a character: a split one would decode to U+FFFD at the end.
      const start = bytes.toString('utf8', 0, this.#maxLineBytes).replace(/\ufffd{1,3}$/, '');
      return `${start}… (line cut at ${this.#maxLineBytes} bytes)`;
    }
    const length = bytes[bytes.length - 1] === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
    return bytes.toString('utf8', 0, length);
  }
}
