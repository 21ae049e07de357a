/** The token, where this browser keeps it: for the tab, or on the device when the person said so. Never in an address. */
import { signal } from '@preact/signals';
import { readSetting, writeSetting } from '../settings.js';

const NAME = 'token';
const TAB_KEY = 'xopc.token';

function readTab(): string | undefined {
  try {
    return sessionStorage.getItem(TAB_KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

export const token = signal<string | undefined>(readTab() ?? readSetting(NAME));

/** @param options.remember  keep it on this device, not only for the tab */
export function keepToken(value: string, options: { remember: boolean }): void {
  token.value = value;
  writeSetting(NAME, options.remember ? value : undefined);
  try {
    sessionStorage.setItem(TAB_KEY, value);
  } catch {
    // It lives as long as the page then.
  }
}

export function forgetToken(): void {
  token.value = undefined;
  writeSetting(NAME, undefined);
  try {
    sessionStorage.removeItem(TAB_KEY);
  } catch {
    // Nothing was kept.
  }
}

/** Why the token dialog is open; undefined while it is not. */
export type TokenWish = 'wanted' | 'wrong' | 'linkUsed';

export const tokenWish = signal<TokenWish | undefined>(undefined);

/** Resolves when a person has given a token (true) or has closed the dialog (false). All callers share one dialog. */
const waiting = signal<readonly ((isGiven: boolean) => void)[]>([]);

export function askForToken(wish: TokenWish): Promise<boolean> {
  tokenWish.value = wish;
  return new Promise((resolve) => {
    waiting.value = [...waiting.peek(), resolve];
  });
}

export function settleTokenWish(isGiven: boolean): void {
  tokenWish.value = undefined;
  const callers = waiting.peek();
  waiting.value = [];
  for (const resolve of callers) resolve(isGiven);
}
