/** Reads the log backwards across its rotated generations: the last lines, or filtered pages with a cursor. */
import { createLogFilter, type LogFilter, type LogVerdict } from '../../log/filter.js';
import { decodeCursor, encodeCursor, isCursorOf, type LogPosition } from './log-cursor.js';
import { listGenerations, walkGenerations, type OpenGeneration } from './log-generations.js';
import type { LineMatch } from './line-matcher.js';
import { readLinesBackward, type BackwardLine } from './read-backward.js';

export interface ReadLogOptions extends LogFilter {
  /** Maximum number of lines. */
  readonly limit: number;
  /** Cursor of an earlier page: returns older entries. */
  readonly cursor?: string;
  /** End of an earlier page: returns the lines before it. */
  readonly before?: LogPosition;
  /** Bytes to scan before an incomplete page is returned, with a cursor to continue. Default: all. */
  readonly maxScanBytes?: number;
  /** Also ends the page early, as soon as it returns true. */
  readonly isSpent?: () => boolean;
  /** Omits an incomplete last line: it is still being written, and a follower that starts at `end` gets the complete line. */
  readonly completeOnly?: boolean;
  /** A second, slower filter for lines that pass the first one, in batches. */
  readonly refine?: (lines: readonly string[]) => Promise<LineMatch[]>;
}

export interface LogPage {
  /** Oldest first, as they are in the files, without line breaks. */
  readonly lines: string[];
  /** With `refine`: its result for each line. */
  readonly matches?: readonly (readonly string[])[];
  /** Cursor for older lines; null when there are none. */
  readonly nextCursor: string | null;
  /** Position after the newest complete line, where a follower continues; null when there is no log. */
  readonly end: LogPosition | null;
}

/** Lines of several writers may be slightly out of order: after this many bytes of lines that are too old, nothing newer follows. */
const TOO_OLD_BYTES = 1_048_576;
/** Lines that are refined together. */
const BATCH_LINES = 500;

/** A page being assembled. */
class PageReader {
  readonly lines: string[] = [];
  readonly matches: (readonly string[])[] = [];
  end: LogPosition | null = null;
  readonly #logPath: string;
  readonly #options: ReadLogOptions;
  readonly #filter: (line: string) => LogVerdict;
  /** Lines that have passed the filter and are waiting to be refined. */
  #batch: BackwardLine[] = [];
  #scannedBytes = 0;
  #tooOldBytes = 0;

  constructor(logPath: string, options: ReadLogOptions) {
    this.#logPath = logPath;
    this.#options = options;
    this.#filter = createLogFilter(options);
  }

  /**
   * Reads one file. @returns `undefined` to continue with the next older one, `null` when no older lines are needed, otherwise the
   * cursor
   */
  async read(file: OpenGeneration, from: number): Promise<string | null | undefined> {
    const isNewest = this.end === null;
    if (isNewest) this.end = { fileId: file.id, offset: from };
    if (Number(file.stats.mtimeMs) < (this.#options.sinceMs ?? -Infinity)) return null;
    for await (const line of readLinesBackward(file.handle, from)) {
      const isUnfinished = isNewest && !line.isComplete;
      if (isUnfinished) this.end = { fileId: file.id, offset: line.start };
      if (this.#isFull()) return this.#pageEnd(file, line.end);
      if (!isUnfinished || this.#options.completeOnly !== true) this.#consider(line);
      if (this.#tooOldBytes > TOO_OLD_BYTES) return (await this.#take(file)) ?? null;
      const isScanned = this.#scannedBytes >= (this.#options.maxScanBytes ?? Infinity) || this.#options.isSpent?.() === true;
      if (!isScanned && this.#batch.length < BATCH_LINES) continue;
      const fullAt = await this.#take(file);
      if (fullAt !== undefined || isScanned) return fullAt ?? this.#pageEnd(file, line.start);
    }
    const fullAt = await this.#take(file);
    return fullAt ?? (this.#isFull() ? this.#pageEnd(file, 0) : undefined);
  }

  #isFull(): boolean {
    return this.lines.length >= this.#options.limit;
  }

  #consider(line: BackwardLine): void {
    const bytes = line.end - line.start;
    this.#scannedBytes += bytes;
    if (line.text === '') return;
    const verdict = this.#filter(line.text);
    this.#tooOldBytes = verdict === 'tooOld' ? this.#tooOldBytes + bytes : 0;
    if (verdict !== 'take') return;
    if (this.#options.refine === undefined) this.lines.push(line.text);
    else this.#batch.push(line);
  }

  /** Refines the waiting lines. @returns the cursor when the page was full before all of them were checked */
  async #take(file: OpenGeneration): Promise<string | null | undefined> {
    const batch = this.#batch.splice(0);
    const { refine } = this.#options;
    if (refine === undefined || batch.length === 0) return undefined;
    const found = await refine(batch.map(({ text }) => text));
    for (const [index, line] of batch.entries()) {
      const match = found[index] ?? null;
      if (match === null) continue;
      if (this.#isFull()) return this.#pageEnd(file, line.end);
      this.lines.push(line.text);
      this.matches.push(match);
    }
    return undefined;
  }

  async #pageEnd(file: OpenGeneration, offset: number): Promise<string | null> {
    const isOldest = offset === 0 && !listGenerations(this.#logPath).some((generation) => generation > file.generation);
    return isOldest ? null : encodeCursor(file, offset);
  }
}

/**
 * Reads a page of the log, the newest lines that pass the filter unless a cursor says otherwise. Reads only as much as needed, in
 * chunks that yield to the event loop. @throws INVALID_REQUEST for an invalid cursor; the errors of `refine`. A cursor whose file
 * was deleted returns an empty page.
 */
export async function readLog(logPath: string, options: ReadLogOptions): Promise<LogPage> {
  const { before } = options;
  const cursor = options.cursor === undefined ? undefined : decodeCursor(options.cursor);
  const start = cursor ?? before;
  const page = new PageReader(logPath, options);
  let nextCursor: string | null | undefined;
  let isBehindStart = start === undefined;
  for await (const file of walkGenerations(logPath)) {
    try {
      const isStart = !isBehindStart && (cursor === undefined ? before?.fileId === file.id : await isCursorOf(cursor, file));
      if (isStart || isBehindStart) {
        isBehindStart = true;
        nextCursor = await page.read(file, Math.min((isStart ? start?.offset : undefined) ?? Infinity, Number(file.stats.size)));
      }
    } finally {
      await file.handle.close();
    }
    if (nextCursor !== undefined) break;
  }
  const matches = options.refine === undefined ? {} : { matches: page.matches.toReversed() };
  return { lines: page.lines.toReversed(), ...matches, nextCursor: nextCursor ?? null, end: page.end };
}
