/** The colour theme: light, dark, or that of the system. */
import { effect, signal } from '@preact/signals';
import { readSetting, writeSetting } from '../settings.js';

type Theme = 'system' | 'light' | 'dark';

export const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

const stored = readSetting('theme');

export const theme = signal<Theme>(stored === 'light' || stored === 'dark' ? stored : 'system');

export function chooseTheme(next: Theme): void {
  writeSetting('theme', next === 'system' ? undefined : next);
  theme.value = next;
}

/** Returns whether the page is dark now. */
export function isDark(): boolean {
  return theme.peek() === 'system' ? matchMedia('(prefers-color-scheme: dark)').matches : theme.peek() === 'dark';
}

effect(() => {
  if (theme.value === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme.value;
});
