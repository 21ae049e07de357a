/** Reads the log backwards across its rotated generations: the last lines, or filtered pages with a cursor. */
import { createLogFilter, type LogFilter, type LogVerdict } from '../log/filter.js';
import { decodeCursor, encodeCursor, isCursorOf, type LogPosition } from './log-cursor.js';
import { listGenerations, walkGenerations, type OpenGeneration } from './log-generations.js';
import { readLinesBackward, type BackwardLine } from './read-backward.js';

export interface ReadLogOptions extends LogFilter {
  /** How many lines at most. */
  readonly limit: number;
  /** From an earlier page: what is older than that. */
  readonly cursor?: string;
  /** Bytes to look at before the page is given as it is, with a cursor to go on. Default: all. */
  readonly maxScanBytes?: number;
  /** Leaves out a last line that is not complete: it is being written, and who follows from `end` gets it whole. */
  readonly completeOnly?: boolean;
}

export interface LogPage {
  /** Oldest first, as they are in the files, without line breaks. */
  readonly lines: string[];
  /** Where to go on towards older lines; null when there are none. */
  readonly nextCursor: string | null;
  /** Behind the newest complete line, where a follower goes on; null when there is no log. */
  readonly end: LogPosition | null;
}

/** Lines of several writers are out of order by moments: behind this many bytes of too old ones there is nothing newer. */
const TOO_OLD_BYTES = 1_048_576;

/** One page in the making. */
class PageReader {
  readonly lines: string[] = [];
  end: LogPosition | null = null;
  readonly #logPath: string;
  readonly #options: ReadLogOptions;
  readonly #filter: (line: string) => LogVerdict;
  #scannedBytes = 0;
  #tooOldBytes = 0;

  constructor(logPath: string, options: ReadLogOptions) {
    this.#logPath = logPath;
    this.#options = options;
    this.#filter = createLogFilter(options);
  }

  /** Reads one file. @returns `undefined` to go on with the next older one, `null` when nothing older is wanted, else the cursor */
  async read(file: OpenGeneration, from: number): Promise<string | null | undefined> {
    const isNewest = this.end === null;
    if (isNewest) this.end = { fileId: file.id, offset: from };
    if (Number(file.stats.mtimeMs) < (this.#options.sinceMs ?? -Infinity)) return null;
    for await (const line of readLinesBackward(file.handle, from)) {
      const isUnfinished = isNewest && !line.isComplete;
      if (isUnfinished) this.end = { fileId: file.id, offset: line.start };
      if (this.lines.length >= this.#options.limit) return this.#pageEnd(file, line.end);
      if (!isUnfinished || this.#options.completeOnly !== true) this.#consider(line);
      if (this.#tooOldBytes > TOO_OLD_BYTES) return null;
      if (this.#scannedBytes >= (this.#options.maxScanBytes ?? Infinity)) return this.#pageEnd(file, line.start);
    }
    return this.lines.length >= this.#options.limit ? this.#pageEnd(file, 0) : undefined;
  }

  #consider(line: BackwardLine): void {
    const bytes = line.end - line.start;
    this.#scannedBytes += bytes;
    if (line.text === '') return;
    const verdict = this.#filter(line.text);
    this.#tooOldBytes = verdict === 'tooOld' ? this.#tooOldBytes + bytes : 0;
    if (verdict === 'take') this.lines.push(line.text);
  }

  async #pageEnd(file: OpenGeneration, offset: number): Promise<string | null> {
    const isOldest = offset === 0 && !listGenerations(this.#logPath).some((generation) => generation > file.generation);
    return isOldest ? null : encodeCursor(file, offset);
  }
}

/**
 * Reads a page of the log, the newest lines that pass the filter unless a cursor says otherwise. Only as much is read as
 * is needed, in chunks between which other work goes on.
 * @throws INVALID_REQUEST for a cursor that is not ours. One whose file has been deleted since gives an empty page.
 */
export async function readLog(logPath: string, options: ReadLogOptions): Promise<LogPage> {
  const cursor = options.cursor === undefined ? undefined : decodeCursor(options.cursor);
  const page = new PageReader(logPath, options);
  let nextCursor: string | null | undefined;
  let isBehindCursor = cursor === undefined;
  for await (const file of walkGenerations(logPath)) {
    try {
      const isCursorFile = !isBehindCursor && cursor !== undefined && (await isCursorOf(cursor, file));
      if (isCursorFile || isBehindCursor) {
        isBehindCursor = true;
        nextCursor = await page.read(file, isCursorFile ? cursor.offset : Number(file.stats.size));
      }
    } finally {
      await file.handle.close();
    }
    if (nextCursor !== undefined) break;
  }
  return { lines: page.lines.toReversed(), nextCursor: nextCursor ?? null, end: page.end };
}
