/** The gateway's own texts in Chinese, by code; its answers contain the English text. Most visits do not need them. */
import { signal } from '@preact/signals';
import { language } from './language.js';

const texts = signal<Readonly<Record<string, string>> | undefined>(undefined);

/** Loads the texts, unless they are loaded or the page is in English. Never rejects: a later call tries again. */
export async function loadReasons(): Promise<void> {
  if (language.peek() === 'en' || texts.peek() !== undefined) return;
  await import('./zh/reasons.json').then(({ default: loaded }) => (texts.value = loaded)).catch(() => undefined);
}

/** Returns the text with its places for values; undefined in English, before it is loaded, and for a code of a newer gateway. */
export function reasonTemplate(code: string): string | undefined {
  if (language.value === 'en') return undefined;
  if (texts.value === undefined) void loadReasons();
  return texts.value !== undefined && Object.hasOwn(texts.value, code) ? texts.value[code] : undefined;
}
