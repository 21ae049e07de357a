/**
 * A list of any length, of which only the visible part is in the document. Keys are unique and stay with their item: they
 * keep the position when items come or go above it. Rows may differ in height.
 */
import type { ComponentChildren } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import { isReached, useArrival, useEdges } from './edges.js';
import { type Destination, type ListVirtualizer, MOST_LOOKS, useVirtualizer, type VirtualListProps } from './virtualizer.js';
import './virtual-list.css';

export type { VirtualListHandle } from './virtualizer.js';

/** The number of rendered rows that are kept; far fewer are visible. */
const MAX_DRAWN = 400;

/** Focuses a row. @returns whether the row is in the document */
function focusRow(list: HTMLDivElement | null, virtualizer: ListVirtualizer, key: number | string): boolean {
  // Items that come above it change its index.
  const index = virtualizer.getVirtualItems().find((drawn) => drawn.key === key)?.index;
  const row = list?.querySelector<HTMLElement>(`[data-index="${index}"] :is(button, a)`);
  row?.focus({ preventScroll: true });
  return row !== null && row !== undefined;
}

/** Focuses a row that enters the document in the next frames. Until then the list itself takes keys. */
function focusOnceDrawn(list: HTMLDivElement | null, virtualizer: ListVirtualizer, key: number | string): void {
  if (focusRow(list, virtualizer, key)) return;
  list?.focus({ preventScroll: true });
  let looks = 0;
  requestAnimationFrame(function look() {
    looks += 1;
    if (document.activeElement !== list || focusRow(list, virtualizer, key) || looks > MOST_LOOKS) return;
    requestAnimationFrame(look);
  });
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
  const sentTo: Destination = useRef(undefined);
  const virtualizer = useVirtualizer(props, element, sentTo);
  const hasArrived = useArrival(props, virtualizer);
  useEdges(props, virtualizer, { element, hasArrived, sentTo });
  const goElsewhere = (): void => {
    hasArrived.current = true;
    sentTo.current = undefined;
  };
  const render = useDrawn(props);
  if (handle !== undefined) {
    handle.current = {
      scrollToEnd() {
        sentTo.current = undefined;
        virtualizer.scrollToIndex(items.length - 1, { align: 'end' });
      },
      show(index, { align = 'auto', focus = true } = {}) {
        goElsewhere();
        const item = items[index];
        if (item === undefined) return;
        const key = keyOf(item);
        // A row in view is there already.
        sentTo.current = isReached(props, virtualizer, key) ? undefined : { key, index, align };
        virtualizer.scrollToIndex(index, { align });
        if (focus) focusOnceDrawn(element.current, virtualizer, key);
      },
    };
  }
  return (
    <div class="virtual-list" ref={element} tabIndex={-1} onWheel={goElsewhere} onPointerDown={goElsewhere} onKeyDown={goElsewhere}>
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
