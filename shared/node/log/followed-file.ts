/**
 * Reads one open log file while others write to it: through our own handle up to its end, from there through `tail`, of which this file is
 * the owner. `tail` opens by name at each read, so it gets the descriptor path of our handle, which a rename does not change. See
 * docs/adr/0016-tail.md.
 */
import { existsSync, fstatSync } from 'node:fs';
import { Tail } from 'tail';
import { LineSplitter } from './line-splitter.js';
import type { OpenGeneration } from './log-generations.js';

export type FileEvent = { readonly type: 'lines'; readonly lines: string[] } | { readonly type: 'truncated' };

/** Where this process finds its open files. Elsewhere (macOS, Windows) `tail` only reports that the file has grown. */
const DESCRIPTORS = '/proc/self/fd';
const CHUNK_BYTES = 65_536;
const MAX_LINE_BYTES = 1_048_576;
/** The last bytes read are compared with the file before more is read: they differ after it was truncated and refilled. */
const WITNESS_BYTES = 64;
/** A consumer that is further behind than this reads the file at its own pace. */
const MAX_QUEUED_BYTES = 1_048_576;
/** Raw bytes in the chunks in which they are read; a renamed file is not followed by name. */
const RAW = { encoding: 'latin1', separator: null, follow: false } as const;
/**
 * The file no longer has a name, or all watches are in use (`tail` reports that error in its constructor, before there is a
 * listener).
 */
const UNWATCHABLE: ReadonlySet<unknown> = new Set(['ENOENT', 'ERR_UNHANDLED_ERROR']);

/** The data that `tail` reads beyond the initial end of a file. */
class TailedEnd {
  /** Whether `tail` reads the open file itself; otherwise it only reports growth. */
  readonly #isReader: boolean;
  readonly #tail: Tail;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  /** Whether `tail` has stopped reporting, because the file was renamed or the consumer is too far behind. */
  isEnded = false;

  constructor({ path, isReader, onChange }: { readonly path: string; readonly isReader: boolean; readonly onChange: () => void }) {
    this.#isReader = isReader;
    this.#tail = new Tail(path, RAW);
    this.#tail.on('line', (text: string) => {
      if (this.#isReader && !this.isEnded) this.#queueBytes(Buffer.from(text, 'latin1'));
      onChange();
    });
    this.#tail.on('error', () => {
      this.close();
      onChange();
    });
  }

  get isReading(): boolean {
    return this.#isReader && !this.isEnded;
  }

  take(): Buffer | undefined {
    const bytes = this.#queue.shift();
    this.#queuedBytes -= bytes?.length ?? 0;
    return bytes;
  }

  close(): void {
    this.isEnded = true;
    this.#tail.unwatch();
  }

  #queueBytes(bytes: Buffer): void {
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes > MAX_QUEUED_BYTES) this.close();
  }
}

interface ReadOptions {
  readonly logPath: string;
  /** Byte to start at, at the start of a line. */
  readonly offset: number;
  /** Called when there may be more to read. */
  readonly onChange: () => void;
}

export class FollowedFile {
  readonly id: string;
  readonly #file: OpenGeneration;
  readonly #options: ReadOptions;
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #splitter = new LineSplitter(MAX_LINE_BYTES);
  #position: number;
  #witness: Buffer | undefined;
  #seenMtimeNs: bigint | undefined;
  /** Undefined until the end has been reached; null once only our handle reads. */
  #tailed: TailedEnd | undefined | null;
  /** Position at which `tail` lagged at the last read. If it still lags there, it has not noticed the growth (network file systems). */
  #behindAt: number | undefined;

  constructor(file: OpenGeneration, options: ReadOptions) {
    this.#file = file;
    this.#options = options;
    this.id = file.id;
    this.#position = options.offset;
  }

  get hasUnfinishedLine(): boolean {
    return this.#splitter.pendingBytes > 0;
  }

  /** When the file was last written to. */
  async modifiedAtNs(): Promise<bigint> {
    return (await this.#file.handle.stat({ bigint: true })).mtimeNs;
  }

  /** Reads until a line is complete. Returns undefined when there is nothing new. @throws the error of `tail`'s constructor */
  async read(): Promise<FileEvent | undefined> {
    for (;;) {
      const { size, mtimeNs } = await this.#file.handle.stat({ bigint: true });
      const hasGrown = Number(size) > this.#position;
      const bytes = this.#tailed?.take() ?? (hasGrown && this.#isOurs() ? await this.#readAt(this.#position, this.#chunk) : undefined);
      const isChanged = bytes !== undefined || mtimeNs !== this.#seenMtimeNs;
      if (Number(size) < this.#position || (isChanged && !(await this.#isContinued()))) return this.#restart();
      this.#seenMtimeNs = mtimeNs;
      if (bytes !== undefined) {
        const lines = this.#accept(bytes);
        if (lines.length > 0) return { type: 'lines', lines };
      } else if (this.#tailed === null || this.#tailed?.isEnded === false || this.#tailFromHere()) return undefined;
    }
  }

  /** Reads through our own handle from now on: `tail` may be behind, and unread data must not be lost. */
  leaveTail(): void {
    this.#tailed?.close();
    this.#tailed = null;
  }

  /** Returns the unfinished line, when no more of it is expected. */
  flush(): string | undefined {
    return this.#splitter.flush();
  }

  async close(): Promise<void> {
    this.leaveTail();
    await this.#file.handle.close();
  }

  /** Whether our own handle reads the new data, which it does not while `tail` does. */
  #isOurs(): boolean {
    if (this.#tailed?.isReading !== true) return true;
    const isStuck = this.#behindAt === this.#position;
    this.#behindAt = this.#position;
    if (isStuck) this.#tailed.close();
    return isStuck;
  }

  /** Starts `tail`, which begins at the file's current size. @returns false when the file has grown in the meantime */
  #tailFromHere(): boolean {
    const { fd } = this.#file.handle;
    const isReader = existsSync(DESCRIPTORS);
    const path = isReader ? `${DESCRIPTORS}/${fd}` : this.#options.logPath;
    try {
      this.#tailed = new TailedEnd({ path, isReader, onChange: this.#options.onChange });
    } catch (error) {
      if (!UNWATCHABLE.has((error as NodeJS.ErrnoException).code)) throw error;
      return true;
    }
    if (fstatSync(fd).size === this.#position) return true;
    this.#tailed.close();
    return false;
  }

  /** @returns the complete lines, without empty ones */
  #accept(bytes: Buffer): string[] {
    this.#position += bytes.length;
    this.#witness = Buffer.concat([this.#witness ?? Buffer.alloc(0), bytes.subarray(-WITNESS_BYTES)]).subarray(-WITNESS_BYTES);
    return this.#splitter.push(this.#withoutHole(bytes)).filter((line) => line !== '');
  }

  /** Skips the zeros before the next line, left by a writer that kept its offset after a truncation. */
  #withoutHole(bytes: Buffer): Buffer {
    if (bytes[0] !== 0 || this.hasUnfinishedLine) return bytes;
    const start = bytes.findIndex((byte) => byte !== 0);
    return start < 0 ? bytes.subarray(bytes.length) : bytes.subarray(start);
  }

  /** Whether the bytes before the position are still those that were read. */
  async #isContinued(): Promise<boolean> {
    const length = Math.min(WITNESS_BYTES, this.#position);
    this.#witness ??= await this.#readAt(this.#position - length, Buffer.alloc(length));
    return this.#witness.equals(await this.#readAt(this.#position - this.#witness.length, Buffer.alloc(this.#witness.length)));
  }

  async #readAt(position: number, buffer: Buffer): Promise<Buffer> {
    const { bytesRead } = await this.#file.handle.read(buffer, 0, buffer.length, position);
    return buffer.subarray(0, bytesRead);
  }

  #restart(): FileEvent {
    this.#tailed?.close();
    if (this.#tailed !== null) this.#tailed = undefined;
    this.#position = 0;
    this.#witness = undefined;
    this.#splitter = new LineSplitter(MAX_LINE_BYTES);
    return { type: 'truncated' };
  }
}
