/** A log line as the view shows it: read once, when it comes. Any line may be anything. */
import { entryTimeMs, type LogEntry } from '../../../../shared/log/entry.js';
import { escapeControls } from '../../../../shared/log/escape.js';
import { isLogLevel, type LogLevel } from '../../../../shared/log/level.js';

export interface LogRow {
  /** In the order of the log: older lines have smaller ones. */
  readonly id: number;
  /** Undefined for a line that is none of ours. */
  readonly level: LogLevel | undefined;
  readonly timeMs: number | undefined;
  readonly message: string;
  readonly entry: LogEntry;
  /** What a regular expression found in it. */
  readonly matches?: readonly string[];
  /** Lines are missing before this place; there is no line. */
  readonly isGap?: boolean;
}

const MAX_MESSAGE_CHARACTERS = 2_000;
/** Said by the message, or alike in most lines. */
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

/** A field's value as one line. */
export function valueText(value: unknown): string {
  return escapeControls(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
}

/** What is worth showing beside the message, in the line's own order. */
export function extraFields({ entry }: LogRow): [string, unknown][] {
  return Object.entries(entry).filter(([name]) => !PLAIN_FIELDS.has(name));
}
