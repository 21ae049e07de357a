/** Changes the user's own shortcuts. */
import { writeSetting } from '../../settings.js';
import { areShortcutsOn, commands, ownKeys } from '../commands.js';

function keepKeys(keys: typeof ownKeys.value): void {
  ownKeys.value = keys;
  writeSetting('keys', Object.keys(keys).length === 0 ? undefined : JSON.stringify(keys));
}

/** Binds a command to other keys; a command that had them loses them. */
export function bindKeys(id: string, keys: string): void {
  const taken = commands.peek().filter((command) => command.id !== id && command.keys === keys);
  keepKeys({ ...ownKeys.peek(), ...Object.fromEntries(taken.map((command) => [command.id, ''])), [id]: keys });
}

export function resetKeys(): void {
  keepKeys({});
}

export function switchShortcuts(isOn: boolean): void {
  writeSetting('shortcuts', isOn ? undefined : 'off');
  areShortcutsOn.value = isOn;
}
