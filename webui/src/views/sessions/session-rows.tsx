/** The list of sessions and its keys. Only visible rows are in the document. */
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useGatewayEvent } from '../../api/gateway-events.js';
import { useBurst } from '../../api/live-reload.js';
import { VirtualList, type VirtualListHandle } from '../../components/virtual-list/virtual-list.js';
import { useCommands } from '../../shell/commands.js';
import { listKeys, type Selection } from './selection.js';
import type { Session } from './session-actions.js';
import type { SessionFeed } from './session-feed.js';
import type { RowAction } from './session-menu.js';
import { SessionRow } from './session-row.js';
import { t } from './text.js';

const SETTLE_MS = 200;
/** The height of a row without tags, as most are. */
const ROW_HEIGHT_PX = 60;
const LINKS = '.session-link';

/** Returns whether a session is being answered: what the list says, corrected by later events. */
function useAnswering(feed: SessionFeed, sessions: readonly Session[]): (session: Session) => boolean {
  const [since, setSince] = useState<Readonly<Record<string, boolean>>>({});
  const changed = useRef(new Set<string>());
  const later = useBurst(() => {
    feed.reload([...changed.current]);
    changed.current.clear();
  });
  useEffect(() => setSince({}), [sessions]);
  useGatewayEvent(({ name, data }) => {
    if (name === 'reset') return feed.reload('all');
    if (name !== 'turn' && name !== 'session') return;
    changed.current.add(data.session);
    later();
    if (name === 'turn') setSince((before) => ({ ...before, [data.session]: data.state === 'started' }));
  });
  return ({ key, answering }) => since[key] ?? answering;
}

/** Returns the scroll offset stored in this entry of the history, in pixels; 0 for a new entry. */
export function keptPlace(): number {
  const { place } = (history.state ?? {}) as { readonly place?: unknown };
  return typeof place === 'number' ? place : 0;
}

/** Stores a scroll offset in the entry of the history. @param at  its address; nothing is stored if the address has changed */
function keepPlace(place: number, at: string): void {
  if (location.hash === at) history.replaceState({ place }, '');
}

/** Stores the scroll offset in the history a moment after each scroll. */
function usePlace() {
  const [startsAt] = useState(keptPlace);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const onScrolled = (offset: number): void => {
    const at = location.hash;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => keepPlace(Math.round(offset), at), SETTLE_MS);
  };
  return { startsAt, onScrolled };
}

interface RowKeysOptions extends SessionRowsProps {
  /** The session whose row has or last had the focus. */
  readonly current: Session | undefined;
  readonly area: RefObject<HTMLDivElement | null>;
}

/** Registers the keys of rows. A key acts on the selection if the row in focus belongs to it, else on that row. */
function useRowKeys({ selection, sessions, onAct, current, area }: RowKeysOptions): void {
  const { keys, selected } = selection;
  const isInside = (): boolean => area.current?.contains(document.activeElement) === true;
  const act = (action: RowAction) => () => {
    if (current !== undefined && isInside() && !keys.has(current.key)) onAct(action, [current]);
    else if (selected.length > 0) onAct(action, selected);
  };
  const mark = (): void => {
    if (current !== undefined && isInside()) selection.select(sessions.indexOf(current), !keys.has(current.key), false);
  };
  const common = { isHidden: true } as const;
  useCommands([
    { ...common, id: 'session-select', label: t('keySelect'), keys: 'x', run: mark },
    { ...common, id: 'session-archive', label: t('archive'), keys: 'e', run: act('archive') },
    { ...common, id: 'session-pin', label: t('pin'), keys: 'p', run: act('pin') },
    { ...common, id: 'session-tag', label: t('tags'), keys: 't', run: act('tag') },
    { ...common, id: 'session-read', label: t('keyRead'), keys: 'u', run: act('read') },
    { ...common, id: 'session-delete', label: t('delete'), keys: 'delete', run: act('delete') },
  ]);
}

/** Gives the focus to the next row when the row that has it is gone, or the bar of the selection is. */
function useNextFocus(at: number, isSelecting: boolean, goTo: (index: number) => void): void {
  const last = useRef(-1);
  if (at >= 0) last.current = at;
  // Asked before the row is taken out of the document.
  const hadFocus = document.activeElement?.matches('.session-rows *') === true;
  const goOn = (): void => {
    if (last.current >= 0 && document.activeElement === document.body) goTo(last.current);
  };
  useLayoutEffect(() => (hadFocus ? goOn() : undefined));
  useLayoutEffect(() => (isSelecting ? undefined : goOn()), [isSelecting]);
}

interface SessionRowsProps {
  readonly feed: SessionFeed;
  readonly sessions: readonly Session[];
  readonly selection: Selection;
  readonly onAct: (action: RowAction, sessions: readonly Session[]) => void;
  readonly onFilter: (filter: string) => void;
  readonly handle: RefObject<VirtualListHandle | null>;
}

export function SessionRows(props: SessionRowsProps) {
  const { feed, sessions, selection, onAct, onFilter, handle } = props;
  const isAnswering = useAnswering(feed, sessions);
  const place = usePlace();
  const area = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState<string | undefined>(undefined);
  const at = current === undefined ? -1 : sessions.findIndex(({ key }) => key === current);
  useRowKeys({ ...props, current: sessions[at], area });
  const goTo = (index: number): void => {
    setCurrent(sessions[index]?.key);
    handle.current?.show(index);
  };
  useNextFocus(at, selection.keys.size > 0, (index) => goTo(Math.min(index, sessions.length - 1)));
  const onFocusIn = ({ target }: FocusEvent): void => {
    const row = (target as HTMLElement).closest<HTMLElement>('[data-index]');
    if (row !== null) setCurrent(sessions[Number(row.dataset['index'])]?.key);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // The menu of a row and its tags have their own keys.
    const isRow = (event.target as HTMLElement).matches(`${LINKS}, input, .virtual-list`);
    if (isRow) listKeys({ selection, count: sessions.length, at: Math.max(0, at), goTo })(event);
  };
  return (
    <div ref={area} class={selection.keys.size > 0 ? 'session-rows selecting' : 'session-rows'} onFocusIn={onFocusIn} onKeyDown={onKeyDown}>
      <VirtualList
        items={sessions}
        keyOf={({ key }) => key}
        rowHeight={ROW_HEIGHT_PX}
        label={t('list')}
        setSize={feed.hasMore.value ? -1 : sessions.length}
        kept={at < 0 ? undefined : at}
        showsNewFirst
        {...place}
        onNearEnd={() => feed.more()}
        handle={handle}
        render={(session, index) => (
          <SessionRow
            session={session}
            isSelected={selection.keys.has(session.key)}
            isAnswering={isAnswering(session)}
            onSelect={(isSelected, isRange) => selection.select(index, isSelected, isRange)}
            onAct={(action) => onAct(action, [session])}
            onFilter={onFilter}
          />
        )}
      />
    </div>
  );
}
