/**
 * Parses a search for sessions: words, and filters such as `from:telegram after:7d -is:unread`. A filter is a known name and
 * a colon at the start of a word; everything else, quoted or not, is text to search for.
 */
import { HOUR_MS } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import {
  normaliseTag,
  SESSION_FILTERS,
  SESSION_STATES,
  type SessionFilterName,
  type SessionState,
} from '../../../shared/sessions/filters.js';
import type { SessionFilter } from '../store/conversations/session-list.js';

/** Bounds the depth of the SQL condition. */
const MAX_FILTERS = 20;

const TOKEN = new RegExp(String.raw`(?<!\S)(?:"[^"]*"(?!\S)|(-?)(${SESSION_FILTERS.join('|')}):("[^"]*"|[^\s"]*)(?!\S))`, 'gi');

const UNITS_MS: Readonly<Record<string, number>> = { h: HOUR_MS, d: 24 * HOUR_MS, w: 7 * 24 * HOUR_MS };

const EXAMPLE = "For example: 'invoice from:telegram after:2026-11-01 tag:work'.";

function wrong(filter: string, allowed: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', {
    message: `invalid filter '${filter.slice(0, 80)}' in the search: ${allowed}`,
    details: { field: 'search', filter: filter.slice(0, 80) },
    hint: `${EXAMPLE} Put text that looks like a filter into double quotes.`,
  });
}

/** Returns epoch milliseconds; undefined for an invalid time. A day begins in the time zone of the gateway. */
function instantOf(value: string, nowMs: number): number | undefined {
  const [, count, unit] = /^(\d{1,4})([hdw])$/i.exec(value) ?? [];
  if (count !== undefined && unit !== undefined) return nowMs - Number(count) * (UNITS_MS[unit.toLowerCase()] ?? 0);
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) ?? [];
  if (year !== undefined) {
    const date = new Date(Number(year), Number(month) - 1, Number(day));
    return date.getMonth() === Number(month) - 1 && date.getDate() === Number(day) ? date.getTime() : undefined;
  }
  const ms = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?$/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

interface Term {
  readonly name: SessionFilterName;
  readonly value: string;
  readonly isNot: boolean;
  /** The filter as it was written. */
  readonly text: string;
}

type Draft = { -readonly [Key in keyof SessionFilter]: SessionFilter[Key] };

function addInstant(filter: Draft, { name, value, isNot, text }: Term, nowMs: number): void {
  const ms = instantOf(value, nowMs);
  if (isNot || ms === undefined) {
    throw wrong(text, `${name}: takes a day (2026-11-01), a time (2026-11-01T09:00Z) or an age (12h, 7d, 4w)`);
  }
  if (name === 'after') filter.sinceMs = Math.max(filter.sinceMs ?? ms, ms);
  else filter.beforeMs = Math.min(filter.beforeMs ?? ms, ms);
}

function addState(filter: Draft, { value, isNot, text }: Term): void {
  const state = value.toLowerCase() as SessionState;
  if (!SESSION_STATES.includes(state) || (isNot && state === 'any')) throw wrong(text, `is: takes ${SESSION_STATES.join(', ')}`);
  if (state === 'any') filter.archived ??= 'any';
  else if (state === 'archived') filter.archived = isNot ? 'no' : 'only';
  else filter.states = [...(filter.states ?? []), { state, isNot }];
}

function add(filter: Draft, term: Term, nowMs: number): void {
  const { name, value, isNot, text } = term;
  if (value === '') throw wrong(text, `${name}: needs a value after the colon`);
  if (name === 'after' || name === 'before') addInstant(filter, term, nowMs);
  else if (name === 'is') addState(filter, term);
  else if (name === 'tag') filter.tags = [...(filter.tags ?? []), { tag: normaliseTag(value), isNot }];
  else filter.values = [...(filter.values ?? []), { field: name === 'from' ? 'channel' : name, value, isNot }];
}

/** Removes the quotes around a text that is quoted as a whole. */
function unquote(text: string): string {
  return /^"[^"]*"$/.test(text) ? text.slice(1, -1) : text;
}

/** @throws INVALID_REQUEST for a filter with an invalid value */
export function parseSessionQuery(search: string, nowMs: number): SessionFilter {
  const filter: Draft = {};
  const terms: Term[] = [];
  const rest = search.replaceAll(TOKEN, (text, ...[minus, name, value = '']: (string | undefined)[]) => {
    if (name === undefined) return text;
    terms.push({ name: name.toLowerCase() as SessionFilterName, value: unquote(value).trim(), isNot: minus === '-', text });
    return '';
  });
  if (terms.length > MAX_FILTERS) throw wrong(terms[MAX_FILTERS]?.text ?? '', `a search can have at most ${MAX_FILTERS} filters`);
  for (const term of terms) add(filter, term, nowMs);
  // Removing filters leaves no gap in the text.
  const words = terms.length === 0 ? search : rest.replaceAll(/\s+/g, ' ').trim();
  const text = words === '""' ? words : unquote(words);
  return text === '' ? filter : { ...filter, text };
}
