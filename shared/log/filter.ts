/** Filters log lines. */
import { entryTimeMs, type LogEntry, parseLogLine } from './entry.js';
import { isLogLevel, levelRank, type LogLevel } from './level.js';
import { createSearch } from './search.js';

export interface LogFilter {
  /** This level and above. */
  readonly level?: LogLevel;
  /** Epoch ms, inclusive. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** Text that the line contains, ignoring case. */
  readonly q?: string;
  /** Words, `-word`, `field:value` (`search.ts`). */
  readonly search?: string;
}

/** `tooOld`: before `sinceMs`, so that reading backwards can stop. */
export type LogVerdict = 'take' | 'leave' | 'tooOld';

/** The head of the gateway's own lines, so that unwanted lines need no parsing. */
const OWN_HEAD = /^\{"level":"([a-z]{4,5})","time":"([^"]{20,30})"/;

function headOf(line: string): { level: unknown; timeMs: number | undefined } {
  const own = OWN_HEAD.exec(line);
  const entry = own === null ? parseLogLine(line) : { level: own[1], time: own[2] };
  return { level: entry['level'], timeMs: entryTimeMs(entry) };
}

/** Returns the level of a line; undefined when it has none of ours. */
export function lineLevel(line: string): LogLevel | undefined {
  const { level } = headOf(line);
  return isLogLevel(level) ? level : undefined;
}

/** A line, parsed only if a search needs its fields. */
class Line {
  readonly text: string;
  #entry: LogEntry | undefined;

  constructor(text: string) {
    this.text = text;
  }

  get entry(): LogEntry {
    this.#entry ??= parseLogLine(this.text);
    return this.#entry;
  }
}

/** Compiles a filter. A line without a time fails every time limit, and a line without a level every level limit. */
export function createLogFilter(filter: LogFilter): (line: string) => LogVerdict {
  const { sinceMs = -Infinity, untilMs = Infinity } = filter;
  const minimum = filter.level === undefined ? 0 : levelRank(filter.level);
  const hasTimeLimit = sinceMs > -Infinity || untilMs < Infinity;
  const plain = (filter.q ?? '').toLowerCase();
  // In the file, quotes and backslashes are escaped.
  const escaped = JSON.stringify(plain).slice(1, -1);
  const containsText = (line: string): boolean => {
    if (plain === '') return true;
    const lower = line.toLowerCase();
    return lower.includes(escaped) || lower.includes(plain);
  };
  const { search = '' } = filter;
  const isFound = search.trim() === '' ? undefined : createSearch(search);
  return (line) => {
    if (minimum > 0 || hasTimeLimit) {
      const { level, timeMs } = headOf(line);
      if (timeMs !== undefined && timeMs < sinceMs) return 'tooOld';
      if (hasTimeLimit && (timeMs === undefined || timeMs > untilMs)) return 'leave';
      if (levelRank(level) < minimum) return 'leave';
    }
    return containsText(line) && (isFound === undefined || isFound(new Line(line))) ? 'take' : 'leave';
  };
}
