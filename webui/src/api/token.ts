/** The access token, stored for the tab or, on request, for this browser. It is never part of an address. */
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

/** @param options.remember  stores it for this browser, not only for the tab */
export function keepToken(value: string, options: { remember: boolean }): void {
  token.value = value;
  writeSetting(NAME, options.remember ? value : undefined);
  try {
    sessionStorage.setItem(TAB_KEY, value);
  } catch {
    // Without storage it lasts as long as the page.
  }
}

export function forgetToken(): void {
  token.value = undefined;
  writeSetting(NAME, undefined);
  try {
    sessionStorage.removeItem(TAB_KEY);
  } catch {
    // Nothing was stored.
  }
}

/** Why the token dialog is open; undefined while it is not. */
type TokenWish = 'wanted' | 'wrong' | 'linkUsed';

export const tokenWish = signal<TokenWish | undefined>(undefined);

/** Callers that wait for the one dialog: true when the user gives a token, false when the dialog is closed. */
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
