/** The selected sessions of the list, and the keys that move and select. */
import { useMemo, useRef, useState } from 'preact/hooks';
import type { Session } from './session-actions.js';

export interface Selection {
  readonly keys: ReadonlySet<string>;
  /** The selected sessions that are in the list. */
  readonly selected: readonly Session[];
  /** With `isRange`, selects all from the last selected session to this one. */
  select(index: number, isSelected: boolean, isRange: boolean): void;
  /** Selects a range. */
  extend(from: number, to: number): void;
  readonly selectAll: () => void;
  /** Deselects sessions. @returns a function that selects again those of the given sessions that were selected before */
  readonly deselect: (gone: ReadonlySet<string>) => (back: ReadonlySet<string>) => void;
  readonly clear: () => void;
}

export function useSelection(sessions: readonly Session[]): Selection {
  const [keys, setKeys] = useState<ReadonlySet<string>>(new Set());
  /** Kept by key, because rows come and go above it. */
  const last = useRef<string | undefined>(undefined);
  const selected = useMemo(() => (keys.size === 0 ? [] : sessions.filter(({ key }) => keys.has(key))), [sessions, keys]);
  return {
    keys,
    selected,
    select(index, isSelected, isRange) {
      const next = new Set(keys);
      const start = isRange ? sessions.findIndex(({ key }) => key === last.current) : -1;
      const from = start < 0 ? index : Math.min(start, index);
      const to = start < 0 ? index : Math.max(start, index);
      for (const { key } of sessions.slice(from, to + 1)) {
        if (isSelected) next.add(key);
        else next.delete(key);
      }
      last.current = sessions[index]?.key;
      setKeys(next);
    },
    extend(from, to) {
      last.current = sessions[to]?.key;
      setKeys(new Set([...keys, ...sessions.slice(Math.min(from, to), Math.max(from, to) + 1).map(({ key }) => key)]));
    },
    selectAll: () => setKeys(new Set(sessions.map(({ key }) => key))),
    deselect(gone) {
      setKeys((now) => new Set([...now].filter((key) => !gone.has(key))));
      return (back) => setKeys((now) => new Set([...now, ...[...back].filter((key) => keys.has(key))]));
    },
    clear: () => setKeys(new Set()),
  };
}

/** The rows that Page Up and Page Down move by. */
const LEAP = 10;

interface ListKeys {
  readonly selection: Selection;
  readonly count: number;
  /** The index of the row in focus. */
  readonly at: number;
  readonly goTo: (index: number) => void;
}

/** Handles keys: arrows, Page Up and Down, Home and End move; with Shift they also select. */
export function listKeys({ selection, count, at, goTo }: ListKeys): (event: KeyboardEvent) => void {
  return (event) => {
    const isAll = event.key.toLowerCase() === 'a' && (event.ctrlKey || event.metaKey);
    if (event.defaultPrevented || event.altKey || ((event.ctrlKey || event.metaKey) && !isAll)) return;
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: LEAP, PageUp: -LEAP, Home: -at, End: count };
    const step = steps[event.key];
    if (isAll) selection.selectAll();
    else if (event.key === 'Escape' && selection.keys.size > 0) selection.clear();
    else if (event.key === 'X' && event.shiftKey) selection.select(at, true, true);
    else if (step === undefined) return;
    else {
      const next = Math.min(Math.max(at + step, 0), count - 1);
      if (event.shiftKey) selection.extend(at, next);
      goTo(next);
    }
    event.preventDefault();
  };
}
