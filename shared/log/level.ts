/** Log levels, lowest first; the same names in the configuration, in the log file, in the API and on the command line. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

const RANKS: ReadonlyMap<string, number> = new Map(LOG_LEVELS.map((level, index) => [level, (index + 1) * 10]));

/** Narrows a string from a flag, a query or a log line. */
export function isLogLevel(value: unknown): value is LogLevel {
  return typeof value === 'string' && RANKS.has(value);
}

/**
 * The weight of a level: 10 (trace) to 60 (fatal).
 * @param level  a level's name, or a number as used by other writers. Anything else is 0, below every level.
 */
export function levelRank(level: unknown): number {
  if (typeof level === 'number') return level;
  return typeof level === 'string' ? (RANKS.get(level) ?? 0) : 0;
}
