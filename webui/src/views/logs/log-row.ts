/** A log line as the view shows it. Lines are untrusted and may have any form. */
import { entryTimeMs, type LogEntry } from '../../../../shared/log/entry.js';
import { escapeControls } from '../../../../shared/log/escape.js';
import { isLogLevel, type LogLevel } from '../../../../shared/log/level.js';

export interface LogRow {
  /** Grows in the order of the log. */
  readonly id: number;
  /** Undefined for a line that is not a log entry of the gateway. */
  readonly level: LogLevel | undefined;
  readonly timeMs: number | undefined;
  readonly message: string;
  readonly entry: LogEntry;
  /** The matches of a regular expression. */
  readonly matches?: readonly string[];
  /** Marks a gap in the log instead of a line. */
  readonly isGap?: boolean;
}

const MAX_MESSAGE_CHARACTERS = 2_000;
/** Fields that the message contains or that most lines share. */
const PLAIN_FIELDS: ReadonlySet<string> = new Set(['level', 'time', 'msg', 'pid', 'role', 'hostname', 'raw', 'instanceId']);

export function toRow(id: number, entry: LogEntry, matches?: readonly string[]): LogRow {
  const { level, msg } = entry;
  const text = typeof msg === 'string' ? msg : JSON.stringify(msg ?? entry);
  return {
    id,
    level: isLogLevel(level) ? level : undefined,
    timeMs: entryTimeMs(entry),
    message: escapeControls(text.slice(0, MAX_MESSAGE_CHARACTERS)),
    entry,
    ...(matches === undefined ? {} : { matches: matches.map(escapeControls) }),
  };
}

export function gapRow(id: number): LogRow {
  return { id, level: undefined, timeMs: undefined, message: '', entry: {}, isGap: true };
}

/** Returns a field's value as one line. */
export function valueText(value: unknown): string {
  return escapeControls(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
}

/** Returns the fields to show beside the message, in the line's own order. */
export function extraFields({ entry }: LogRow): [string, unknown][] {
  return Object.entries(entry).filter(([name]) => !PLAIN_FIELDS.has(name));
}

/** Returns the index of the first element whose id is at least `id`: ids grow, with gaps. */
export function indexFrom<Item>(items: readonly Item[], id: number, idOf: (item: Item) => number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item !== undefined && idOf(item) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
