/** Navigation in the list: arrow keys, matches, the context of a line, and following the newest lines. */
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LogEntry } from '../../../../shared/log/entry.js';
import type { VirtualListHandle } from '../../components/virtual-list/virtual-list.js';
import { changeQuery } from '../../shell/router.js';
import type { LogFeed } from './log-feed.js';
import { type Filtered, refilter } from './log-filter.js';
import { indexOfLine, lineNear, type LogItem, targetOf } from './log-items.js';
import type { LogRow } from './log-row.js';
import type { MatchPosition } from './toolbar.js';

type List = RefObject<VirtualListHandle | null>;

export interface Lines {
  /** The id of the current line of the arrow keys. */
  readonly current: number | undefined;
  readonly setCurrent: (id: number) => void;
  /** The line whose details are shown, as it was when it was opened. */
  readonly opened: LogItem | undefined;
  readonly open: (item: LogItem | undefined) => void;
  readonly marked: number | undefined;
  readonly mark: (id: number | undefined) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

/** The current line, the open line, and the marked line. */
export function useLines(feed: LogFeed, items: readonly LogItem[], list: List): Lines {
  const [current, setCurrent] = useState<number | undefined>(undefined);
  const [opened, open] = useState<LogItem | undefined>(undefined);
  // Another feed has other lines with the same ids.
  const [mark, setMark] = useState<{ readonly feed: LogFeed; readonly id: number | undefined } | undefined>(undefined);
  // A filter may have removed the line: one of those that are left can be reached.
  const found = current === undefined ? -1 : indexOfLine(items, current);
  const at = lineNear(items, found === -1 ? items.length - 1 : found, -1);
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = targetOf(event.key, at, items);
    if (next === undefined || !(event.target as HTMLElement).classList.contains('log-head')) return;
    event.preventDefault();
    list.current?.show(next);
  };
  return {
    current: items[at]?.row.id,
    setCurrent,
    opened,
    open,
    marked: mark?.feed === feed ? mark.id : undefined,
    mark: (id) => setMark({ feed, id }),
    onKeyDown,
  };
}

/** Returns a function that removes the filters and shows the line among its neighbours. */
export function useContextOf(
  feed: LogFeed,
  { items, lines, list }: { items: readonly LogItem[]; lines: Lines; list: List },
): (row: LogRow) => void {
  // The line is read once the feed is that of all lines, and shown once the list has it.
  const [sought, setSought] = useState<LogEntry | undefined>(undefined);
  const isReady = feed.start.value !== undefined && Object.values(feed.query).every((value) => value === undefined);
  useEffect(() => {
    if (sought === undefined || !isReady) return;
    setSought(undefined);
    void feed.seek(sought).then((found) => {
      lines.mark(found?.id);
      setWanted(found?.id);
    });
  }, [sought, feed, isReady]);
  const [wanted, setWanted] = useState<number | undefined>(undefined);
  useEffect(() => {
    if (wanted === undefined || items.length === 0) return;
    setWanted(undefined);
    list.current?.show(Math.max(0, indexOfLine(items, wanted)), { align: 'center' });
  }, [items, wanted]);
  return (row) => {
    changeQuery({ q: undefined, re: undefined, all: undefined, level: undefined, since: undefined, until: undefined });
    setSought(row.entry);
  };
}

/** Finds the matches among the shown lines, and steps between them. */
export function useMatches(place: {
  /** The ids of lines are those of their feed. */
  readonly feed: LogFeed;
  readonly shown: readonly LogRow[];
  readonly items: readonly LogItem[];
  readonly lines: Lines;
  readonly list: List;
  readonly isMatch: ((row: LogRow) => boolean) | undefined;
}): MatchPosition | undefined {
  const { feed, shown, items, lines, list, isMatch } = place;
  const known = useRef<Filtered | undefined>(undefined);
  const of = useRef(feed);
  if (of.current !== feed) known.current = undefined;
  of.current = feed;
  if (isMatch === undefined) {
    known.current = undefined;
    return undefined;
  }
  known.current = refilter(known.current, shown, isMatch);
  const found = known.current.shown;
  const { marked } = lines;
  const isOnOne = marked !== undefined && found.some(({ id }) => id === marked);
  // The number of matches before the marked line.
  const before = marked === undefined ? found.length : found.filter(({ id }) => id < marked).length;
  const go = (step: 1 | -1): void => {
    const from = step === 1 ? before + (isOnOne ? 1 : 0) : before - 1;
    const row = found[(from + found.length) % found.length];
    if (row === undefined) return;
    lines.mark(row.id);
    list.current?.show(indexOfLine(items, row.id), { align: 'center', focus: false });
  };
  return { at: isOnOne ? before + 1 : 0, count: found.length, go };
}

interface EndState {
  readonly isAtEnd: boolean;
  /** The id of the newest line when the list left its end. */
  readonly lastSeenId: number;
}

function countNewer(shown: readonly LogRow[], lastSeenId: number): number {
  let count = 0;
  while (count < shown.length && (shown[shown.length - 1 - count]?.id ?? -1) > lastSeenId) count += 1;
  return count;
}

/** Follows new lines until the end is scrolled out of view or the user pauses. */
export function useFollowing(shown: readonly LogRow[], list: List) {
  const [end, setEnd] = useState<EndState>({ isAtEnd: true, lastSeenId: -1 });
  const [isPaused, setPaused] = useState(false);
  const isFollowing = end.isAtEnd && !isPaused;
  const newest = shown.at(-1)?.id ?? -1;
  const goToEnd = (): void => {
    setPaused(false);
    list.current?.scrollToEnd();
  };
  const pause = (): void => {
    setPaused(true);
    setEnd({ ...end, lastSeenId: newest });
  };
  return {
    isPaused,
    isFollowing,
    newer: isFollowing ? 0 : countNewer(shown, end.lastSeenId),
    goToEnd,
    toggle: () => (isFollowing ? pause() : goToEnd()),
    onEnd: (isAtEnd: boolean) => setEnd({ isAtEnd, lastSeenId: newest }),
  };
}
