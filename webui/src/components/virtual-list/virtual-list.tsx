/**
 * A list of any length, of which only the visible part is in the document. Keys are unique and stay with their item: they
 * keep the position when items come or go above it. Rows may differ in height. The only user of `@tanstack/virtual-core`.
 */
import {
  defaultRangeExtractor,
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualizerOptions,
} from '@tanstack/virtual-core';
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import './virtual-list.css';

export interface VirtualListHandle {
  scrollToEnd(): void;
  /** Scrolls to the item and focuses the first button or link of its row, unless `focus` is false. */
  show(index: number, options?: { align?: 'center' | 'auto'; focus?: boolean }): void;
}

interface VirtualListProps<Item> {
  readonly items: readonly Item[];
  readonly keyOf: (item: Item) => number | string;
  /** The expected height of a row, corrected by the first rendered rows. */
  readonly rowHeight: number;
  readonly label: string;
  readonly render: (item: Item, index: number) => ComponentChildren;
  readonly class?: string;
  /** Scrolls to new items while the end is in view. */
  readonly followsEnd?: boolean;
  /** Called when the end comes into view or leaves it. */
  readonly onEnd?: (isAtEnd: boolean) => void;
  readonly onNearStart?: () => void;
  /** Called repeatedly while the end is near. */
  readonly onNearEnd?: () => void;
  /** While the first item is in view, new items above it are shown, instead of keeping the position. */
  readonly showsNewFirst?: boolean;
  /** The initial scroll offset in pixels; `onScrolled` reports it. */
  readonly startsAt?: number;
  readonly onScrolled?: (offset: number) => void;
  /** The index of an item that always stays in the document: the one with the focus. */
  readonly kept?: number | undefined;
  /** The total number of items for screen readers; -1: unknown. Default: the number of `items`. */
  readonly setSize?: number;
  readonly handle?: RefObject<VirtualListHandle | null>;
}

type ListVirtualizer = Virtualizer<HTMLDivElement, HTMLDivElement>;

/** Rows rendered beyond the visible ones, so that a quick scroll shows no gap. */
const OVERSCAN = 12;
const NEAR_START_PX = 400;
/** Two or three screens, so that more items arrive before the user reaches the end. */
const NEAR_END_PX = 2_000;
const AT_END_PX = 24;
/** The limit of attempts: a hidden list never reaches its end. */
const MOST_LOOKS = 60;
/** The number of rendered rows that are kept; far fewer are visible. */
const MAX_DRAWN = 400;

/**
 * Returns the expected height of rows: the median of the first rendered ones. A wrong height would be corrected row by row, and
 * a jump to the end would take seconds in which rows overlap.
 */
function useExpectedHeight<Item>({ items, rowHeight }: VirtualListProps<Item>, element: RefObject<HTMLElement | null>): number {
  const [seen, setSeen] = useState<{ readonly rowHeight: number; readonly height: number } | undefined>(undefined);
  const isKnown = seen?.rowHeight === rowHeight;
  useLayoutEffect(() => {
    if (isKnown || items.length === 0) return;
    const rows = element.current?.querySelectorAll<HTMLElement>('[role=listitem]') ?? [];
    const heights = Array.from(rows, (row) => row.offsetHeight).toSorted((a, b) => a - b);
    const height = heights[heights.length >> 1] ?? 0;
    if (height > 0) setSeen({ rowHeight, height });
  }, [isKnown, items]);
  return isKnown ? seen.height : rowHeight;
}

function useVirtualizer<Item>(props: VirtualListProps<Item>, element: RefObject<HTMLDivElement | null>): ListVirtualizer {
  const [, draw] = useState(0);
  const { items, keyOf, followsEnd = false, showsNewFirst = false, startsAt = 0, kept } = props;
  const drawn = useRef<ListVirtualizer | undefined>(undefined);
  const isAtStart = (drawn.current?.scrollOffset ?? 0) < AT_END_PX;
  const height = useExpectedHeight(props, element);
  const key = useRef(keyOf);
  key.current = keyOf;
  // A new function makes the library compute all positions again, so a scroll must not create one.
  const getItemKey = useMemo(
    () => (index: number) => {
      const item = items[index];
      return item === undefined ? index : key.current(item);
    },
    [items, height],
  );
  const options: VirtualizerOptions<HTMLDivElement, HTMLDivElement> = {
    count: items.length,
    getScrollElement: () => element.current,
    estimateSize: () => height,
    getItemKey,
    overscan: OVERSCAN,
    initialOffset: startsAt,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    anchorTo: showsNewFirst && isAtStart ? 'start' : 'end',
    rangeExtractor: (range) => {
      const shown = defaultRangeExtractor(range);
      if (kept === undefined || kept >= range.count || shown.includes(kept)) return shown;
      return [...shown, kept].toSorted((one, other) => one - other);
    },
    followOnAppend: followsEnd,
    scrollEndThreshold: AT_END_PX,
    useAnimationFrameWithResizeObserver: true,
    onChange: () => draw((number) => number + 1),
  };
  const [virtualizer] = useState(() => new Virtualizer(options));
  virtualizer.setOptions(options);
  drawn.current = virtualizer;
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => virtualizer._willUpdate());
  return virtualizer;
}

/**
 * Scrolls a list that follows its end to the end at first. Rows that are measured or added meanwhile can cancel the jump, so it is
 * repeated until it arrives or the user scrolls.
 * @returns whether that is done; settable
 */
function useArrival<Item>({ items, followsEnd = false }: VirtualListProps<Item>, virtualizer: ListVirtualizer): { current: boolean } {
  const hasArrived = useRef(!followsEnd);
  useEffect(() => {
    if (hasArrived.current || items.length === 0) return undefined;
    let looks = 0;
    let frame = requestAnimationFrame(function look() {
      looks += 1;
      hasArrived.current ||= virtualizer.getDistanceFromEnd() <= AT_END_PX || looks > MOST_LOOKS;
      if (hasArrived.current) return;
      virtualizer.scrollToIndex(items.length - 1, { align: 'end' });
      frame = requestAnimationFrame(look);
    });
    return () => cancelAnimationFrame(frame);
  }, [items]);
  return hasArrived;
}

/**
 * Keeps the end in view when the list loses height, to a message above it, a keyboard or a rotated screen. It scrolls while the height
 * changes: later, the browser's own scroll would look like one of the user.
 * @returns whether the height has changed and the scroll is pending
 */
function useHeldEnd(isHeld: () => boolean, element: RefObject<HTMLDivElement | null>): () => boolean {
  const height = useRef(0);
  const hold = useRef(isHeld);
  hold.current = isHeld;
  useLayoutEffect(() => {
    const list = element.current;
    if (list === null) return undefined;
    height.current = list.clientHeight;
    const observer = new ResizeObserver(() => {
      height.current = list.clientHeight;
      if (hold.current()) list.scrollTop = list.scrollHeight;
    });
    observer.observe(list);
    return () => observer.disconnect();
  }, []);
  return () => element.current?.clientHeight !== height.current;
}

/** Reports the edges. @returns whether the list was sent elsewhere and its new position is not known yet; settable */
function useEdges<Item>(
  props: VirtualListProps<Item>,
  virtualizer: ListVirtualizer,
  { element, hasArrived }: { element: RefObject<HTMLDivElement | null>; hasArrived: { current: boolean } },
): { current: boolean } {
  const { onEnd, onNearStart, onNearEnd, onScrolled, items, keyOf, followsEnd = false } = props;
  const wasAtEnd = useRef<boolean | undefined>(undefined);
  const last = useRef<{ readonly top: number; readonly first: number | string | undefined }>({ top: 0, first: undefined });
  const isLeaving = useRef(false);
  const hasLeftStart = useRef(false);
  const offset = virtualizer.scrollOffset ?? 0;
  const viewHeight = virtualizer.scrollRect?.height ?? 0;
  useEffect(() => onScrolled?.(offset), [offset]);
  const isResizing = useHeldEnd(() => followsEnd && wasAtEnd.current === true && !isLeaving.current, element);
  useEffect(() => {
    const list = element.current;
    if (items.length === 0 || virtualizer.scrollRect === null || list === null || isResizing()) return;
    const fromEnd = list.scrollHeight - list.scrollTop - list.clientHeight;
    const isAtEnd = fromEnd <= AT_END_PX;
    const first = items[0] === undefined ? undefined : keyOf(items[0]);
    const wentUp = list.scrollTop < last.current.top && first === last.current.first;
    last.current = { top: list.scrollTop, first };
    if (!isAtEnd && !hasArrived.current) return;
    // Items may come faster than the list scrolls, and old ones be dropped meanwhile: only a scroll up leaves the end.
    if (!isAtEnd && followsEnd && wasAtEnd.current === true && !wentUp && !isLeaving.current) {
      virtualizer.scrollToIndex(items.length - 1, { align: 'end' });
      return;
    }
    if (isAtEnd !== wasAtEnd.current) onEnd?.(isAtEnd);
    if (fromEnd < NEAR_END_PX) onNearEnd?.();
    wasAtEnd.current = isAtEnd;
    isLeaving.current = false;
    // A list is at its start before it scrolls to its end.
    if (offset >= NEAR_START_PX || virtualizer.getTotalSize() <= viewHeight) hasLeftStart.current = true;
    if (offset < NEAR_START_PX && hasLeftStart.current) onNearStart?.();
  }, [offset, items, viewHeight]);
  return isLeaving;
}

/** Focuses a row. @returns whether the row is in the document */
function focusRow(list: HTMLDivElement | null, index: number): boolean {
  const row = list?.querySelector<HTMLElement>(`[data-index="${index}"] :is(button, a)`);
  row?.focus({ preventScroll: true });
  return row !== null && row !== undefined;
}

/** Renders a row once while only its position changes, so that a scroll renders only rows that come into view. */
function useDrawn<Item>({ keyOf, render }: VirtualListProps<Item>): VirtualListProps<Item>['render'] {
  const drawn = useMemo(() => new Map<number | string, { item: Item; index: number; row: ComponentChildren }>(), [render]);
  return (item, index) => {
    const known = drawn.get(keyOf(item));
    if (known?.item === item && known.index === index) return known.row;
    if (drawn.size >= MAX_DRAWN) drawn.clear();
    const row = render(item, index);
    drawn.set(keyOf(item), { item, index, row });
    return row;
  };
}

export function VirtualList<Item>(props: VirtualListProps<Item>) {
  const { items, keyOf, label, handle, setSize = items.length } = props;
  const element = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer(props, element);
  const hasArrived = useArrival(props, virtualizer);
  const isLeaving = useEdges(props, virtualizer, { element, hasArrived });
  const goElsewhere = (): void => void (hasArrived.current = true);
  const render = useDrawn(props);
  if (handle !== undefined) {
    handle.current = {
      scrollToEnd: () => virtualizer.scrollToIndex(items.length - 1, { align: 'end' }),
      show(index, { align = 'auto', focus = true } = {}) {
        goElsewhere();
        isLeaving.current = true;
        virtualizer.scrollToIndex(index, { align });
        if (!focus || focusRow(element.current, index)) return;
        // The row enters the document in the next frames; until then the list itself takes keys.
        element.current?.focus({ preventScroll: true });
        let looks = 0;
        requestAnimationFrame(function look() {
          looks += 1;
          if (document.activeElement !== element.current || focusRow(element.current, index) || looks > MOST_LOOKS) return;
          requestAnimationFrame(look);
        });
      },
    };
  }
  return (
    <div
      class={`virtual-list ${props.class ?? ''}`}
      ref={element}
      tabIndex={-1}
      onWheel={goElsewhere}
      onPointerDown={goElsewhere}
      onKeyDown={goElsewhere}
    >
      <div role="list" aria-label={label} style={{ height: `${virtualizer.getTotalSize()}px` }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const item = items[index];
          if (item === undefined) return null;
          return (
            <div
              key={keyOf(item)}
              ref={virtualizer.measureElement}
              role="listitem"
              aria-setsize={setSize}
              aria-posinset={index + 1}
              data-index={index}
              style={{ transform: `translateY(${start}px)` }}
            >
              {render(item, index)}
            </div>
          );
        })}
      </div>
    </div>
  );
}
