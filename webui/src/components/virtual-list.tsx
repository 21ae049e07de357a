/**
 * A list of any length of which only the visible part is in the document. Keys must be unique and keep their item: by
 * them the place is kept when items come or go above it. Rows are as high as they are. The owner of `@tanstack/virtual-core`.
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

export interface VirtualListHandle {
  scrollToEnd(): void;
  /** Brings the item into view and its row's first button or link into focus, unless `focus` is false. */
  show(index: number, options?: { align?: 'center' | 'auto'; focus?: boolean }): void;
}

export interface VirtualListProps<Item> {
  readonly items: readonly Item[];
  readonly keyOf: (item: Item) => number | string;
  /** Of a row that was not shown yet; corrected by the first that are. */
  readonly rowHeight: number;
  readonly label: string;
  readonly render: (item: Item, index: number) => ComponentChildren;
  readonly class?: string;
  /** New items at the end are followed while the end is in view. */
  readonly followsEnd?: boolean;
  /** Is told when the end comes into view or leaves it, and when the start comes near. */
  readonly onEnd?: (isAtEnd: boolean) => void;
  readonly onNearStart?: () => void;
  /** Is called again and again while the end is near. */
  readonly onNearEnd?: () => void;
  /** What comes above the first item is shown while that is in view, in place of keeping what is read where it is. */
  readonly showsNewFirst?: boolean;
  /** Where it is scrolled to at first, in pixels, and what is told where it is. */
  readonly startsAt?: number;
  readonly onScrolled?: (offset: number) => void;
  /** Of an item that stays in the document wherever the list is scrolled to: the one with the focus. */
  readonly kept?: number | undefined;
  /** How many items there are in all, as a screen reader says it; -1: nobody knows yet. Default: those that are here. */
  readonly setSize?: number;
  readonly handle?: RefObject<VirtualListHandle | null>;
}

type ListVirtualizer = Virtualizer<HTMLDivElement, HTMLDivElement>;

/** Rows beyond the visible ones, so that a quick scroll shows no gap. */
const OVERSCAN = 12;
const NEAR_START_PX = 400;
/** Two screens or three, so that whoever scrolls does not come to the end before there is more. */
const NEAR_END_PX = 2_000;
const AT_END_PX = 24;
/** A list that cannot be seen never arrives. */
const MOST_LOOKS = 60;
/** So many rows are kept as they were drawn; the visible ones are far fewer. */
const MAX_DRAWN = 400;

/**
 * How high the rows are that were not shown yet: as most of those that were first. A wrong height would be corrected row by row,
 * and a way to the end take seconds in which rows lie over each other.
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
  // Another function means that all places are computed again: none is made for a mere scroll.
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
 * A list that follows its end begins there. The first rows may be drawn, measured and joined by more before the jump is done, and the
 * jump be lost: it is made until it has arrived, or somebody goes elsewhere.
 * @returns whether that is over; may be set
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
 * What takes room from the list, a message above it, a keyboard or a turned screen, does not take its end out of view. It is brought back
 * as the height changes: later, it could have changed again, and where the browser has moved the list meanwhile look like somebody's wish.
 * @returns whether the height has changed and that is still to come
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

function useEdges<Item>(
  props: VirtualListProps<Item>,
  virtualizer: ListVirtualizer,
  { element, hasArrived }: { element: RefObject<HTMLDivElement | null>; hasArrived: { current: boolean } },
): void {
  const { onEnd, onNearStart, onNearEnd, onScrolled, items, followsEnd = false } = props;
  const wasAtEnd = useRef<boolean | undefined>(undefined);
  const hasLeftStart = useRef(false);
  const offset = virtualizer.scrollOffset ?? 0;
  const viewHeight = virtualizer.scrollRect?.height ?? 0;
  useEffect(() => onScrolled?.(offset), [offset]);
  const isResizing = useHeldEnd(() => followsEnd && wasAtEnd.current === true, element);
  useEffect(() => {
    const list = element.current;
    if (items.length === 0 || virtualizer.scrollRect === null || list === null || isResizing()) return;
    const fromEnd = list.scrollHeight - list.scrollTop - list.clientHeight;
    const isAtEnd = fromEnd <= AT_END_PX;
    if (!isAtEnd && !hasArrived.current) return;
    if (isAtEnd !== wasAtEnd.current) onEnd?.(isAtEnd);
    if (fromEnd < NEAR_END_PX) onNearEnd?.();
    wasAtEnd.current = isAtEnd;
    // A list begins at its start before it is brought to its end.
    if (offset >= NEAR_START_PX || virtualizer.getTotalSize() <= viewHeight) hasLeftStart.current = true;
    if (offset < NEAR_START_PX && hasLeftStart.current) onNearStart?.();
  }, [offset, items, viewHeight]);
}

/** @returns whether the row is in the document */
function focusRow(list: HTMLDivElement | null, index: number): boolean {
  const row = list?.querySelector<HTMLElement>(`[data-index="${index}"] :is(button, a)`);
  row?.focus({ preventScroll: true });
  return row !== null && row !== undefined;
}

/** Draws a row once for as long as nothing but its place changes: a scroll then costs the rows that come into view. */
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
  useEdges(props, virtualizer, { element, hasArrived });
  const goElsewhere = (): void => void (hasArrived.current = true);
  const render = useDrawn(props);
  if (handle !== undefined) {
    handle.current = {
      scrollToEnd: () => virtualizer.scrollToIndex(items.length - 1, { align: 'end' }),
      show(index, { align = 'auto', focus = true } = {}) {
        goElsewhere();
        virtualizer.scrollToIndex(index, { align });
        if (!focus || focusRow(element.current, index)) return;
        // The row comes into the document only now; meanwhile keys that are pressed are still for the list.
        element.current?.focus({ preventScroll: true });
        requestAnimationFrame(() => requestAnimationFrame(() => focusRow(element.current, index)));
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
