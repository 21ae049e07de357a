/** What each setting is for, in the page's language. */
import { defineText } from '../../i18n/language.js';
import { CHINESE, ENGLISH } from './description-texts.js';
import type { Field } from './schema-fields.js';

const t = defineText(ENGLISH, CHINESE);

/** @returns undefined for a setting that this page does not know */
export function descriptionOf({ path }: Field): string | undefined {
  const names = path.map((name, index) => (path[index - 1] === 'accounts' ? '*' : String(name))).join('.');
  return Object.hasOwn(ENGLISH, names) ? t(names as keyof typeof ENGLISH) : undefined;
}
