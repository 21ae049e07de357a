/** Reads the log files for the API, in the worker and in `xopc gateway logs --web`: backwards by page, forwards as a download, or followed while they are written. */
import type { LogCounts, LogCountsQuery, LogDownloadQuery, LogEvent, LogFollowQuery, LogPage, LogQuery } from '../../api/gateway/logs.js';
import { GatewayError } from '../../errors.js';
import { parseLogLine } from '../../log/entry.js';
import { createLogFilter, lineLevel, type LogFilter } from '../../log/filter.js';
import { followFile } from './follow-file.js';
import { decodePosition, encodePosition } from './log-cursor.js';
import type { LineMatcher, PatternModule } from './line-matcher.js';
import { readLog, type ReadLogOptions } from './read-log.js';
import type { Redactor } from '../secrets/redact.js';
import { scanLog } from './scan-log.js';

const DEFAULT_LIMIT = 100;
/** Bytes that one request may scan. A short page with a cursor means that more can be scanned. */
const MAX_SCAN_BYTES = 33_554_432;
/** Milliseconds of the event loop that a regular expression may use for one page; then the page ends early, as at the byte limit. */
const MAX_SEARCH_MS = 2_000;
/** Counting reads this many bytes at a time, and at most this many times: enough for all files of the default configuration. */
const COUNTED = { bytes: 1_048_576, times: 64 } as const;
/** Maximum of concurrent counts and pages with a regular expression, which take turns on the event loop. */
const MAX_SEARCHES = 8;
/** Maximum number of followers, each of which watches the file. */
const MAX_FOLLOWERS = 32;
/** Maximum lines per event. */
const MAX_EVENT_LINES = 500;
/** Maximum of concurrent downloads. */
const MAX_DOWNLOADS = 4;

function toFilter({ since, until, ...query }: LogDownloadQuery): LogFilter {
  const { level, q, search } = query;
  const filter = { level, q, search, sinceMs: since, untilMs: until };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}

function refinedBy(matcher: LineMatcher | undefined): Pick<ReadLogOptions, 'refine' | 'isSpent'> {
  if (matcher === undefined) return {};
  return { refine: (lines) => matcher.match(lines), isSpent: () => matcher.spentMs >= MAX_SEARCH_MS };
}

function tooMany(count: number, what: string, hint: string): GatewayError {
  return new GatewayError('RATE_LIMITED', { message: `${count} callers already ${what} the log, which is the limit.`, hint });
}

export interface LogServiceOptions {
  readonly logPath: string;
  /** Removes secrets from lines that were written before the secrets were known. */
  readonly redactor?: Redactor;
  /** Loads the regular expression matcher; called for each search. */
  readonly loadPatterns: () => PatternModule;
}

export type LogService = Pick<FileLog, 'query' | 'count' | 'follow' | 'download'>;

class FileLog {
  readonly #logPath: string;
  readonly #redactor: Redactor | undefined;
  readonly #loadPatterns: () => PatternModule;
  #followers = 0;
  #searches = 0;
  #downloads = 0;

  constructor({ logPath, redactor, loadPatterns }: LogServiceOptions) {
    this.#logPath = logPath;
    this.#redactor = redactor;
    this.#loadPatterns = loadPatterns;
  }

  /** Returns a page, newest entry last; 100 entries by default. @throws INVALID_REQUEST, RATE_LIMITED */
  async query(query: LogQuery): Promise<LogPage> {
    const matcher = this.#toMatcher(query);
    return matcher === undefined ? this.#readPage(query, undefined) : this.#search(() => this.#readPage(query, matcher));
  }

  /** Counts the entries of each level. @throws INVALID_REQUEST, RATE_LIMITED */
  async count(query: LogCountsQuery): Promise<LogCounts> {
    const matcher = this.#toMatcher(query);
    return this.#search(() => this.#count(query, matcher));
  }

  /** @throws RATE_LIMITED when too many are already running */
  async #search<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#searches >= MAX_SEARCHES) throw tooMany(MAX_SEARCHES, 'search', 'Try again when one of them has ended.');
    this.#searches += 1;
    try {
      return await work();
    } finally {
      this.#searches -= 1;
    }
  }

  async #count({ to, ...choice }: LogCountsQuery, matcher: LineMatcher | undefined): Promise<LogCounts> {
    const counts = { fatal: 0, error: 0, warn: 0, info: 0, debug: 0, trace: 0, other: 0 };
    const before = to === undefined ? {} : { before: decodePosition(to, 'to') };
    let cursor: string | null | undefined;
    for (let times = 0; times < COUNTED.times && cursor !== null && (matcher?.spentMs ?? 0) < MAX_SEARCH_MS; times += 1) {
      const page: Awaited<ReturnType<typeof readLog>> = await readLog(this.#logPath, {
        ...toFilter(choice),
        ...(cursor === undefined ? before : { cursor }),
        ...refinedBy(matcher),
        limit: Infinity,
        maxScanBytes: COUNTED.bytes,
      });
      for (const line of page.lines) counts[lineLevel(line) ?? 'other'] += 1;
      cursor = page.nextCursor;
    }
    return { counts, complete: cursor === null };
  }

  async #readPage({ limit = DEFAULT_LIMIT, cursor, ...choice }: LogQuery, matcher: LineMatcher | undefined): Promise<LogPage> {
    // The newest page ends before a line that is still being written; a follower reads that line.
    const isNewest = cursor === undefined;
    const page = await readLog(this.#logPath, {
      ...toFilter(choice),
      ...(isNewest ? {} : { cursor }),
      limit,
      maxScanBytes: MAX_SCAN_BYTES,
      completeOnly: isNewest,
      ...refinedBy(matcher),
    });
    const end = isNewest && page.end !== null ? encodePosition(page.end) : null;
    const matches = page.matches === undefined ? {} : { matches: page.matches.map((parts) => parts.map((part) => this.#clean(part))) };
    return { entries: page.lines.map((line) => this.#parse(line)), ...matches, nextCursor: page.nextCursor, end };
  }

  /** Yields lines as they are written, until the signal aborts. @throws INVALID_REQUEST, RATE_LIMITED */
  follow(query: LogFollowQuery, signal: AbortSignal): AsyncIterable<LogEvent> {
    if (this.#followers >= MAX_FOLLOWERS)
      throw tooMany(MAX_FOLLOWERS, 'follow', 'Close one of them, e.g. a tab of the page that shows the log.');
    if (query.from !== undefined) decodePosition(query.from);
    return this.#follow(query, this.#toMatcher(query), signal);
  }

  /** Yields all lines of all files, oldest first. @throws INVALID_REQUEST, RATE_LIMITED */
  download(query: LogDownloadQuery): AsyncIterable<string> {
    if (this.#downloads >= MAX_DOWNLOADS) throw tooMany(MAX_DOWNLOADS, 'download', 'Try again when one of them has ended.');
    return this.#download(toFilter(query), this.#toMatcher(query));
  }

  async *#download(filter: LogFilter, matcher: LineMatcher | undefined): AsyncGenerator<string> {
    this.#downloads += 1;
    try {
      for await (const lines of scanLog(this.#logPath, filter)) {
        const found = await matcher?.match(lines);
        const wanted = found === undefined ? lines : lines.filter((_, index) => found[index] !== null);
        if (wanted.length > 0) yield wanted.map((line) => `${this.#clean(line)}\n`).join('');
      }
    } finally {
      this.#downloads -= 1;
    }
  }

  async *#follow({ from, ...choice }: LogFollowQuery, matcher: LineMatcher | undefined, signal: AbortSignal): AsyncGenerator<LogEvent> {
    const isWanted = createLogFilter(toFilter(choice));
    this.#followers += 1;
    try {
      for await (const event of followFile(this.#logPath, { from: from === undefined ? 'end' : decodePosition(from), signal })) {
        if (signal.aborted) return;
        if (event.type !== 'lines') {
          yield { type: 'gap', reason: event.type === 'gap' ? 'rotated' : 'truncated' };
          continue;
        }
        const lines = event.lines.filter((line) => isWanted(line) === 'take');
        for (let at = 0; at < lines.length; at += MAX_EVENT_LINES) {
          const found = await this.#toEvent(lines.slice(at, at + MAX_EVENT_LINES), matcher);
          if (found.entries.length > 0) yield found;
        }
      }
    } finally {
      this.#followers -= 1;
    }
  }

  async #toEvent(lines: readonly string[], matcher: LineMatcher | undefined): Promise<Extract<LogEvent, { type: 'lines' }>> {
    if (matcher === undefined) return { type: 'lines', entries: lines.map((line) => this.#parse(line)) };
    const found = await matcher.match(lines);
    const hits = lines.flatMap((line, index) => (found[index] === null ? [] : [{ line, parts: found[index] ?? [] }]));
    const matches = hits.map(({ parts }) => parts.map((part) => this.#clean(part)));
    return { type: 'lines', entries: hits.map(({ line }) => this.#parse(line)), matches };
  }

  /** @throws INVALID_REQUEST */
  #toMatcher({ regex }: LogDownloadQuery): LineMatcher | undefined {
    return regex === undefined ? undefined : this.#loadPatterns().createLineMatcher(regex);
  }

  #clean(text: string): string {
    return this.#redactor?.redact(text) ?? text;
  }

  #parse(line: string): Record<string, unknown> {
    return parseLogLine(this.#clean(line));
  }
}

export function createLogService(options: LogServiceOptions): LogService {
  return new FileLog(options);
}
