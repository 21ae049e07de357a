import en from '../../i18n/en/config.json';
import settingsEn from '../../i18n/en/settings.json';
import { defineText } from '../../i18n/language.js';
import zh from '../../i18n/zh/config.json';
import settingsZh from '../../i18n/zh/settings.json';
import type { Field } from './schema-fields.js';

export const t = defineText(en, zh);

const describe = defineText(settingsEn, settingsZh);

/** Returns what a setting is for; undefined where this page does not know it. */
export function descriptionOf({ path }: Field): string | undefined {
  const names = path.map((name, index) => (path[index - 1] === 'accounts' ? '*' : String(name))).join('.');
  return Object.hasOwn(settingsEn, names) ? describe(names as keyof typeof settingsEn) : undefined;
}
