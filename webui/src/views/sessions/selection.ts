/** Which sessions of the list are selected, and where the keyboard is in it. */
import type { RefObject } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Session } from './session-actions.js';

export interface Selection {
  readonly keys: ReadonlySet<string>;
  /** Those of them that are shown. */
  readonly selected: readonly Session[];
  /** With `isRange`, all from the last one to this. */
  select(index: number, isSelected: boolean, isRange: boolean): void;
  /** Selects from the one to the other. */
  extend(from: number, to: number): void;
  readonly selectAll: () => void;
  readonly clear: () => void;
}

export function useSelection(sessions: readonly Session[]): Selection {
  const [keys, setKeys] = useState<ReadonlySet<string>>(new Set());
  const last = useRef(-1);
  return {
    keys,
    selected: sessions.filter(({ key }) => keys.has(key)),
    select(index, isSelected, isRange) {
      const next = new Set(keys);
      const from = isRange && last.current >= 0 ? Math.min(last.current, index) : index;
      const to = isRange && last.current >= 0 ? Math.max(last.current, index) : index;
      for (const { key } of sessions.slice(from, to + 1)) {
        if (isSelected) next.add(key);
        else next.delete(key);
      }
      last.current = index;
      setKeys(next);
    },
    extend(from, to) {
      last.current = to;
      setKeys(new Set([...keys, ...sessions.slice(Math.min(from, to), Math.max(from, to) + 1).map(({ key }) => key)]));
    },
    selectAll: () => setKeys(new Set(sessions.map(({ key }) => key))),
    clear: () => setKeys(new Set()),
  };
}

/** The session link in focus; undefined when it is elsewhere. */
function placeOf(links: readonly HTMLElement[]): number | undefined {
  const at = links.findIndex((link) => link.closest('li')?.contains(document.activeElement) === true);
  return at < 0 ? undefined : at;
}

export interface ListKeys {
  readonly selection: Selection;
  readonly sessions: readonly Session[];
  /** A letter that the list knows, with the session that it is meant for. @returns whether it was one */
  readonly act: (key: string, index: number) => boolean;
}

/** Arrow keys, Home and End move from session to session; with Shift they select on the way. */
export function listKeys(list: RefObject<HTMLUListElement | null>, { selection, sessions, act }: ListKeys): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const links = [...(list.current?.querySelectorAll<HTMLElement>('.session-link') ?? [])];
    const at = placeOf(links);
    if (at === undefined) return;
    const moves: Readonly<Record<string, number>> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 };
    const to = moves[event.key];
    if (to !== undefined) {
      const next = Math.min(Math.max(to, 0), links.length - 1);
      if (event.shiftKey) selection.extend(at, next);
      links[next]?.focus();
    } else if (event.key.toLowerCase() === 'x') selection.select(at, !selection.keys.has(sessions[at]?.key ?? ''), event.shiftKey);
    else if (event.shiftKey || !act(event.key, at)) return;
    event.preventDefault();
  };
}
