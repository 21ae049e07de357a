/** One line of the log file as data. The writers are our own code, but the file is not trusted: a line may contain anything. */

/** A log line's fields. What is not a JSON object becomes `{msg: line, raw: true}`. */
export type LogEntry = Record<string, unknown>;

/** The last instant that a `Date` can hold. */
const MAX_TIME_MS = 8.64e15;

/** Parses one line, without its line break. Never throws. */
export function parseLogLine(line: string): LogEntry {
  if (line.startsWith('{')) {
    try {
      return JSON.parse(line) as LogEntry;
    } catch {
      // An incomplete line, or text that only looks like JSON, is shown verbatim.
    }
  }
  return { msg: line, raw: true };
}

/** When an entry was written, in epoch ms. @returns undefined when it has no usable time */
export function entryTimeMs(entry: LogEntry): number | undefined {
  const time = entry['time'];
  const timeMs = typeof time === 'string' ? Date.parse(time) : time;
  return typeof timeMs === 'number' && Math.abs(timeMs) <= MAX_TIME_MS ? timeMs : undefined;
}
