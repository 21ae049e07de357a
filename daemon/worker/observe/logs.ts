/** The log for the API: the files themselves, read backwards, a page at a time, or followed while they are written. */
import { GatewayError } from '../../../shared/errors.js';
import { parseLogLine } from '../../../shared/log/entry.js';
import { createLogFilter, type LogFilter } from '../../../shared/log/filter.js';
import { isLogLevel, LOG_LEVELS, type LogLevel } from '../../../shared/log/level.js';
import { checkPattern } from '../../../shared/log/pattern.js';
import { followFile } from '../../../shared/node/log/follow-file.js';
import { decodePosition, encodePosition } from '../../../shared/node/log/log-cursor.js';
import { type LineMatcher, PatternThread } from '../../../shared/node/log/pattern-thread.js';
import { readLog } from '../../../shared/node/log/read-log.js';
import type { Redactor } from '../../../shared/node/secrets/redact.js';
import { scanLog } from '../../../shared/node/log/scan-log.js';
import type { LogChoice, LogEvent, LogFollowQuery, LogPage, LogQuery, LogService } from './log-contract.js';

const LIMIT = { default: 100, max: 1_000 } as const;
/** What one request may look at; a page with few or no entries and a cursor means: there is more to look at. */
const MAX_SCAN_BYTES = 33_554_432;
/** Each holds a watch on the file. */
const MAX_FOLLOWERS = 32;
/** A batch larger than this is given in parts. */
const MAX_EVENT_LINES = 500;
/** Each reads as fast as its client takes it. */
const MAX_DOWNLOADS = 4;

function checkLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT.max) return limit;
  throw new GatewayError('INVALID_REQUEST', { message: `limit is ${limit}; it must be a whole number from 1 to ${LIMIT.max}` });
}

function checkLevel(level: string): LogLevel {
  if (isLogLevel(level)) return level;
  throw new GatewayError('INVALID_REQUEST', { message: `level is '${level}'; it must be one of ${LOG_LEVELS.join(', ')}` });
}

/** @throws INVALID_REQUEST */
function toFilter({ level, hide, regex, ...rest }: LogChoice): LogFilter {
  if (regex !== undefined) checkPattern(regex);
  return {
    ...rest,
    ...(level === undefined ? {} : { level: checkLevel(level) }),
    ...(hide === undefined ? {} : { hide: hide.map(checkLevel) }),
  };
}

function tooMany(count: number, what: string, hint: string): GatewayError {
  return new GatewayError('RATE_LIMITED', { message: `${count} callers ${what} the log already, which is the most.`, hint });
}

export interface LogServiceOptions {
  readonly logPath: string;
  /** Lines from before a secret was known are freed of it when they are read. */
  readonly redactor?: Redactor;
  /** Default: a thread. */
  readonly matcher?: LineMatcher;
}

class FileLog implements LogService {
  readonly #logPath: string;
  readonly #redactor: Redactor | undefined;
  readonly #matcher: LineMatcher;
  #followers = 0;
  #downloads = 0;

  constructor({ logPath, redactor, matcher = new PatternThread() }: LogServiceOptions) {
    this.#logPath = logPath;
    this.#redactor = redactor;
    this.#matcher = matcher;
  }

  async query({ limit = LIMIT.default, cursor, ...choice }: LogQuery): Promise<LogPage> {
    const { regex } = choice;
    // Without a cursor this is the newest page: a line that is being written is left to who follows from its end.
    const isNewest = cursor === undefined;
    const page = await readLog(this.#logPath, {
      ...toFilter(choice),
      ...(isNewest ? {} : { cursor }),
      limit: checkLimit(limit),
      maxScanBytes: MAX_SCAN_BYTES,
      completeOnly: isNewest,
      ...(regex === undefined ? {} : { refine: (lines) => this.#matcher.match(regex, lines) }),
    });
    const end = isNewest && page.end !== null ? encodePosition(page.end) : null;
    const matches = page.matches === undefined ? {} : { matches: page.matches.map((parts) => parts.map((part) => this.#clean(part))) };
    return { entries: page.lines.map((line) => this.#parse(line)), ...matches, nextCursor: page.nextCursor, end };
  }

  follow(query: LogFollowQuery, signal: AbortSignal): AsyncIterable<LogEvent> {
    if (this.#followers >= MAX_FOLLOWERS)
      throw tooMany(MAX_FOLLOWERS, 'follow', 'Close one of them, e.g. a tab of the page that shows the log.');
    if (query.from !== undefined) decodePosition(query.from);
    toFilter(query);
    return this.#follow(query, signal);
  }

  download(choice: LogChoice): AsyncIterable<string> {
    if (this.#downloads >= MAX_DOWNLOADS) throw tooMany(MAX_DOWNLOADS, 'download', 'Try again when one of them has ended.');
    return this.#download(toFilter(choice), choice.regex);
  }

  async *#download(filter: LogFilter, regex: string | undefined): AsyncGenerator<string> {
    this.#downloads += 1;
    try {
      for await (const lines of scanLog(this.#logPath, filter)) {
        const found = regex === undefined ? undefined : await this.#matcher.match(regex, lines);
        const wanted = found === undefined ? lines : lines.filter((_, index) => found[index] !== null);
        if (wanted.length > 0) yield wanted.map((line) => `${this.#clean(line)}\n`).join('');
      }
    } finally {
      this.#downloads -= 1;
    }
  }

  async *#follow({ from, ...choice }: LogFollowQuery, signal: AbortSignal): AsyncGenerator<LogEvent> {
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
          const found = await this.#toEvent(lines.slice(at, at + MAX_EVENT_LINES), choice.regex);
          if (found.entries.length > 0) yield found;
        }
      }
    } finally {
      this.#followers -= 1;
    }
  }

  async #toEvent(lines: readonly string[], regex: string | undefined): Promise<Extract<LogEvent, { type: 'lines' }>> {
    if (regex === undefined) return { type: 'lines', entries: lines.map((line) => this.#parse(line)) };
    const found = await this.#matcher.match(regex, lines);
    const hits = lines.flatMap((line, index) => (found[index] === null ? [] : [{ line, parts: found[index] ?? [] }]));
    const matches = hits.map(({ parts }) => parts.map((part) => this.#clean(part)));
    return { type: 'lines', entries: hits.map(({ line }) => this.#parse(line)), matches };
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
