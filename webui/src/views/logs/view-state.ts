/** The state of the view in the address: filters and search. It can be shared and holds no secret. */
import { useMemo } from 'preact/hooks';
import { apiPath } from '../../api/client.js';
import { isLogLevel, type LogLevel } from '../../../../shared/log/level.js';
import { address, hashOf } from '../../shell/router.js';
import { compileFilter, compileLevel, compileSearch, type Marks, marksOf, NO_MARKS } from './log-filter.js';
import type { FeedQuery } from './log-feed.js';
import type { LogRow } from './log-row.js';

export const SINCE = { '15m': 900_000, '1h': 3_600_000, '24h': 86_400_000 } as const;
type Since = keyof typeof SINCE;

export interface ViewState {
  readonly search: string;
  /** The search is a regular expression, matched by the gateway. */
  readonly isRegex: boolean;
  /** Lines that do not match are shown, too. */
  readonly isFind: boolean;
  /** The lowest level that is shown; undefined for all lines. */
  readonly level: LogLevel | undefined;
  /** `15m`, `1h`, `24h`, an instant, or empty. */
  readonly since: string;
  readonly until: string;
  readonly isFiltered: boolean;
  /** What the gateway selects. */
  readonly query: FeedQuery;
  /** Selects by search and time, as the gateway does: for followed lines. */
  readonly filter: (row: LogRow) => boolean;
  readonly hasLevel: (row: LogRow) => boolean;
  /** Tells whether a shown line matches; undefined without a search. */
  readonly isMatch: ((row: LogRow) => boolean) | undefined;
  readonly marks: Marks;
}

function instant(text: string, otherwise: number): number {
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? otherwise : timeMs;
}

function sinceMsOf(since: string): number {
  return since in SINCE ? Date.now() - SINCE[since as Since] : instant(since, -Infinity);
}

const isoOf = (timeMs: number): string | undefined => (Number.isFinite(timeMs) ? new Date(timeMs).toISOString() : undefined);

export function useViewState(): ViewState {
  const { q: search = '', re = '', all = '', level: levelText, since = '', until = '' } = address.value.query;
  return useMemo(() => {
    const isRegex = re !== '';
    const isFind = all !== '' && !isRegex;
    const level = isLogLevel(levelText) ? levelText : undefined;
    const hasSearch = search.trim() !== '';
    const words = isRegex || isFind ? '' : search;
    const marks = hasSearch && !isRegex ? marksOf(search) : NO_MARKS;
    const [sinceMs, untilMs] = [sinceMsOf(since), instant(until, Infinity)];
    const text = !hasSearch || isFind ? {} : isRegex ? { regex: search.trim() } : { search };
    const find = isFind ? compileSearch(search) : () => true;
    return {
      search,
      isRegex,
      isFind,
      level,
      since,
      until,
      isFiltered: (hasSearch && !isFind) || level !== undefined || since !== '' || until !== '',
      query: { ...text, level, since: isoOf(sinceMs), until: isoOf(untilMs) },
      filter: compileFilter({ search: words, sinceMs, untilMs }),
      hasLevel: compileLevel(level),
      isMatch: hasSearch ? (row) => row.isGap !== true && find(row) : undefined,
      marks,
    };
  }, [search, re, all, levelText, since, until]);
}

/** Returns the path that downloads all matching lines. */
export function downloadPath({ query }: Pick<ViewState, 'query'>): string {
  return apiPath('/api/logs/download', {}, { ...query });
}

/** Returns an address to share. A relative time is made absolute, because it would differ for others. */
export function shareAddress({ since }: Pick<ViewState, 'since'>): string {
  const { query } = address.peek();
  const fixed = since in SINCE ? { since: new Date(sinceMsOf(since)).toISOString() } : {};
  return `${location.origin}${location.pathname}${hashOf('logs', [], { ...query, ...fixed })}`;
}
