/**
 * Follows the log while it is written, rotated, renamed, deleted or truncated: yields every line once, in order. Reads the log and every
 * file that takes its place, in the order in which they were written; followed-file.ts reads each of them.
 */
import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FollowedFile, type FileEvent } from './followed-file.js';
import type { LogPosition } from './log-cursor.js';
import { fileIdAt, openGeneration, walkGenerations, type OpenGeneration } from './log-generations.js';

export type FollowEvent =
  | FileEvent
  /** Set when files were rotated away before they could be read. */
  | { readonly type: 'gap' };

export interface FollowOptions {
  /**
   * `end`: only what is written from now on; `start`: the file from its beginning; a position: from there, e.g. the
   * `end` of a page of read-log.ts. A file that does not exist yet is awaited and read from its beginning.
   */
  readonly from: 'start' | 'end' | LogPosition;
  /** Stops following at the current end of the file. To stop at once, leave the loop. */
  readonly signal: AbortSignal;
}

/** How often to check for changes that the system does not report (network file systems, exhausted inotify watches). */
const POLL_MS = 500;
/** How long a writer that has not reopened its file after a rotation may still write to the old one. */
const LATE_WRITER_MS = 5_000;
const MAX_RETIRED = 8;
/** How long an unfinished line at the end of a rotated file may take to be finished. */
const UNFINISHED_LINE_MS = 50;

const identity = (file: OpenGeneration): string => `${file.id}:${file.stats.birthtimeNs}`;

async function closeAll(files: readonly OpenGeneration[]): Promise<void> {
  await Promise.all(files.map((file) => file.handle.close()));
}

/** One of the files being read: the last is the current one, earlier ones are retired. */
interface RowEntry {
  readonly file: FollowedFile;
  /** Lines read but held back until everything written before them has been yielded. */
  held?: FileEvent | undefined;
  /** When to close a retired file. */
  untilMs: number;
}

/** Yields the lines in batches, without line breaks and empty lines. The consumer sets the pace. */
export async function* followFile(logPath: string, { from, signal }: FollowOptions): AsyncGenerator<FollowEvent> {
  const follower = new LogFollower(logPath, from);
  try {
    for (;;) {
      const isLast = signal.aborted;
      const event = await follower.next(isLast);
      if (event !== undefined) yield event;
      else if (isLast) return;
      else await follower.wait(signal);
    }
  } finally {
    await follower.close();
  }
}

export class LogFollower {
  readonly #logPath: string;
  readonly #from: FollowOptions['from'];
  #directory: FSWatcher | undefined;
  #hasChanged = false;
  #wake: (() => void) | undefined;
  /** There was no log when following started. */
  #isWaiting = false;
  #row: RowEntry[] = [];
  #successor: OpenGeneration | undefined;
  #hasWaitedForLine = false;
  #hasGap = false;
  /** Generations older than the current file, which must not be read. */
  #older = new Set<string>();

  constructor(logPath: string, from: FollowOptions['from']) {
    this.#logPath = logPath;
    this.#from = from;
    this.#watchDirectory();
  }

  /**
   * Returns the next batch; undefined when there is nothing new yet.
   * @param isLast  read everything that the files now contain
   */
  async next(isLast = false): Promise<FollowEvent | undefined> {
    this.#hasChanged = false;
    if (isLast) for (const { file } of this.#row) file.leaveTail();
    for (;;) {
      const event = await this.#step();
      if (event !== 'again') return event;
    }
  }

  /** Waits until the log may have grown since the last {@link next}, another file is at its path, or {@link POLL_MS} have passed. */
  async wait(signal: AbortSignal): Promise<void> {
    if (this.#hasChanged || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, POLL_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      signal.addEventListener('abort', this.#wake);
    });
    signal.removeEventListener('abort', this.#wake as () => void);
    this.#wake = undefined;
  }

  async close(): Promise<void> {
    this.#directory?.close();
    await Promise.all([...this.#row.map(({ file }) => file.close()), this.#successor?.handle.close()]);
  }

  readonly #onChange = (): void => {
    this.#hasChanged = true;
    this.#wake?.();
  };

  /** Watches for another file at the path. If the directory was replaced too, or does not exist, polling finds the file. */
  #watchDirectory(): void {
    this.#directory?.close();
    try {
      this.#directory = watch(dirname(this.#logPath), (event, name) => {
        if (event === 'rename' && (name === null || name === basename(this.#logPath))) this.#onChange();
      });
      this.#directory.on('error', this.#onChange);
    } catch {
      this.#directory = undefined;
    }
  }

  async #step(): Promise<FollowEvent | undefined | 'again'> {
    if (this.#hasGap) {
      this.#hasGap = false;
      return { type: 'gap' };
    }
    const current = this.#row.at(-1);
    if (current === undefined) return (await this.#openFirst()) ? 'again' : undefined;
    const event = (await this.#readInOrder(this.#row)) ?? (await this.#giveUpOldest());
    if (event !== undefined) return event;
    if (this.#successor === undefined) {
      this.#successor = await this.#findSuccessor(current.file);
      if (this.#successor === undefined) return undefined;
      // The old file may have been written to between the last read and its replacement.
      current.file.leaveTail();
      return 'again';
    }
    if (current.file.hasUnfinishedLine && !this.#hasWaitedForLine) {
      this.#hasWaitedForLine = true;
      await delay(UNFINISHED_LINE_MS);
      return 'again';
    }
    return this.#moveOn(current, this.#successor);
  }

  /**
   * Reads the next batch of several files, oldest first. A late writer writes to the old file and then to the new one: lines read
   * from the new one are held back until the old one has been read once more, so that each writer's lines stay in order.
   */
  async #readInOrder(row: readonly RowEntry[]): Promise<FileEvent | undefined> {
    for (const [index, entry] of row.entries()) {
      entry.held ??= await entry.file.read();
      if (entry.held?.type === 'truncated' && entry !== this.#row.at(-1)) entry.held = undefined;
      if (entry.held === undefined) continue;
      const earlier = await this.#readInOrder(row.slice(0, index));
      if (earlier !== undefined) return earlier;
      const event = entry.held;
      entry.held = undefined;
      return event;
    }
    return undefined;
  }

  /** Closes the oldest retired file when its time is up; it has just been read to its end. */
  async #giveUpOldest(): Promise<FileEvent | undefined> {
    const [oldest] = this.#row;
    if (oldest === undefined || this.#row.length === 1) return undefined;
    if (Date.now() < oldest.untilMs && this.#row.length <= MAX_RETIRED + 1) return undefined;
    this.#row.shift();
    const rest = oldest.file.flush();
    await oldest.file.close();
    return rest === undefined ? undefined : { type: 'lines', lines: [rest] };
  }

  async #moveOn(current: RowEntry, successor: OpenGeneration): Promise<FollowEvent | 'again'> {
    const rest = current.file.flush();
    current.untilMs = Date.now() + LATE_WRITER_MS;
    this.#successor = undefined;
    this.#hasWaitedForLine = false;
    await this.#adopt(successor, 0);
    return rest === undefined ? 'again' : { type: 'lines', lines: [rest] };
  }

  async #adopt(file: OpenGeneration, offset: number): Promise<void> {
    this.#row.push({ file: new FollowedFile(file, { logPath: this.#logPath, offset, onChange: this.#onChange }), untilMs: Infinity });
    await this.#noteOlder(file.generation + 1, file.id);
    this.#watchDirectory();
  }

  /** Remembers the generations from that number on; those up to `currentId` were newer, if a rotation has moved it meanwhile. */
  async #noteOlder(from: number, currentId?: string): Promise<void> {
    this.#older.clear();
    for await (const file of walkGenerations(this.#logPath, from)) {
      if (file.id === currentId) this.#older.clear();
      else this.#older.add(identity(file));
      await file.handle.close();
    }
  }

  async #openFirst(): Promise<boolean> {
    if (this.#isWaiting) return this.#openNew();
    if (typeof this.#from === 'object') {
      if (await this.#openAt(this.#from)) return true;
      this.#hasGap = true;
    }
    await this.#noteOlder(1);
    const file = await openGeneration(this.#logPath, 0);
    this.#isWaiting = file === undefined;
    if (file === undefined) return false;
    await this.#adopt(file, this.#from === 'end' ? Number(file.stats.size) : 0);
    return true;
  }

  async #openAt(position: LogPosition): Promise<boolean> {
    for await (const file of walkGenerations(this.#logPath)) {
      if (file.id === position.fileId) {
        await this.#adopt(file, position.offset);
        return true;
      }
      await file.handle.close();
    }
    return false;
  }

  /** Opens the first file of a log that did not exist when following started; it may have been rotated since. */
  async #openNew(): Promise<boolean> {
    const files: OpenGeneration[] = [];
    for await (const file of walkGenerations(this.#logPath)) files.push(file);
    const first = files.findLast((file) => !this.#older.has(identity(file)));
    await closeAll(files.filter((file) => file !== first));
    if (first === undefined) return false;
    await this.#adopt(first, 0);
    return true;
  }

  /** Opens the file that was written after the current one: the oldest of those that are newer. */
  async #findSuccessor(current: FollowedFile): Promise<OpenGeneration | undefined> {
    if (fileIdAt(this.#logPath) === current.id) return undefined;
    const newer: OpenGeneration[] = [];
    let isCurrentFound = false;
    for await (const file of walkGenerations(this.#logPath)) {
      isCurrentFound = file.id === current.id;
      if (isCurrentFound) {
        await file.handle.close();
        break;
      }
      newer.push(file);
    }
    const candidates = isCurrentFound ? newer : await this.#withoutOlder(newer, current);
    const successor = candidates.at(-1);
    await closeAll(newer.filter((file) => file !== successor));
    // The file was deleted, possibly by rotation, so there may have been files in between.
    if (!isCurrentFound && (successor?.generation ?? 0) > 0) this.#hasGap = true;
    return successor;
  }

  /** Skips older files. The current file no longer has a name, so its place among the generations is unknown. */
  async #withoutOlder(files: readonly OpenGeneration[], current: FollowedFile): Promise<OpenGeneration[]> {
    const modifiedAtNs = await current.modifiedAtNs();
    return files.filter((file) => file.generation === 0 || (!this.#older.has(identity(file)) && file.stats.mtimeNs >= modifiedAtNs));
  }
}
