/** The registry of commands, for the palette, the shortcuts and their list. A component registers commands while it is shown. */
import { computed, signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { isComposing } from '../browser/is-composing.js';
import type { IconName } from '../components/icon/icon.js';
import { readJson, readSetting } from '../settings.js';
import { navigate } from './router.js';

/** Keys of what a chat offers only at times: the list of shortcuts shows them in every view. */
export const CHAT_KEYS = { approve: 'mod+shift+a', deny: 'mod+shift+d', stop: 'escape' } as const;

export interface Command {
  readonly id: string;
  readonly label: string;
  readonly icon?: IconName;
  /** `mod+k`, `mod+shift+o`, `g s`, `/`, `escape`. `mod` is ⌘ on Apple's machines, Ctrl elsewhere; the other one is `ctrl` or `meta`. */
  readonly keys?: string | undefined;
  /** Whether it also works while a text field has the focus. Default: with `mod`. */
  readonly whileTyping?: boolean;
  /** Where the palette lists it; without it, among those of the shown view. */
  readonly group?: 'go' | 'everywhere';
  /** Not listed in the palette. */
  readonly isHidden?: boolean;
  /** Whether it runs again and again while its keys are held, as steps do. */
  readonly isStep?: boolean;
  readonly run: () => void;
}

interface CommandSet {
  /** The rank of its component: a component inside another has a higher one. */
  readonly order: number;
  readonly list: readonly Command[];
}

/** The outermost first. */
const sets = signal<readonly CommandSet[]>([]);
const lastOrder = signal(0);

type Keys = Readonly<Record<string, string>>;

function readKeys(): Keys {
  const stored = readJson<unknown>('keys');
  const entries = typeof stored === 'object' ? Object.entries(stored ?? {}) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** The user's own shortcuts by command id; empty: no shortcut. */
export const ownKeys = signal<Keys>(readKeys());

/** All commands, the innermost first: those of a view replace those of the shell with the same id, and take their keys. */
export const commands = computed<readonly Command[]>(() => {
  const all = sets.value.toReversed().flatMap(({ list }) => list);
  const first = all.filter(({ id }, index) => all.findIndex((other) => other.id === id) === index);
  const taken = new Set<string | undefined>(['', undefined]);
  return first.map((command) => {
    const keys = ownKeys.value[command.id] ?? command.keys;
    const isFree = !taken.has(keys);
    taken.add(keys);
    return { ...command, keys: isFree ? keys : undefined };
  });
});

export const areShortcutsOn = signal(readSetting('shortcuts') !== 'off');

/** A command that is run as soon as its view is shown, unless the user has gone elsewhere. */
const awaited = signal<{ readonly id: string; readonly hash: string } | undefined>(undefined);

/** Goes to a view and runs one of its commands there. */
export function runThere(hash: string, id: string): void {
  awaited.value = { id, hash };
  navigate(hash);
}

function runAwaited(set: readonly Command[]): void {
  const { id, hash } = awaited.peek() ?? {};
  const command = set.find((other) => other.id === id);
  const isThere = location.hash === hash;
  if (command !== undefined || !isThere) awaited.value = undefined;
  if (isThere) command?.run();
}

/** Registers commands while the component is shown. `run` is that of the last rendering. */
export function useCommands(list: readonly Command[]): void {
  const latest = useRef(list);
  latest.current = list;
  // Kept when the list changes, so that the shell's commands stay below those of the view.
  const order = useRef(0);
  if (order.current === 0) lastOrder.value = order.current = lastOrder.peek() + 1;
  const shape = list.map(({ id, label, keys }) => `${id} ${label} ${keys}`).join('\n');
  // Before the paint: a visible command can be called.
  useLayoutEffect(() => {
    const shown = latest.current.map((command, index) => ({ ...command, run: () => latest.current[index]?.run() }));
    const set = { order: order.current, list: shown };
    sets.value = [...sets.peek(), set].toSorted((a, b) => a.order - b.order);
    runAwaited(shown);
    return () => {
      sets.value = sets.peek().filter((other) => other !== set);
    };
  }, [shape]);
}

const isApple = /Mac|iPhone|iPad/.test(navigator.platform);

/** Returns keys such as `mod+shift+o` as the keyboard names them. */
export function keysText(keys: string): string {
  const names: Record<string, string> = isApple
    ? { mod: '⌘', ctrl: '⌃', shift: '⇧', alt: '⌥' }
    : { mod: 'Ctrl', shift: 'Shift', alt: 'Alt' };
  const shown = (key: string): string => names[key] ?? (key === 'escape' ? 'Esc' : key.charAt(0).toUpperCase() + key.slice(1));
  return keys
    .split(' ')
    .map((chord) =>
      chord
        .split('+')
        .map(shown)
        .join(isApple ? '' : '+'),
    )
    .join(' ');
}

/** Returns the keys of an event in the form of {@link Command.keys}. */
export function chordOf(event: KeyboardEvent): string {
  const { ctrlKey, metaKey } = event;
  const isMod = isApple ? metaKey : ctrlKey;
  const other = isApple ? ctrlKey && 'ctrl' : metaKey && 'meta';
  // On a keyboard with other letters than Latin ones, the place of the key counts.
  const latin = /^[^\p{sc=Latin}\P{L}]/u.test(event.key) && /^Key(.)$/.exec(event.code)?.[1];
  const key = (latin || event.key).toLowerCase();
  // Shift is part of the character, except for letters and named keys.
  const isShift = event.shiftKey && (isMod || /^[a-z]$|^.{2,}$/.test(key));
  return [isMod && 'mod', other, event.altKey && 'alt', isShift && 'shift', key].filter(Boolean).join('+');
}

export const isModifier = ({ key }: KeyboardEvent): boolean => ['Shift', 'Control', 'Meta', 'Alt', 'AltGraph'].includes(key);

function isTyping(event: KeyboardEvent): boolean {
  // The target of an event from a shadow root is its host.
  const [target] = event.composedPath();
  return target instanceof HTMLElement && target.matches('input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable]');
}

const SEQUENCE_MS = 2_000;

/** Listens for shortcuts until the returned function is called. */
export function listenForKeys(): () => void {
  let first = '';
  let firstAtMs = 0;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || isComposing(event) || isModifier(event)) return;
    const chord = chordOf(event);
    const isModal = document.querySelector('dialog[open]') !== null;
    const isFree = !isTyping(event);
    const sequence = first !== '' && event.timeStamp - firstAtMs < SEQUENCE_MS ? `${first} ${chord}` : chord;
    first = isFree && chord === 'g' ? chord : '';
    firstAtMs = event.timeStamp;
    const found = commands.peek().find(({ keys, whileTyping }) => {
      if (keys !== sequence && keys !== chord) return false;
      const hasMod = keys.startsWith('mod+');
      return (hasMod || areShortcutsOn.peek()) && (isFree || (whileTyping ?? hasMod));
    });
    if (found === undefined || isModal) return;
    event.preventDefault();
    first = '';
    if (!event.repeat || found.isStep === true) found.run();
  };
  document.addEventListener('keydown', onKeyDown);
  return () => document.removeEventListener('keydown', onKeyDown);
}
