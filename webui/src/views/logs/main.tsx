/** The logs view: follows, searches and filters the gateway's log. */
import { useComputed } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LogLevel } from '../../../../shared/log/level.js';
import { withField } from '../../../../shared/log/search.js';
import { Button } from '../../components/button.js';
import { copyText } from '../../components/copy.js';
import { Empty, ErrorBox, Spinner } from '../../components/feedback.js';
import { VirtualList, type VirtualListHandle } from '../../components/virtual-list.js';
import { readSetting, writeSetting } from '../../settings.js';
import { useCommands } from '../../shell/commands.js';
import { changeQuery } from '../../shell/router.js';
import { downloadItems } from './download.js';
import { LevelControl } from './level-control.js';
import { LogFeed, MAX_ROWS } from './log-feed.js';
import { refilter } from './log-filter.js';
import { fold, type LogItem } from './log-items.js';
import { LogLine } from './log-line.js';
import type { LogRow } from './log-row.js';
import { t } from './text.js';
import { type Switch, type Switches, Toolbar } from './toolbar.js';
import { type Lines, useContextOf, useFollowing, useLines, useMatches } from './use-lines.js';
import { shareAddress, useViewState, type ViewState } from './view-state.js';
import './logs.css';

/** Heights as in the style sheet: on a narrow screen the time is above the text. */
const ROW_HEIGHT = { wide: { normal: 25, dense: 19 }, narrow: { normal: 42, dense: 36 } } as const;
const NARROW = '(max-width: 760px)';
const TYPING_MS = 350;
/** The number of rows read automatically while a filter leaves the list nearly empty; then a button reads more. */
const SEARCHED_ROWS = 20_000;
const FEW_ROWS = 60;

/** Returns the feed of all lines, and the one to show: that of a regular expression while one is searched. */
function useFeeds({ search, isRegex }: ViewState): { base: LogFeed; feed: LogFeed } {
  const [base] = useState(() => new LogFeed());
  const [found, setFound] = useState<LogFeed | undefined>(undefined);
  useEffect(() => {
    void base.start();
    return () => base.stop();
  }, [base]);
  const regex = isRegex ? search.trim() : '';
  useEffect(() => {
    if (regex === '') return setFound(undefined);
    const feed = new LogFeed({ regex });
    const timer = setTimeout(() => {
      setFound(feed);
      void feed.start();
    }, TYPING_MS);
    return () => {
      clearTimeout(timer);
      feed.stop();
    };
  }, [regex]);
  return { base, feed: regex === '' ? base : (found ?? base) };
}

/** A display option, stored in this browser. */
function useSwitch(name: string): Switch {
  const [isOn, setOn] = useState(readSetting(name) === 'on');
  const toggle = (): void => {
    writeSetting(name, isOn ? undefined : 'on');
    setOn(!isOn);
  };
  return { isOn, toggle };
}

function useSwitches(): Switches {
  return { wrap: useSwitch('logs.wrap'), dense: useSwitch('logs.dense'), utc: useSwitch('logs.utc'), unfold: useSwitch('logs.unfold') };
}

function countLevels(rows: readonly LogRow[]): ReadonlyMap<LogLevel, number> {
  const counts = new Map<LogLevel, number>();
  for (const { level } of rows) if (level !== undefined) counts.set(level, (counts.get(level) ?? 0) + 1);
  return counts;
}

/** Returns the filtered lines of a feed, and the items to list. */
function useShown(feed: LogFeed, view: ViewState, isFolded: boolean): { shown: readonly LogRow[]; items: readonly LogItem[] } {
  const filtered = useRef<ReturnType<typeof refilter>>(undefined);
  const folded = useRef<ReturnType<typeof fold>>(undefined);
  const of = useRef(feed);
  if (of.current !== feed) filtered.current = undefined;
  of.current = feed;
  const rows = feed.rows.value;
  filtered.current = refilter(filtered.current, rows, view.filter);
  folded.current = fold(folded.current, filtered.current.shown, isFolded);
  const isEmptied = view.isFiltered && filtered.current.shown.length < FEW_ROWS && rows.length < SEARCHED_ROWS;
  useEffect(() => {
    if (isEmptied) void feed.readOlder();
  }, [isEmptied, rows]);
  return { shown: filtered.current.shown, items: folded.current.items };
}

function Beginning({ feed }: { feed: LogFeed }) {
  if (feed.isCut.value) return <span>{t('cut', { limit: MAX_ROWS })}</span>;
  if (feed.older.value === 'none') return <span>{t('start')}</span>;
  const isReading = feed.older.value === 'loading';
  return (
    <Button
      kind="quiet"
      icon="up"
      isBusy={isReading}
      text={isReading ? t('readingOlder') : t('older')}
      onClick={() => void feed.readOlder()}
    />
  );
}

function NothingShown({ total, isFiltered }: { total: number; isFiltered: boolean }) {
  if (!isFiltered) return <Empty title={t('none')}>{t('noneText')}</Empty>;
  const clear = (): void => changeQuery({ q: undefined, hide: undefined, since: undefined, until: undefined });
  return (
    <Empty title={t('noMatch')} action={<Button text={t('clear')} onClick={clear} />}>
      {t('noMatchText', { total })}
    </Empty>
  );
}

interface ListProps {
  readonly feed: LogFeed;
  readonly items: readonly LogItem[];
  readonly view: ViewState;
  readonly switches: Switches;
  readonly lines: Lines;
  readonly list: RefObject<VirtualListHandle | null>;
  readonly following: ReturnType<typeof useFollowing>;
  readonly onContext: (row: LogRow) => void;
}

function LineList({ feed, items, view, switches, lines, list, following, onContext }: ListProps) {
  const rowHeight = ROW_HEIGHT[matchMedia(NARROW).matches ? 'narrow' : 'wide'][switches.dense.isOn ? 'dense' : 'normal'];
  const { isFollowing, isPaused, newer, goToEnd, onEnd } = following;
  const filterBy = (name: string, value: string): void =>
    changeQuery({ q: withField(view.isRegex ? '' : view.search, name, value), re: undefined });
  return (
    <div class="log-lines" onKeyDown={lines.onKeyDown}>
      <VirtualList
        items={items}
        keyOf={({ row }) => row.id}
        rowHeight={rowHeight}
        label={t('list')}
        followsEnd={!isPaused}
        onEnd={onEnd}
        onNearStart={() => void feed.readOlder()}
        handle={list}
        render={(item) => (
          <LogLine
            item={item}
            isOpen={lines.open.has(item.row.id)}
            isCurrent={item.row.id === lines.current}
            isMarked={item.row.id === lines.marked}
            isUtc={switches.utc.isOn}
            isFiltered={view.isFiltered}
            marks={view.marks}
            onToggle={lines.toggle}
            onFocus={({ id }) => lines.setCurrent(id)}
            onContext={onContext}
            onFilter={filterBy}
          />
        )}
      />
      {!isFollowing && items.length > 0 && (
        <div class="log-to-end">
          <Button kind="primary" icon="down" text={newer > 0 ? t('newLines', { count: newer }) : t('toEnd')} onClick={goToEnd} />
        </div>
      )}
    </div>
  );
}

function Messages({ feed, shown, total, isFiltered }: { feed: LogFeed; shown: readonly LogRow[]; total: number; isFiltered: boolean }) {
  const isFirst = feed.state.value === 'first';
  const error = feed.error.value;
  return (
    <>
      {error !== undefined && <ErrorBox error={error} isStale={!isFirst} />}
      {isFirst && error === undefined && <Spinner />}
      {feed.rows.value.length > 0 && (
        <p class="log-notice">
          <Beginning feed={feed} />
          <span class="log-count">{t('count', { shown: shown.length, total })}</span>
        </p>
      )}
      {!isFirst && error === undefined && shown.length === 0 && <NothingShown total={feed.rows.value.length} isFiltered={isFiltered} />}
    </>
  );
}

export default function LogsView() {
  const view = useViewState();
  const { base, feed } = useFeeds(view);
  const switches = useSwitches();
  const { shown, items } = useShown(feed, view, !switches.unfold.isOn);
  const counts = useComputed(() => countLevels(base.rows.value));
  const list = useRef<VirtualListHandle>(null);
  const searchField = useRef<HTMLInputElement>(null);
  const following = useFollowing(shown, list);
  const lines = useLines(items, list);
  const match = useMatches({ shown, items, lines, list, isMatch: view.isMatch });
  const onContext = useContextOf(base, { items, lines, list });
  const downloads = downloadItems(view, shown);
  useCommands([
    { id: 'logs-search', label: t('searchLabel'), icon: 'search', keys: '/', run: () => searchField.current?.focus() },
    { id: 'logs-end', label: t('toEnd'), icon: 'down', keys: 'shift+g', run: following.goToEnd },
    { id: 'logs-next', label: t('matchNext'), icon: 'down', keys: 'n', run: () => match?.go(1) },
    { id: 'logs-before', label: t('matchBefore'), icon: 'up', keys: 'shift+n', run: () => match?.go(-1) },
    { id: 'logs-share', label: t('share'), icon: 'copy', run: () => void copyText(shareAddress(view)) },
    { id: 'logs-download', label: t('saveShown', { count: shown.length }), icon: 'download', run: () => downloads[0]?.run() },
  ]);
  const bar = { view, counts: counts.value, switches, match, isFollowing: following.isFollowing, searchField, downloads };
  return (
    <section class="view full logs">
      <header class="view-head">
        <h1>{t('title')}</h1>
        <LiveChip feed={feed} isFollowing={following.isFollowing} />
        <div class="spread">
          <LevelControl />
        </div>
      </header>
      <Toolbar {...bar} onFollow={following.toggle} />
      <Messages feed={feed} shown={shown} total={base.rows.value.length} isFiltered={view.isFiltered} />
      <div class={`log-area${switches.wrap.isOn ? ' wrapped' : ''}${switches.dense.isOn ? ' dense' : ''}`}>
        <LineList {...{ feed, items, view, switches, lines, list, following, onContext }} />
      </div>
    </section>
  );
}

function LiveChip({ feed, isFollowing }: { feed: LogFeed; isFollowing: boolean }) {
  const state = feed.state.value;
  if (state === 'first' || state === 'refused') return null;
  if (state === 'lost') return <span class="chip warn">{t('isLost')}</span>;
  return isFollowing ? <span class="chip good">{t('isLive')}</span> : <span class="chip">{t('isPaused')}</span>;
}
