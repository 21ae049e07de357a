/** The page's language, and the tables of text: every visible string comes from one. */
import { effect, signal } from '@preact/signals';
import { fillText } from '../../../shared/text/fill-text.js';
import { readSetting, writeSetting } from '../settings.js';

export type Language = 'en' | 'zh';

export const LANGUAGES: readonly { id: Language; name: string }[] = [
  { id: 'en', name: 'English' },
  { id: 'zh', name: '中文' },
];

function preferred(): Language {
  const stored = readSetting('language');
  if (stored === 'en' || stored === 'zh') return stored;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

export const language = signal<Language>(preferred());

export function chooseLanguage(next: Language): void {
  writeSetting('language', next);
  language.value = next;
}

effect(() => {
  document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en';
});

type TextValues = Readonly<Record<string, string | number>>;

/**
 * Creates a table of texts. A key missing in one language is a type error. `{name}` is a value, `{count:message|messages}` chooses
 * by the number.
 * @returns `t(key, values)`: the text in the current language. Components that call it render again when the language changes
 */
export function defineText<Key extends string>(
  en: Readonly<Record<Key, string>>,
  zh: Readonly<Record<NoInfer<Key>, string>>,
): (key: Key, values?: TextValues) => string {
  return (key, values = {}) => fillText((language.value === 'zh' ? zh : en)[key], values, (value) => value.toLocaleString(language.value));
}
