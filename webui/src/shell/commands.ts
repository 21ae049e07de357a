/**
 * What can be done from the keyboard: one registry for the palette, the shortcuts and their list. A command is there
 * while the component that brought it is shown.
 */
import { computed, signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { IconName } from '../components/icon.js';
import { readSetting, writeSetting } from '../settings.js';

export interface Command {
  readonly id: string;
  readonly label: string;
  readonly icon?: IconName;
  /** `mod+k`, `mod+shift+o`, `g s`, `/`, `escape`. `mod` is ⌘ on Apple's machines, Ctrl elsewhere. */
  readonly keys?: string;
  /** Also while a text field has the focus; commands with `mod` always are. */
  readonly whileTyping?: boolean;
  /** Not in the palette. */
  readonly isHidden?: boolean;
  readonly run: () => void;
}

const sets = signal<readonly (readonly Command[])[]>([]);

type Keys = Readonly<Record<string, string>>;

function readKeys(): Keys {
  try {
    const stored: unknown = JSON.parse(readSetting('keys') ?? '{}');
    const entries = typeof stored === 'object' && stored !== null ? Object.entries(stored) : [];
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return {};
  }
}

/** A person's own shortcuts by the command's id; an empty one is none. */
export const ownKeys = signal<Keys>(readKeys());

function keepKeys(keys: Keys): void {
  ownKeys.value = keys;
  writeSetting('keys', Object.keys(keys).length === 0 ? undefined : JSON.stringify(keys));
}

/** Gives a command other keys, which are taken from whichever command had them. */
export function bindKeys(id: string, keys: string): void {
  const taken = commands.peek().filter((command) => command.id !== id && command.keys === keys);
  keepKeys({ ...ownKeys.peek(), ...Object.fromEntries(taken.map((command) => [command.id, ''])), [id]: keys });
}

export function resetKeys(): void {
  keepKeys({});
}

function withOwnKeys(command: Command, own: Keys): Command {
  const keys = own[command.id];
  if (keys === undefined) return command;
  const { keys: _given, ...rest } = command;
  return keys === '' ? rest : { ...rest, keys };
}

/** Nobody is told keys that do something else where he is. */
function withoutTaken(command: Command, earlier: readonly Command[]): Command {
  if (command.keys === undefined || earlier.every(({ keys }) => keys !== command.keys)) return command;
  const { keys: _taken, ...rest } = command;
  return rest;
}

/** The newest first: a view's shortcut comes before the shell's, and its command before the shell's of the same name. */
export const commands = computed<readonly Command[]>(() => {
  const all = sets.value.toReversed().flat();
  const first = all.filter(({ id }, index) => all.findIndex((other) => other.id === id) === index);
  const bound = first.map((command) => withOwnKeys(command, ownKeys.value));
  return bound.map((command, index) => withoutTaken(command, bound.slice(0, index)));
});

export const areShortcutsOn = signal(readSetting('shortcuts') !== 'off');

export function switchShortcuts(isOn: boolean): void {
  writeSetting('shortcuts', isOn ? undefined : 'off');
  areShortcutsOn.value = isOn;
}

/** Offers commands while the component is shown. `run` is always that of the last rendering. */
export function useCommands(list: readonly Command[]): void {
  const latest = useRef(list);
  latest.current = list;
  const shape = list.map(({ id, label, keys }) => `${id} ${label} ${keys}`).join('\n');
  // Before it is painted: what can be seen can be called.
  useLayoutEffect(() => {
    const set = latest.current.map((command, index) => ({ ...command, run: () => latest.current[index]?.run() }));
    sets.value = [...sets.peek(), set];
    return () => {
      sets.value = sets.peek().filter((other) => other !== set);
    };
  }, [shape]);
}

const isApple = /Mac|iPhone|iPad/.test(navigator.platform);

/** `mod+shift+o` as it stands on the keyboard. */
export function keysText(keys: string): string {
  const names: Record<string, string> = isApple ? { mod: '⌘', shift: '⇧', alt: '⌥' } : { mod: 'Ctrl', shift: 'Shift', alt: 'Alt' };
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

/** As {@link Command.keys} has it. */
export function chordOf(event: KeyboardEvent): string {
  const isMod = isApple ? event.metaKey : event.ctrlKey;
  const key = event.key.toLowerCase();
  // The character itself tells that Shift was pressed, except for letters and named keys.
  const isShift = event.shiftKey && (isMod || /^[a-z]$|^.{2,}$/.test(key));
  return [isMod ? 'mod' : '', event.altKey ? 'alt' : '', isShift ? 'shift' : '', key].filter(Boolean).join('+');
}

export const isModifier = ({ key }: KeyboardEvent): boolean => ['Shift', 'Control', 'Meta', 'Alt', 'AltGraph'].includes(key);

function isTyping({ target }: KeyboardEvent): boolean {
  return target instanceof HTMLElement && target.matches('input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable]');
}

const SEQUENCE_MS = 1_200;

/** Listens for shortcuts until the returned function is called. */
export function listenForKeys(): () => void {
  let first = '';
  let firstAtMs = 0;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || isModifier(event)) return;
    const chord = chordOf(event);
    const isModal = document.querySelector('dialog[open]') !== null;
    const isFree = !isTyping(event);
    const sequence = first !== '' && event.timeStamp - firstAtMs < SEQUENCE_MS ? `${first} ${chord}` : chord;
    first = isFree && chord === 'g' ? chord : '';
    firstAtMs = event.timeStamp;
    const found = commands.peek().find(({ keys, whileTyping = false }) => {
      if (keys !== sequence && keys !== chord) return false;
      return keys.startsWith('mod+') || (areShortcutsOn.peek() && (isFree || whileTyping));
    });
    if (found === undefined || isModal) return;
    event.preventDefault();
    first = '';
    found.run();
  };
  document.addEventListener('keydown', onKeyDown);
  return () => document.removeEventListener('keydown', onKeyDown);
}
