/** The state of the view in the address: filters and search. It can be shared and holds no secret. */
import { useMemo } from 'preact/hooks';
import { apiPath } from '../../api/client.js';
import { isLogLevel, type LogLevel } from '../../../../shared/log/level.js';
import { address, hashOf } from '../../shell/router.js';
import { compileFilter, compileSearch, type Marks, marksOf, NO_MARKS } from './log-filter.js';
import type { LogRow } from './log-row.js';

export const SINCE = { '15m': 900_000, '1h': 3_600_000, '24h': 86_400_000 } as const;
type Since = keyof typeof SINCE;

export interface ViewState {
  readonly search: string;
  /** The search is a regular expression, matched by the gateway. */
  readonly isRegex: boolean;
  /** Lines that do not match are shown, too. */
  readonly isFind: boolean;
  readonly hidden: ReadonlySet<LogLevel>;
  /** `15m`, `1h`, `24h`, an instant, or empty. */
  readonly since: string;
  readonly until: string;
  readonly isFiltered: boolean;
  readonly filter: (row: LogRow) => boolean;
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

export function useViewState(): ViewState {
  const { q: search = '', re = '', all = '', hide = '', since = '', until = '' } = address.value.query;
  return useMemo(() => {
    const isRegex = re !== '';
    const isFind = all !== '' && !isRegex;
    const hidden: ReadonlySet<LogLevel> = new Set(hide.split(',').filter(isLogLevel));
    const hasSearch = search.trim() !== '';
    const words = isRegex || isFind ? '' : search;
    const marks = hasSearch && !isRegex ? marksOf(search) : NO_MARKS;
    const find = isFind ? compileSearch(search) : () => true;
    return {
      search,
      isRegex,
      isFind,
      hidden,
      since,
      until,
      isFiltered: (hasSearch && !isFind) || hidden.size > 0 || since !== '' || until !== '',
      filter: compileFilter({ hidden, search: words, sinceMs: sinceMsOf(since), untilMs: instant(until, Infinity) }),
      isMatch: hasSearch ? (row) => row.isGap !== true && find(row) : undefined,
      marks,
    };
  }, [search, re, all, hide, since, until]);
}

type Choice = Pick<ViewState, 'search' | 'isRegex' | 'isFind' | 'hidden' | 'since' | 'until'>;

/** Returns the path that downloads all matching lines. */
export function downloadPath({ search, isRegex, isFind, hidden, since, until }: Choice): string {
  const sinceMs = sinceMsOf(since);
  const text = search.trim() === '' || isFind ? {} : isRegex ? { regex: search } : { search };
  return apiPath(
    '/api/logs/download',
    {},
    {
      ...text,
      hide: [...hidden].join(','),
      since: sinceMs === -Infinity ? undefined : new Date(sinceMs).toISOString(),
      until: until === '' ? undefined : until,
    },
  );
}

/** Returns an address to share. A relative time is made absolute, because it would differ for others. */
export function shareAddress({ since }: Choice): string {
  const { query } = address.peek();
  const fixed = since in SINCE ? { since: new Date(sinceMsOf(since)).toISOString() } : {};
  return `${location.origin}${location.pathname}${hashOf('logs', [], { ...query, ...fixed })}`;
}
