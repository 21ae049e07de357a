/** Reads one open log file while others write to it: through our own handle up to its end, from there through `tail`. */
import type { BigIntStats } from 'node:fs';
import { LineSplitter } from './line-splitter.js';
import type { OpenGeneration } from './log-generations.js';

export type FileEvent = { readonly type: 'lines'; readonly lines: string[] } | { readonly type: 'truncated' };

/** The bytes that a watcher reads from a file after its current end. */
export interface LiveBytes {
  /** Returns the next bytes in order; undefined when there are none yet. */
  take(): Buffer | undefined;
  /** No more bytes will come: the file was renamed or cannot be watched. The rest must be read from the file. */
  readonly isEnded: boolean;
  close(): void;
}

/** Reads from byte `size`, the end of the open file. Returns undefined where that is not possible, or not now. */
export type ReadLive = (fd: number, size: number) => LiveBytes | undefined;

const CHUNK_BYTES = 65_536;
const MAX_LINE_BYTES = 1_048_576;
/** The last bytes read are compared with the file before more is read: they differ after it was truncated and refilled. */
const WITNESS_BYTES = 64;
/** A watcher that reports nothing for this long, although the file has grown, is not used any more. */
const STALL_MS = 2_000;

export class FollowedFile {
  readonly id: string;
  readonly #file: OpenGeneration;
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  /** Undefined once the file is read through our own handle only. */
  #readLive: ReadLive | undefined;
  #live: LiveBytes | undefined;
  /** When bytes were first missing that the watcher should have read. */
  #missingSinceMs: number | undefined;
  #splitter = new LineSplitter(MAX_LINE_BYTES);
  #position: number;
  #witness: Buffer | undefined;
  #seen: BigIntStats | undefined;

  /** @param options.offset  byte to start at, at the start of a line */
  constructor(file: OpenGeneration, options: { readonly offset: number; readonly readLive: ReadLive | undefined }) {
    this.#file = file;
    this.id = file.id;
    this.#position = options.offset;
    this.#readLive = options.readLive;
  }

  get hasUnfinishedLine(): boolean {
    return this.#splitter.pendingBytes > 0;
  }

  /** When the file was last written to. */
  async modifiedAtNs(): Promise<bigint> {
    return (await this.#file.handle.stat({ bigint: true })).mtimeNs;
  }

  /** Reads one chunk. Returns undefined when there is nothing new. */
  async read(): Promise<FileEvent | undefined> {
    const stats = await this.#file.handle.stat({ bigint: true });
    const size = Number(stats.size);
    const isUnchanged = stats.size === this.#seen?.size && stats.mtimeNs === this.#seen.mtimeNs;
    if (isUnchanged && size === this.#position) {
      this.#live ??= this.#readLive?.(this.#file.handle.fd, size);
      return undefined;
    }
    this.#seen = stats;
    if (size < this.#position || !(await this.#isContinued())) return this.#restart();
    return this.#readLines();
  }

  /** Reads through our own handle from now on: the watcher may be behind, and what it has not read must not be lost. */
  leaveLive(): void {
    this.#readLive = undefined;
    this.#closeLive();
  }

  /** Returns the unfinished line: no more of it is expected. */
  flush(): string | undefined {
    return this.#splitter.flush();
  }

  async close(): Promise<void> {
    this.leaveLive();
    await this.#file.handle.close();
  }

  /** Reads until a line is complete or the end is reached. */
  async #readLines(): Promise<FileEvent | undefined> {
    for (;;) {
      const bytes = await this.#nextBytes();
      if (bytes === undefined) return undefined;
      this.#position += bytes.length;
      this.#witness = Buffer.concat([this.#witness ?? Buffer.alloc(0), bytes.subarray(-WITNESS_BYTES)]).subarray(-WITNESS_BYTES);
      const lines = this.#splitter.push(this.#withoutHole(bytes)).filter((line) => line !== '');
      if (lines.length > 0) return { type: 'lines', lines };
    }
  }

  async #nextBytes(): Promise<Buffer | undefined> {
    if (this.#live !== undefined) {
      const bytes = this.#live.take();
      if (bytes !== undefined) {
        this.#missingSinceMs = undefined;
        return bytes;
      }
      if (!this.#live.isEnded && !this.#isStalled()) return undefined;
      this.#closeLive();
    }
    const { bytesRead } = await this.#file.handle.read(this.#chunk, 0, CHUNK_BYTES, this.#position);
    return bytesRead === 0 ? undefined : this.#chunk.subarray(0, bytesRead);
  }

  #isStalled(): boolean {
    this.#missingSinceMs ??= Date.now();
    if (Date.now() - this.#missingSinceMs < STALL_MS) return false;
    this.#readLive = undefined;
    return true;
  }

  #closeLive(): void {
    this.#live?.close();
    this.#live = undefined;
    this.#missingSinceMs = undefined;
  }

  /** Skips the zeros that a writer which kept its offset over a truncation leaves before its next line. */
  #withoutHole(bytes: Buffer): Buffer {
    if (bytes[0] !== 0 || this.hasUnfinishedLine) return bytes;
    const start = bytes.findIndex((byte) => byte !== 0);
    return start < 0 ? bytes.subarray(bytes.length) : bytes.subarray(start);
  }

  async #isContinued(): Promise<boolean> {
    const length = Math.min(WITNESS_BYTES, this.#position);
    this.#witness ??= await this.#readAt(this.#position - length, length);
    const witness = this.#witness.subarray(-length);
    return length === 0 || witness.equals(await this.#readAt(this.#position - witness.length, witness.length));
  }

  async #readAt(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(length);
    await this.#file.handle.read(buffer, 0, length, position);
    return buffer;
  }

  #restart(): FileEvent {
    this.#closeLive();
    this.#position = 0;
    this.#witness = undefined;
    this.#seen = undefined;
    this.#splitter = new LineSplitter(MAX_LINE_BYTES);
    return { type: 'truncated' };
  }
}
