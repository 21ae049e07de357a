/** The edges of a list: its end is followed, and both are reported. */
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { AT_END_PX, type Destination, type ListVirtualizer, MOST_LOOKS, type VirtualListProps } from './virtualizer.js';

const NEAR_START_PX = 400;
/** Two or three screens, so that more items arrive before the user reaches the end. */
const NEAR_END_PX = 2_000;

/**
 * Scrolls a list that follows its end to the end at first. Rows that are measured or added meanwhile can cancel the jump, so it is
 * repeated until it arrives or the user scrolls.
 * @returns whether this is done; settable
 */
export function useArrival<Item>(
  { items, followsEnd = false }: VirtualListProps<Item>,
  virtualizer: ListVirtualizer,
): { current: boolean } {
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
 * @returns a function that returns whether to ignore the current position: the height has just changed, or it was greater for a moment and the
 * browser moved the list to the end of that moment. In the second case, it first scrolls to the end again
 */
function useHeldEnd(isHeld: () => boolean, element: RefObject<HTMLDivElement | null>): () => boolean {
  const height = useRef({ now: 0, before: 0 });
  const hold = useRef(isHeld);
  hold.current = isHeld;
  useLayoutEffect(() => {
    const list = element.current;
    if (list === null) return undefined;
    height.current = { now: list.clientHeight, before: list.clientHeight };
    const observer = new ResizeObserver(() => {
      height.current = { now: list.clientHeight, before: height.current.now };
      if (hold.current()) list.scrollTop = list.scrollHeight;
    });
    observer.observe(list);
    return () => observer.disconnect();
  }, []);
  return () => {
    const list = element.current;
    if (list === null || list.clientHeight !== height.current.now) return true;
    if (!isHeld() || list.clientHeight >= height.current.before) return false;
    const wasMoved = Math.abs(list.scrollHeight - list.scrollTop - height.current.before) < 1;
    if (wasMoved) list.scrollTop = list.scrollHeight;
    return wasMoved;
  };
}

/** Whether the row is in view, or is gone. */
export function isReached<Item>({ items, keyOf }: VirtualListProps<Item>, virtualizer: ListVirtualizer, key: number | string): boolean {
  const top = virtualizer.scrollOffset ?? 0;
  const row = virtualizer.getVirtualItems().find((drawn) => drawn.key === key);
  if (row === undefined) return !items.some((item) => keyOf(item) === key);
  return row.end > top && row.start < top + (virtualizer.scrollRect?.height ?? 0);
}

/** Reports the edges, but not those that are passed on the way to a row. */
export function useEdges<Item>(
  props: VirtualListProps<Item>,
  virtualizer: ListVirtualizer,
  place: { element: RefObject<HTMLDivElement | null>; hasArrived: { current: boolean }; sentTo: Destination },
): void {
  const { element, hasArrived, sentTo } = place;
  const { onEnd, onNearStart, onNearEnd, onScrolled, items, keyOf, followsEnd = false } = props;
  const wasAtEnd = useRef<boolean | undefined>(undefined);
  const last = useRef<{ readonly top: number; readonly first: number | string | undefined }>({ top: 0, first: undefined });
  const hasLeftStart = useRef(false);
  const offset = virtualizer.scrollOffset ?? 0;
  const viewHeight = virtualizer.scrollRect?.height ?? 0;
  useEffect(() => onScrolled?.(offset), [offset]);
  const isUnsettled = useHeldEnd(() => followsEnd && wasAtEnd.current !== false && sentTo.current === undefined, element);
  useEffect(() => {
    const list = element.current;
    if (items.length === 0 || virtualizer.scrollRect === null || list === null || isUnsettled()) return;
    const fromEnd = list.scrollHeight - list.scrollTop - list.clientHeight;
    const isAtEnd = fromEnd <= AT_END_PX;
    const first = items[0] === undefined ? undefined : keyOf(items[0]);
    const wentUp = list.scrollTop < last.current.top && first === last.current.first;
    last.current = { top: list.scrollTop, first };
    if (!isAtEnd && !hasArrived.current) return;
    const sent = sentTo.current;
    if (sent !== undefined && !isReached(props, virtualizer, sent.key)) {
      const index = items.findIndex((item) => keyOf(item) === sent.key);
      // Items came above it meanwhile.
      if (index !== sent.index) virtualizer.scrollToIndex(index, { align: sent.align });
      sentTo.current = { ...sent, index };
      return;
    }
    sentTo.current = undefined;
    // Items may come faster than the list scrolls, and old ones be dropped meanwhile: only a scroll up leaves the end.
    if (!isAtEnd && followsEnd && wasAtEnd.current !== false && !wentUp && sent === undefined) {
      virtualizer.scrollToIndex(items.length - 1, { align: 'end' });
      return;
    }
    if (isAtEnd !== wasAtEnd.current) onEnd?.(isAtEnd);
    if (fromEnd < NEAR_END_PX) onNearEnd?.();
    wasAtEnd.current = isAtEnd;
    // A list is at its start before it scrolls to its end.
    if (offset >= NEAR_START_PX || virtualizer.getTotalSize() <= viewHeight) hasLeftStart.current = true;
    if (offset < NEAR_START_PX && hasLeftStart.current) onNearStart?.();
  }, [offset, items, viewHeight]);
}
