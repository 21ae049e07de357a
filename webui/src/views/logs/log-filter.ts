/** The filter of lines, and the parts of them that are marked. */
import { levelRank, type LogLevel } from '../../../../shared/log/level.js';
import { createSearch, parseSearch } from '../../../../shared/log/search.js';
import { indexFrom, type LogRow } from './log-row.js';

interface LogView {
  readonly search: string;
  /** The shown time range, in epoch milliseconds. */
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Returns a function that tells whether a line matches the search. */
export function compileSearch(search: string): (row: LogRow) => boolean {
  const isFound = createSearch(search);
  return ({ entry, message }) =>
    isFound({
      entry,
      message,
      get text() {
        return JSON.stringify(entry);
      },
    });
}

/** Returns a function that tells whether a line has this level or a higher one. */
export function compileLevel(level: LogLevel | undefined): (row: LogRow) => boolean {
  if (level === undefined) return () => true;
  return (row) => row.isGap === true || levelRank(row.level) >= levelRank(level);
}

export function compileFilter({ search, sinceMs, untilMs }: LogView): (row: LogRow) => boolean {
  const isFound = search.trim() === '' ? undefined : compileSearch(search);
  return (row) => {
    if (row.isGap === true) return true;
    if (row.timeMs !== undefined && (row.timeMs < sinceMs || row.timeMs > untilMs)) return false;
    return isFound === undefined || isFound(row);
  };
}

/** Texts to mark, in lower case: anywhere in a line, or in one field. */
export interface Marks {
  readonly anywhere: readonly string[];
  readonly inField: ReadonlyMap<string, string>;
}

export const NO_MARKS: Marks = { anywhere: [], inField: new Map() };

export function marksOf(search: string): Marks {
  const wanted = parseSearch(search).filter(({ isWanted }) => isWanted);
  const plain = wanted.flatMap(({ field, text }) => (field === undefined ? [text] : []));
  const named = wanted.flatMap(({ field, text }) => (field === undefined ? [] : [[field, text] as const]));
  return { anywhere: plain, inField: new Map(named) };
}

export interface Filtered {
  readonly filter: (row: LogRow) => boolean;
  readonly firstId: number;
  readonly lastId: number;
  readonly shown: readonly LogRow[];
}

const idOf = ({ id }: LogRow): number => id;

/** Filters only the rows added or removed since the last call: `rows` change only at their ends. */
export function refilter(before: Filtered | undefined, rows: readonly LogRow[], filter: (row: LogRow) => boolean): Filtered {
  const firstId = rows[0]?.id ?? 0;
  const lastId = rows.at(-1)?.id ?? -1;
  if (before === undefined || before.filter !== filter || before.firstId > before.lastId) {
    return { filter, firstId, lastId, shown: rows.filter(filter) };
  }
  if (before.firstId === firstId && before.lastId === lastId) return before;
  const older = before.firstId > firstId ? rows.slice(0, indexFrom(rows, before.firstId, idOf)).filter(filter) : [];
  const newer = lastId > before.lastId ? rows.slice(indexFrom(rows, before.lastId + 1, idOf)).filter(filter) : [];
  const kept = firstId > before.firstId ? before.shown.filter(({ id }) => id >= firstId) : before.shown;
  return { filter, firstId, lastId, shown: [...older, ...kept, ...newer] };
}
