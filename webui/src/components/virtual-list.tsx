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
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

export interface VirtualListHandle {
  scrollToEnd(): void;
  /** Brings the item into view and its row's first button or link into focus, unless `focus` is false. */
  show(index: number, options?: { align?: 'center' | 'auto'; focus?: boolean }): void;
}

export interface VirtualListProps<Item> {
  readonly items: readonly Item[];
  readonly keyOf: (item: Item) => number | string;
  /** Of a row that was not shown yet. */
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

function useVirtualizer<Item>(props: VirtualListProps<Item>, element: RefObject<HTMLDivElement | null>): ListVirtualizer {
  const [, draw] = useState(0);
  const { items, keyOf, rowHeight, followsEnd = false, showsNewFirst = false, kept } = props;
  const drawn = useRef<ListVirtualizer | undefined>(undefined);
  const isAtStart = (drawn.current?.scrollOffset ?? 0) < AT_END_PX;
  const options: VirtualizerOptions<HTMLDivElement, HTMLDivElement> = {
    count: items.length,
    getScrollElement: () => element.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => {
      const item = items[index];
      return item === undefined ? index : keyOf(item);
    },
    overscan: OVERSCAN,
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

function useEdges<Item>({ onEnd, onNearStart, onNearEnd, items }: VirtualListProps<Item>, virtualizer: ListVirtualizer): void {
  const wasAtEnd = useRef<boolean | undefined>(undefined);
  const hasLeftStart = useRef(false);
  const offset = virtualizer.scrollOffset ?? 0;
  useEffect(() => {
    if (items.length === 0 || virtualizer.scrollRect === null) return;
    const isAtEnd = virtualizer.getDistanceFromEnd() <= AT_END_PX;
    if (isAtEnd !== wasAtEnd.current) onEnd?.(isAtEnd);
    if (virtualizer.getDistanceFromEnd() < NEAR_END_PX) onNearEnd?.();
    wasAtEnd.current = isAtEnd;
    // A list begins at its start before it is brought to its end.
    if (offset >= NEAR_START_PX || virtualizer.getTotalSize() <= virtualizer.scrollRect.height) hasLeftStart.current = true;
    if (offset < NEAR_START_PX && hasLeftStart.current) onNearStart?.();
  }, [offset, items]);
}

/** @returns whether the row is in the document */
function focusRow(list: HTMLDivElement | null, index: number): boolean {
  const row = list?.querySelector<HTMLElement>(`[data-index="${index}"] :is(button, a)`);
  row?.focus({ preventScroll: true });
  return row !== null && row !== undefined;
}

export function VirtualList<Item>(props: VirtualListProps<Item>) {
  const { items, keyOf, label, render, handle, setSize = items.length } = props;
  const element = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer(props, element);
  useEdges(props, virtualizer);
  if (handle !== undefined) {
    handle.current = {
      scrollToEnd: () => virtualizer.scrollToIndex(items.length - 1, { align: 'end' }),
      show(index, { align = 'auto', focus = true } = {}) {
        virtualizer.scrollToIndex(index, { align });
        if (!focus || focusRow(element.current, index)) return;
        // The row comes into the document only now; meanwhile keys that are pressed are still for the list.
        element.current?.focus({ preventScroll: true });
        requestAnimationFrame(() => requestAnimationFrame(() => focusRow(element.current, index)));
      },
    };
  }
  return (
    <div class={`virtual-list ${props.class ?? ''}`} ref={element} tabIndex={-1}>
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
