/** The rows of a list that are in the document. The only user of `@tanstack/virtual-core`. */
import {
  defaultRangeExtractor,
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualizerOptions,
} from '@tanstack/virtual-core';
import type { ComponentChildren, RefObject } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';

export interface VirtualListHandle {
  scrollToEnd(): void;
  /** Scrolls to the item and focuses the first button or link of its row, unless `focus` is false. */
  show(index: number, options?: { align?: 'center' | 'auto'; focus?: boolean }): void;
}

export interface VirtualListProps<Item> {
  readonly items: readonly Item[];
  readonly keyOf: (item: Item) => number | string;
  /** The expected height of a row, corrected by the first rendered rows. */
  readonly rowHeight: number;
  readonly label: string;
  readonly render: (item: Item, index: number) => ComponentChildren;
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

export type ListVirtualizer = Virtualizer<HTMLDivElement, HTMLDivElement>;

/** Rows rendered beyond the visible ones, so that a quick scroll shows no gap. */
const OVERSCAN = 12;
export const AT_END_PX = 24;
/** The limit of attempts: a hidden list never reaches its end. */
export const MOST_LOOKS = 60;

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

/** The row that the list was sent to and has not reached yet. */
export type Destination = {
  current: { readonly key: number | string; readonly index: number; readonly align: 'center' | 'auto' } | undefined;
};

export function useVirtualizer<Item>(
  props: VirtualListProps<Item>,
  element: RefObject<HTMLDivElement | null>,
  sentTo: Destination,
): ListVirtualizer {
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
    followOnAppend: followsEnd && sentTo.current === undefined,
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
