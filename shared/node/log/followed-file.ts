/** One file being read while others write to it: our own handle and position, so that no name can mislead us. */
import type { BigIntStats } from 'node:fs';
import { LineSplitter } from './line-splitter.js';
import type { OpenGeneration } from './log-generations.js';

export type FileEvent = { readonly type: 'lines'; readonly lines: string[] } | { readonly type: 'truncated' };

const CHUNK_BYTES = 65_536;
const MAX_LINE_BYTES = 1_048_576;
/** The last bytes read are compared with the file before more is read: they differ once it was emptied and refilled. */
const WITNESS_BYTES = 64;

const isZero = (byte: number): boolean => byte === 0;

export class FollowedFile {
  readonly id: string;
  readonly #file: OpenGeneration;
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #splitter = new LineSplitter(MAX_LINE_BYTES);
  #position: number;
  #witness: Buffer | undefined;
  #seen: BigIntStats | undefined;

  /** @param offset  byte to start at, at the start of a line. */
  constructor(file: OpenGeneration, offset: number) {
    this.#file = file;
    this.id = file.id;
    this.#position = offset;
  }

  get hasUnfinishedLine(): boolean {
    return this.#splitter.pendingBytes > 0;
  }

  /** When the file was last written to. */
  async modifiedAtNs(): Promise<bigint> {
    return (await this.#file.handle.stat({ bigint: true })).mtimeNs;
  }

  /** Reads on for one chunk. @returns undefined when there is nothing new */
  async read(): Promise<FileEvent | undefined> {
    const stats = await this.#file.handle.stat({ bigint: true });
    const isUnchanged = stats.size === this.#seen?.size && stats.mtimeNs === this.#seen.mtimeNs;
    if (isUnchanged && Number(stats.size) === this.#position) return undefined;
    this.#seen = stats;
    if (Number(stats.size) < this.#position || !(await this.#isContinued())) return this.#restart();
    return this.#readLines();
  }

  /** The line that has begun: nothing more of it is expected. */
  flush(): string | undefined {
    return this.#splitter.flush();
  }

  async close(): Promise<void> {
    await this.#file.handle.close();
  }

  /** Reads until a line is complete or the end is reached. */
  async #readLines(): Promise<FileEvent | undefined> {
    for (;;) {
      const { bytesRead } = await this.#file.handle.read(this.#chunk, 0, CHUNK_BYTES, this.#position);
      if (bytesRead === 0) return undefined;
      const bytes = this.#chunk.subarray(0, bytesRead);
      this.#position += bytesRead;
      this.#witness = Buffer.concat([this.#witness ?? Buffer.alloc(0), bytes.subarray(-WITNESS_BYTES)]).subarray(-WITNESS_BYTES);
      const lines = this.#splitter.push(this.#withoutHole(bytes)).filter((line) => line !== '');
      if (lines.length > 0) return { type: 'lines', lines };
    }
  }

  /** A writer that kept its offset over a truncation leaves zeros before its next line. */
  #withoutHole(bytes: Buffer): Buffer {
    if (bytes[0] !== 0 || this.hasUnfinishedLine) return bytes;
    const start = bytes.findIndex((byte) => !isZero(byte));
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
    this.#position = 0;
    this.#witness = undefined;
    this.#seen = undefined;
    this.#splitter = new LineSplitter(MAX_LINE_BYTES);
    return { type: 'truncated' };
  }
}
