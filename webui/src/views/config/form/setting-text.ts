/** The names and descriptions of settings, of their groups, and of the sections. */
import choicesEn from '../../../i18n/en/setting-choices.json';
import namesEn from '../../../i18n/en/setting-names.json';
import settingsEn from '../../../i18n/en/settings.json';
import { defineText } from '../../../i18n/language.js';
import choicesZh from '../../../i18n/zh/setting-choices.json';
import namesZh from '../../../i18n/zh/setting-names.json';
import settingsZh from '../../../i18n/zh/settings.json';
import type { KeyPath } from '../../../../../shared/config/key-path.js';
import type { Field } from './schema-fields.js';

const describe = defineText(settingsEn, settingsZh);
const choice = defineText(choicesEn, choicesZh);
const name = defineText(namesEn, namesZh);

/** Accounts and MCP servers have names of the user's choice. */
const isNamed = (parent: unknown): boolean => parent === 'accounts' || parent === 'servers';

const keyOf = (path: KeyPath): string => path.map((part, index) => (isNamed(path[index - 1]) ? '*' : String(part))).join('.');

/** `maxBodyBytes` → `Max body bytes`. */
function spelledOut(part: string): string {
  const words = part.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function nameAt(path: KeyPath): string {
  const key = keyOf(path);
  const last = String(path.at(-1) ?? '');
  return Object.hasOwn(namesEn, key) ? name(key as keyof typeof namesEn, { name: last }) : spelledOut(last);
}

/** Returns a value of a choice in words; standard names, such as those of algorithms, stay as they are. */
export function choiceLabel(path: KeyPath, value: string): string {
  const key = `${String(path.at(-1))}.${value}`;
  return Object.hasOwn(choicesEn, key) ? choice(key as keyof typeof choicesEn) : value;
}

export const labelOf = ({ path }: Field): string => nameAt(path);

/** Returns the purpose of a setting; undefined if this page does not know it. */
export function descriptionOf({ path }: Field): string | undefined {
  const key = keyOf(path);
  return Object.hasOwn(settingsEn, key) ? describe(key as keyof typeof settingsEn) : undefined;
}

export const sectionLabel = (section: string): string => nameAt([section === '' ? 'unknown' : section]);

/** Returns the heading of the group that a field is in; undefined directly below its section. */
export function groupOf({ path }: Field): string | undefined {
  return path.length < 3 ? undefined : nameAt(path.slice(0, -1));
}
