/** Splits a program's output into lines, and keeps only a limited part of a line that is too long. */

/** How much is kept of both ends of a line that is too long. */
const END_BYTES = 1_024;
const NEWLINE = 0x0a;

export interface LineHandlers {
  onLine(line: string): void;
  /** Of a line that is too long: its ends, and how many bytes it had. */
  onLongLine(head: string, tail: string, bytes: number): void;
}

export class MessageLines {
  readonly #maxBytes: number;
  readonly #handlers: LineHandlers;
  #parts: Buffer[] = [];
  #bytes = 0;
  /** Of a line that is too long. */
  #ends: { readonly head: string; tail: Buffer } | undefined;

  constructor(maxBytes: number, handlers: LineHandlers) {
    this.#maxBytes = maxBytes;
    this.#handlers = handlers;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      this.#add(chunk.subarray(from, end));
      this.#finish();
      from = end + 1;
    }
    if (from < chunk.length) this.#add(chunk.subarray(from));
  }

  #add(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#ends === undefined) this.#parts.push(part);
    else this.#ends.tail = lastBytes(this.#ends.tail, part);
    if (this.#ends !== undefined || this.#bytes <= this.#maxBytes) return;
    const head = Buffer.concat(this.#parts.slice(0, 1)).toString('utf8', 0, END_BYTES);
    this.#ends = { head, tail: lastBytes(Buffer.alloc(0), part) };
    this.#parts = [];
  }

  #finish(): void {
    const [parts, ends, bytes] = [this.#parts, this.#ends, this.#bytes];
    this.#parts = [];
    this.#ends = undefined;
    this.#bytes = 0;
    if (ends !== undefined) return this.#handlers.onLongLine(ends.head, ends.tail.toString('utf8'), bytes);
    const line = Buffer.concat(parts).toString('utf8').trim();
    if (line !== '') this.#handlers.onLine(line);
  }
}

/** A copy: the chunks of a pipe are not kept for their last bytes. */
const lastBytes = (before: Buffer, part: Buffer): Buffer =>
  Buffer.from(Buffer.concat([before, part.subarray(-END_BYTES)]).subarray(-END_BYTES));
