/** The logs view: follows, searches and filters the gateway's log. */
import { effect } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { withField } from '../../../../shared/log/search.js';
import { PageHeader } from '../../components/page-header/page-header.js';
import { Button } from '../../components/button/button.js';
import { copyText } from '../../browser/copy.js';
import { useNarrow } from '../../browser/use-narrow.js';
import { Empty, ErrorBox } from '../../components/feedback/feedback.js';
import { Skeleton } from '../../components/skeleton/skeleton.js';
import { StatusDot } from '../../components/status-dot/status-dot.js';
import { VirtualList, type VirtualListHandle } from '../../components/virtual-list/virtual-list.js';
import { readSetting, writeSetting } from '../../settings.js';
import { useCommands } from '../../shell/commands.js';
import { changeQuery } from '../../shell/router.js';
import { t as shell } from '../../shell/text.js';
import { downloadItems } from './download.js';
import { countOf, countText, isLevelShown, LEVEL_CHOICES, useLevelCounts } from './level-counts.js';
import { LogFeed, MAX_ROWS } from './log-feed.js';
import { refilter } from './log-filter.js';
import { fold, indexOfLine, type LogItem } from './log-items.js';
import { LineDrawer } from './line-details.js';
import { LogLine } from './log-line.js';
import type { LogRow } from './log-row.js';
import { t } from './text.js';
import { type Switch, type Switches, Toolbar, Tools } from './toolbar.js';
import { type Lines, useContextOf, useFollowing, useLines, useMatches } from './use-lines.js';
import { shareAddress, useViewState, type ViewState } from './view-state.js';
import './logs.css';

/** Heights as in the style sheet: on a narrow screen the time is above the text. */
const ROW_HEIGHT = { wide: { normal: 28, dense: 20 }, narrow: { normal: 44, dense: 36 } } as const;
const TYPING_MS = 350;
/** The number of rows read automatically while a filter leaves the list nearly empty; then a button reads more. */
const SEARCHED_ROWS = 20_000;
const FEW_ROWS = 60;
/** The number of rows in which matches are marked from the start, among the lines that do not match. */
const FIND_ROWS = 1_000;

/** Returns the feed for the view's query. The previous feed stays until the next one has read its first lines, and while the query is refused. */
function useFeed({ query }: ViewState): { feed: LogFeed; isCurrent: boolean; refusal: unknown } {
  const [feed, setFeed] = useState(() => new LogFeed(query));
  const running = useRef<LogFeed>(undefined);
  useEffect(() => {
    running.current = feed;
    feed.run();
    return () => feed.stop();
  }, [feed]);
  const wanted = JSON.stringify(query);
  const [refused, setRefused] = useState<unknown>();
  useEffect(() => {
    if (wanted === JSON.stringify(feed.query)) return setRefused(undefined);
    const next = new LogFeed(query);
    const show = (): void => {
      if (next.state.value === 'refused') return setRefused(next.error.peek());
      if (next.start.value === undefined) return;
      setRefused(undefined);
      setFeed(next);
    };
    let unwatch = (): void => undefined;
    const isTyped = query.search !== feed.query.search || query.regex !== feed.query.regex;
    const begin = (): void => {
      next.run();
      unwatch = effect(show);
    };
    const timer = setTimeout(begin, isTyped ? TYPING_MS : 0);
    return () => {
      clearTimeout(timer);
      unwatch();
      if (running.current !== next) next.stop();
    };
  }, [wanted]);
  const isCurrent = wanted === JSON.stringify(feed.query);
  const ownRefusal = feed.state.value === 'refused' ? feed.error.value : undefined;
  return { feed, isCurrent, refusal: isCurrent ? ownRefusal : refused };
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

interface Shown {
  /** The lines of all levels that match. */
  readonly matching: readonly LogRow[];
  readonly shown: readonly LogRow[];
  readonly items: readonly LogItem[];
}

/** Returns the filtered lines of a feed, and the items to list. */
function useShown({ feed, isCurrent }: ReturnType<typeof useFeed>, view: ViewState, isFolded: boolean): Shown {
  const matching = useRef<ReturnType<typeof refilter>>(undefined);
  const filtered = useRef<ReturnType<typeof refilter>>(undefined);
  const folded = useRef<ReturnType<typeof fold>>(undefined);
  const of = useRef(feed);
  if (of.current !== feed) {
    matching.current = undefined;
    filtered.current = undefined;
  }
  of.current = feed;
  // The lines before stay as they are until the gateway has answered: rows that are open would close when its rows take their place.
  const applied = useRef(view);
  if (isCurrent) applied.current = view;
  const { filter, hasLevel } = applied.current;
  const rows = feed.rows.value;
  if (matching.current?.filter !== filter) filtered.current = undefined;
  matching.current = refilter(matching.current, rows, filter);
  filtered.current = refilter(filtered.current, matching.current.shown, hasLevel);
  folded.current = fold(folded.current, filtered.current.shown, isFolded);
  const isEmptied = view.isFiltered && filtered.current.shown.length < FEW_ROWS && rows.length < SEARCHED_ROWS;
  const needsMore = isCurrent && (isEmptied || (view.isFind && rows.length < FIND_ROWS));
  useEffect(() => {
    if (needsMore) void feed.readOlder();
  }, [needsMore, rows]);
  return { matching: matching.current.shown, shown: filtered.current.shown, items: folded.current.items };
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

function NothingShown({ isFiltered }: { isFiltered: boolean }) {
  if (!isFiltered) {
    return (
      <Empty title={t('none')} icon="logs">
        {t('noneText')}
      </Empty>
    );
  }
  const clear = (): void => changeQuery({ q: undefined, level: undefined, since: undefined, until: undefined });
  return <Empty title={t('noMatch')} icon="search" action={<Button text={t('clear')} onClick={clear} />} />;
}

interface ListProps {
  readonly feed: LogFeed;
  readonly items: readonly LogItem[];
  readonly view: ViewState;
  readonly switches: Switches;
  readonly lines: Lines;
  readonly list: RefObject<VirtualListHandle | null>;
  readonly following: ReturnType<typeof useFollowing>;
}

function LineList({ feed, items, view, switches, lines, list, following }: ListProps) {
  const isNarrow = useNarrow();
  const rowHeight = ROW_HEIGHT[isNarrow ? 'narrow' : 'wide'][switches.dense.isOn ? 'dense' : 'normal'];
  const { isFollowing, isPaused, newer, goToEnd, onEnd } = following;
  // A turned phone has rows of another height: the end moves away from the view.
  useEffect(() => void (isFollowing && items.length > 0 && goToEnd()), [isNarrow]);
  const { opened } = lines;
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
        kept={opened === undefined ? undefined : indexOfLine(items, opened.row.id)}
        render={(item) => (
          <LogLine
            item={item}
            isOpen={item.row === opened?.row}
            isCurrent={item.row.id === lines.current}
            isMarked={item.row.id === lines.marked}
            isUtc={switches.utc.isOn}
            marks={view.marks}
            onOpen={lines.open}
            onFocus={({ id }) => lines.setCurrent(id)}
          />
        )}
      />
      {!isFollowing && items.length > 0 && (
        <div class="log-to-end">
          <Button icon="down" text={newer > 0 ? t('newLines', { count: newer }) : t('toEnd')} onClick={goToEnd} />
        </div>
      )}
    </div>
  );
}

interface MessagesProps {
  readonly feed: LogFeed;
  /** Whether the feed matches the view's query. */
  readonly isCurrent: boolean;
  /** Why the gateway rejects the view's query. */
  readonly refusal: unknown;
  readonly count: number;
  /** Undefined until it is known. */
  readonly total: string | undefined;
  readonly isFiltered: boolean;
}

/** An error, and how much of the log is shown. */
function Messages({ feed, total, count }: Pick<MessagesProps, 'feed' | 'total' | 'count'>) {
  const state = feed.state.value;
  const own = state === 'refused' ? undefined : feed.error.value;
  const error = own ?? feed.olderError.value;
  const retry = own === undefined ? {} : { retry: () => feed.retry() };
  return (
    <>
      {error !== undefined && <ErrorBox error={error} isStale={state !== 'first'} {...retry} />}
      <p class="log-notice">
        {feed.rows.value.length > 0 && (
          <>
            <Beginning feed={feed} />
            <span class="log-count">{total !== undefined && t('count', { shown: count, total })}</span>
          </>
        )}
      </p>
    </>
  );
}

/** Shown in place of lines while there are none. */
function NoLines({ feed, isCurrent, refusal, count, isFiltered }: Omit<MessagesProps, 'total'>) {
  if (feed.error.value !== undefined || refusal !== undefined || count > 0) return null;
  const isReading = feed.state.value === 'first' || !isCurrent || feed.older.value !== 'none';
  return <div class="no-lines">{isReading ? <Skeleton lines={8} /> : <NothingShown isFiltered={isFiltered} />}</div>;
}

export default function LogsView() {
  const view = useViewState();
  const fed = useFeed(view);
  const { feed } = fed;
  const switches = useSwitches();
  const { matching, shown, items } = useShown(fed, view, !switches.unfold.isOn);
  const counts = useLevelCounts(feed, matching);
  const level = LEVEL_CHOICES.findLast((choice) => isLevelShown(choice, view.level));
  const sum = level === undefined || counts === undefined ? 0 : countOf(level, counts);
  const list = useRef<VirtualListHandle>(null);
  const searchField = useRef<HTMLInputElement>(null);
  const following = useFollowing(shown, list);
  const lines = useLines(feed, items, list);
  const match = useMatches({ feed, shown, items, lines, list, isMatch: view.isMatch });
  const onContext = useContextOf(feed, { items, lines, list });
  const downloads = downloadItems(view, shown);
  useCommands([
    { id: 'logs-search', label: t('searchLabel'), icon: 'search', keys: '/', run: () => searchField.current?.focus() },
    { id: 'logs-end', label: t('toEnd'), icon: 'down', keys: 'shift+g', run: following.goToEnd },
    { id: 'logs-next', label: t('matchNext'), icon: 'down', keys: 'n', isStep: true, run: () => match?.go(1) },
    { id: 'logs-before', label: t('matchBefore'), icon: 'up', keys: 'shift+n', isStep: true, run: () => match?.go(-1) },
    { id: 'logs-share', label: t('share'), icon: 'copy', run: () => void copyText(shareAddress(view)) },
    { id: 'logs-download', label: t('saveShown', { count: shown.length }), icon: 'download', run: () => downloads[0]?.run() },
  ]);
  const filterBy = (name: string, value: string): void =>
    changeQuery({ q: withField(view.isRegex ? '' : view.search, name, value), re: undefined });
  const { isFollowing } = following;
  const { isFiltered } = view;
  const count = shown.length;
  return (
    <section class="view full logs">
      <PageHeader title={shell('logs')} note={<LiveState feed={feed} isFollowing={isFollowing} />}>
        <Tools {...{ view, switches, isFollowing, downloads }} onFollow={following.toggle} />
      </PageHeader>
      <Toolbar {...{ view, counts, match, searchField }} isUtc={switches.utc.isOn} refusal={fed.refusal} />
      <Messages {...{ feed, count }} total={counts && countText(sum, counts)} />
      <div class={`log-area${switches.wrap.isOn ? ' wrapped' : ''}${switches.dense.isOn ? ' dense' : ''}`}>
        <LineList {...{ feed, items, view, switches, lines, list, following }} />
        <NoLines {...fed} {...{ count, isFiltered }} />
      </div>
      {lines.opened !== undefined && (
        <LineDrawer item={lines.opened} onClose={() => lines.open(undefined)} onFilter={filterBy} {...{ isFiltered, onContext }} />
      )}
    </section>
  );
}

function LiveState({ feed, isFollowing }: { feed: LogFeed; isFollowing: boolean }) {
  const state = feed.state.value;
  if (state === 'first' || state === 'refused') return null;
  if (state === 'lost') return <StatusDot tone="warning">{t('isLost')}</StatusDot>;
  return <StatusDot tone={isFollowing ? 'good' : 'off'}>{t(isFollowing ? 'isLive' : 'isPaused')}</StatusDot>;
}
