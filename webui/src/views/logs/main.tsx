/** The logs view: the gateway's log as it is written, searched, filtered, and read in context. */
import { useComputed } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { isLogLevel, type LogLevel } from '../../../../shared/log/level.js';
import { saveFile } from '../../components/save-file.js';
import { Button } from '../../components/button.js';
import { Empty, ErrorBox, Spinner } from '../../components/feedback.js';
import { VirtualList, type VirtualListHandle } from '../../components/virtual-list.js';
import { readSetting, writeSetting } from '../../settings.js';
import { useCommands } from '../../shell/commands.js';
import { address, changeQuery } from '../../shell/router.js';
import { LogFeed, MAX_ROWS } from './log-feed.js';
import { compileFilter, refilter, withField } from './log-filter.js';
import { LogLine } from './log-line.js';
import type { LogRow } from './log-row.js';
import { t } from './text.js';
import { SINCE, type Since, Toolbar } from './toolbar.js';
import './logs.css';

const ROW_HEIGHT = 25;

function useFeed(): LogFeed {
  const [feed] = useState(() => new LogFeed());
  useEffect(() => {
    void feed.start();
    return () => feed.stop();
  }, [feed]);
  return feed;
}

function useFilter() {
  const { q: search = '', hide = '', since = '' } = address.value.query;
  const sinceMs = useMemo(() => (since in SINCE ? Date.now() - SINCE[since as Since] : -Infinity), [since]);
  return useMemo(() => {
    const hidden: ReadonlySet<LogLevel> = new Set(hide.split(',').filter(isLogLevel));
    const isFiltered = search.trim() !== '' || hidden.size > 0 || since !== '';
    return { search, hidden, since, isFiltered, filter: compileFilter({ hidden, search, sinceMs }) };
  }, [search, hide, since, sinceMs]);
}

/** A choice of this browser, kept. */
function useSwitch(name: string): [boolean, () => void] {
  const [isOn, setOn] = useState(readSetting(name) === 'on');
  const toggle = (): void => {
    writeSetting(name, isOn ? undefined : 'on');
    setOn(!isOn);
  };
  return [isOn, toggle];
}

function countLevels(rows: readonly LogRow[]): ReadonlyMap<LogLevel, number> {
  const counts = new Map<LogLevel, number>();
  for (const { level } of rows) if (level !== undefined) counts.set(level, (counts.get(level) ?? 0) + 1);
  return counts;
}

/** The line that the arrow keys stand on, those that are open, and the one that was asked for in context. */
function useLines(shown: readonly LogRow[], list: RefObject<VirtualListHandle | null>) {
  const [current, setCurrent] = useState<number | undefined>(undefined);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const [marked, setMarked] = useState<number | undefined>(undefined);
  const toggle = ({ id }: LogRow): void => {
    const next = new Set(open);
    if (!next.delete(id)) next.add(id);
    setOpen(next);
  };
  const showInContext = ({ id }: LogRow): void => {
    setMarked(id);
    setOpen(new Set());
    changeQuery({ q: undefined, hide: undefined, since: undefined });
  };
  useEffect(() => {
    const index = marked === undefined ? -1 : shown.findIndex(({ id }) => id === marked);
    if (index >= 0) list.current?.show(index, { align: 'center' });
    // Only when it is asked for, not whenever lines come.
  }, [marked]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = shown.findIndex(({ id }) => id === current);
    const page = 20;
    const to: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: shown.length - 1,
    };
    const next = to[event.key];
    if (next === undefined || !(event.target as HTMLElement).classList.contains('log-head')) return;
    event.preventDefault();
    list.current?.show(Math.max(0, Math.min(shown.length - 1, next)));
  };
  return { current: current ?? shown.at(-1)?.id, setCurrent, open, toggle, marked, showInContext, onKeyDown };
}

function Notice({ feed }: { feed: LogFeed }) {
  if (feed.isCut.value) return <p class="log-notice">{t('cut', { limit: MAX_ROWS })}</p>;
  if (feed.older.value === 'none') return <p class="log-notice">{t('start')}</p>;
  const isReading = feed.older.value === 'loading';
  return (
    <p class="log-notice">
      <Button kind="quiet" icon="up" isBusy={isReading} onClick={() => void feed.readOlder()}>
        {isReading ? t('readingOlder') : t('older')}
      </Button>
    </p>
  );
}

function NothingShown({ total, isFiltered }: { total: number; isFiltered: boolean }) {
  if (!isFiltered || total === 0) return <Empty title={t('none')}>{t('noneText')}</Empty>;
  const clear = (): void => changeQuery({ q: undefined, hide: undefined, since: undefined });
  return (
    <Empty title={t('noMatch')} action={<Button onClick={clear}>{t('clear')}</Button>}>
      {t('noMatchText', { total })}
    </Empty>
  );
}

function download(rows: readonly LogRow[]): void {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  const lines = rows.filter(({ isGap }) => isGap !== true).map(({ entry }) => `${JSON.stringify(entry)}\n`);
  saveFile({ name: `xopc-log-${stamp}.ndjson`, type: 'application/x-ndjson', parts: lines });
}

interface EndState {
  readonly isAtEnd: boolean;
  /** The newest line when the end was left. */
  readonly lastSeenId: number;
}

function countNewer(shown: readonly LogRow[], lastSeenId: number): number {
  let count = 0;
  while (count < shown.length && (shown[shown.length - 1 - count]?.id ?? -1) > lastSeenId) count += 1;
  return count;
}

/** Whether new lines are followed: until the end is scrolled out of view, or following is paused. */
function useFollowing(shown: readonly LogRow[], list: RefObject<VirtualListHandle | null>) {
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

type Filter = ReturnType<typeof useFilter>;

function Lines({ feed, shown, isUtc, filter, list, following }: LinesProps) {
  const lines = useLines(shown, list);
  const { isFollowing, isPaused, newer, goToEnd, onEnd } = following;
  return (
    <div class="log-lines" onKeyDown={lines.onKeyDown}>
      <VirtualList
        items={shown}
        keyOf={({ id }) => id}
        rowHeight={ROW_HEIGHT}
        label={t('list')}
        followsEnd={!isPaused}
        onEnd={onEnd}
        onNearStart={() => void feed.readOlder()}
        handle={list}
        render={(row) => (
          <LogLine
            row={row}
            isOpen={lines.open.has(row.id)}
            isCurrent={row.id === lines.current}
            isMarked={row.id === lines.marked}
            isUtc={isUtc}
            isFiltered={filter.isFiltered}
            onToggle={lines.toggle}
            onFocus={({ id }) => lines.setCurrent(id)}
            onContext={lines.showInContext}
            onFilter={(name, value) => changeQuery({ q: withField(filter.search, name, value) })}
          />
        )}
      />
      {!isFollowing && shown.length > 0 && (
        <div class="log-to-end">
          <Button kind="primary" icon="down" onClick={goToEnd}>
            {newer > 0 ? t('newLines', { count: newer }) : t('toEnd')}
          </Button>
        </div>
      )}
    </div>
  );
}

interface LinesProps {
  readonly feed: LogFeed;
  readonly shown: readonly LogRow[];
  readonly isUtc: boolean;
  readonly filter: Filter;
  readonly list: RefObject<VirtualListHandle | null>;
  readonly following: ReturnType<typeof useFollowing>;
}

function Messages({ feed, shown, isFiltered }: { feed: LogFeed; shown: readonly LogRow[]; isFiltered: boolean }) {
  const isFirst = feed.state.value === 'first';
  const error = feed.error.value;
  return (
    <>
      {error !== undefined && <ErrorBox error={error} />}
      {isFirst && error === undefined && <Spinner />}
      {feed.rows.value.length > 0 && <Notice feed={feed} />}
      {!isFirst && shown.length === 0 && <NothingShown total={feed.rows.value.length} isFiltered={isFiltered} />}
    </>
  );
}

export default function LogsView() {
  const feed = useFeed();
  const filter = useFilter();
  const rows = feed.rows.value;
  const filtered = useRef<ReturnType<typeof refilter>>(undefined);
  filtered.current = refilter(filtered.current, rows, filter.filter);
  const { shown } = filtered.current;
  const counts = useComputed(() => countLevels(feed.rows.value));
  const list = useRef<VirtualListHandle>(null);
  const searchField = useRef<HTMLInputElement>(null);
  const [isWrapped, toggleWrap] = useSwitch('logs.wrap');
  const [isUtc, toggleUtc] = useSwitch('logs.utc');
  const following = useFollowing(shown, list);
  const { isFollowing } = following;
  useCommands([
    { id: 'logs-search', label: t('searchLabel'), icon: 'search', keys: '/', run: () => searchField.current?.focus() },
    { id: 'logs-end', label: t('toEnd'), icon: 'down', keys: 'shift+g', run: following.goToEnd },
    { id: 'logs-download', label: t('download'), icon: 'download', run: () => download(shown) },
  ]);
  const bar = { ...filter, counts: counts.value, isWrapped, isUtc, isFollowing, searchField };
  return (
    <section class="view full logs">
      <header class="view-head">
        <h1>{t('title')}</h1>
        <span class="muted log-count">{t('count', { shown: shown.length, total: rows.length })}</span>
        <LiveChip feed={feed} isFollowing={isFollowing} />
      </header>
      <Toolbar {...bar} onFollow={following.toggle} onDownload={() => download(shown)} onWrap={toggleWrap} onUtc={toggleUtc} />
      <Messages feed={feed} shown={shown} isFiltered={filter.isFiltered} />
      <div class={`log-area${isWrapped ? ' wrapped' : ''}`}>
        <Lines feed={feed} shown={shown} isUtc={isUtc} filter={filter} list={list} following={following} />
      </div>
    </section>
  );
}

function LiveChip({ feed, isFollowing }: { feed: LogFeed; isFollowing: boolean }) {
  if (feed.state.value === 'first') return null;
  if (feed.state.value === 'lost') return <span class="chip warn">{t('isLost')}</span>;
  return isFollowing ? <span class="chip good">{t('isLive')}</span> : <span class="chip">{t('isPaused')}</span>;
}
