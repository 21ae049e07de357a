/**
 * Which lines are shown. A filter only leaves lines out: those of a level, those without a word. Words are all wanted,
 * `-word` is not, `name:value` wants a field; "quotes" keep spaces together. The case does not matter.
 */
import type { LogLevel } from '../../../../shared/log/level.js';
import type { LogRow } from './log-row.js';

export interface LogView {
  /** Levels that are left out. */
  readonly hidden: ReadonlySet<LogLevel>;
  readonly search: string;
  /** Lines before this are left out; epoch ms. */
  readonly sinceMs: number;
}

interface Term {
  readonly isWanted: boolean;
  readonly field: string | undefined;
  readonly text: string;
}

const TERM = /(-?)(?:([\w.]+):)?(?:"([^"]*)"?|(\S+))/g;

export function parseSearch(search: string): Term[] {
  return [...search.matchAll(TERM)].flatMap(([, minus, field, quoted, plain]) => {
    const text = (quoted ?? plain ?? '').toLowerCase();
    return text === '' ? [] : [{ isWanted: minus !== '-', field, text }];
  });
}

/** The search with a field's value as another term. */
export function withField(search: string, name: string, value: string): string {
  const term = /^[^\s"]+$/.test(value) ? `${name}:${value}` : `${name}:"${value.replaceAll('"', '')}"`;
  return search.includes(term) ? search : `${search} ${term}`.trim();
}

function fieldText(row: LogRow, path: string): string | undefined {
  let value: unknown = row.entry;
  for (const name of Object.hasOwn(row.entry, path) ? [path] : path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toLowerCase();
}

function lineText(row: LogRow): string {
  return JSON.stringify(row.entry).toLowerCase();
}

function hasTerm(row: LogRow, { field, text }: Term): boolean {
  // `http://…` looks like a field: where there is none by that name, the whole is looked for.
  const value = field === undefined ? undefined : fieldText(row, field);
  if (value !== undefined) return value.replaceAll('"', '').includes(text);
  const wanted = field === undefined ? text : `${field}:${text}`.toLowerCase();
  return row.message.toLowerCase().includes(wanted) || lineText(row).includes(JSON.stringify(wanted).slice(1, -1));
}

export function compileFilter({ hidden, search, sinceMs }: LogView): (row: LogRow) => boolean {
  const terms = parseSearch(search);
  return (row) => {
    if (row.isGap === true) return true;
    if (row.level !== undefined && hidden.has(row.level)) return false;
    if (row.timeMs !== undefined && row.timeMs < sinceMs) return false;
    return terms.every((term) => hasTerm(row, term) === term.isWanted);
  };
}

interface Filtered {
  readonly filter: (row: LogRow) => boolean;
  readonly firstId: number;
  readonly lastId: number;
  readonly shown: readonly LogRow[];
}

/** Filters what has come or gone since the last time alone: `rows` only ever change at their ends. */
export function refilter(before: Filtered | undefined, rows: readonly LogRow[], filter: (row: LogRow) => boolean): Filtered {
  const firstId = rows[0]?.id ?? 0;
  const lastId = rows.at(-1)?.id ?? -1;
  if (before === undefined || before.filter !== filter || before.firstId > before.lastId) {
    return { filter, firstId, lastId, shown: rows.filter(filter) };
  }
  if (before.firstId === firstId && before.lastId === lastId) return before;
  const older = before.firstId > firstId ? rows.slice(0, before.firstId - firstId).filter(filter) : [];
  const newer = lastId > before.lastId ? rows.slice(before.lastId - lastId).filter(filter) : [];
  const kept = firstId > before.firstId ? before.shown.filter(({ id }) => id >= firstId) : before.shown;
  return { filter, firstId, lastId, shown: [...older, ...kept, ...newer] };
}
