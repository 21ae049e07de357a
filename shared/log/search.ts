/**
 * The search language of the log in the page, the API and on the command line: all words must match, `-word` must not, `name:value`
 * matches a field; quotes keep spaces. Case is ignored.
 */
import type { LogEntry } from './entry.js';

export interface SearchTerm {
  readonly isWanted: boolean;
  readonly field: string | undefined;
  /** Lower case. */
  readonly text: string;
}

/** A line as text and as fields; either may be computed on demand. */
export interface SearchedLine {
  readonly entry: LogEntry;
  /** The text as in the file: quotes and backslashes escaped. */
  readonly text: string;
  /** The text as displayed, if different from the entry's own message. */
  readonly message?: string;
}

const TERM = /(-?)(?:([\w.]+):)?(?:"([^"]*)"?|(\S+))/g;

export function parseSearch(search: string): SearchTerm[] {
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

function fieldText(entry: LogEntry, path: string): string | undefined {
  let value: unknown = entry;
  for (const name of Object.hasOwn(entry, path) ? [path] : path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toLowerCase();
}

/** `http://…` looks like a field: if no such field exists, the whole text is searched. */
function wholeText({ field, text }: SearchTerm): string {
  return field === undefined ? text : `${field}:${text}`.toLowerCase();
}

function hasTerm(line: SearchedLine, term: SearchTerm): boolean {
  const value = term.field === undefined ? undefined : fieldText(line.entry, term.field);
  if (value !== undefined) return value.replaceAll('"', '').includes(term.text);
  const wanted = wholeText(term);
  const text = line.text.toLowerCase();
  return (
    text.includes(JSON.stringify(wanted).slice(1, -1)) || text.includes(wanted) || line.message?.toLowerCase().includes(wanted) === true
  );
}

/** Compiles a search. */
export function createSearch(search: string): (line: SearchedLine) => boolean {
  const terms = parseSearch(search);
  return (line) => terms.every((term) => hasTerm(line, term) === term.isWanted);
}
