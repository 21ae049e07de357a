/** Settings stored in this browser. Where the storage refuses them, in private windows or on a full disk, they last as long as the page. */
import { signal } from '@preact/signals';
import { gatewayUrl } from './api/gateway-url.js';

/** Several gateways may be published below one origin, each under its own path. */
const { pathname } = gatewayUrl('/');
const PREFIX = pathname === '/' ? 'xopc.' : `xopc.${pathname}.`;

/** Written when a tab has signed this browser out. */
export const SIGNED_OUT = 'signedOut';

/** Values that the storage refused. They are never read while rendering. */
const unkept = signal<Readonly<Record<string, string | undefined>>>({});

export function readSetting(name: string): string | undefined {
  if (Object.hasOwn(unkept.peek(), name)) return unkept.peek()[name];
  try {
    return localStorage.getItem(PREFIX + name) ?? undefined;
  } catch {
    return undefined;
  }
}

/** @returns the stored value; undefined if there is none or it is not JSON */
export function readJson<Value>(name: string, read = readSetting): Value | undefined {
  try {
    return (JSON.parse(read(name) ?? 'null') as Value | null) ?? undefined;
  } catch {
    return undefined;
  }
}

/** @param value  undefined removes the setting */
export function writeSetting(name: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
    const { [name]: _kept, ...rest } = unkept.peek();
    unkept.value = rest;
  } catch {
    unkept.value = { ...unkept.peek(), [name]: value };
  }
}

/** Values written by this tab itself; an empty text means removed. */
function readOwn(name: string): string | undefined {
  try {
    return sessionStorage.getItem(PREFIX + name) ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads what is being written in this tab: two tabs do not overwrite each other. It survives a reload. A tab that has written nothing, such as
 * one opened after another was closed, has what was written last in any of them.
 */
export function readInTab(name: string): string | undefined {
  return (readOwn(name) ?? readSetting(name)) || undefined;
}

/** @param value  undefined removes it, in other tabs only where they have the same */
export function writeInTab(name: string, value: string | undefined): void {
  const before = readInTab(name);
  try {
    sessionStorage.setItem(PREFIX + name, value ?? '');
  } catch {
    // Then it is only where all tabs read.
  }
  if (value !== undefined || readSetting(name) === before) writeSetting(name, value);
}

/** Keeps what this tab has written for a later one, also when another tab has sent its own. @returns a function that stops this */
export function keepInTab(name: string): () => void {
  return onSettingChanged(name, () => {
    const own = readOwn(name);
    if (own && readSetting(name) === undefined) writeSetting(name, own);
  });
}

/** Returns the names of the stored settings that begin with a text. */
export function settingNames(start: string): readonly string[] {
  const kept = Object.entries(unkept.peek()).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  try {
    const stored = Object.keys(localStorage).flatMap((name) => (name.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : []));
    return [...new Set([...stored, ...kept])].filter((name) => name.startsWith(start));
  } catch {
    return kept.filter((name) => name.startsWith(start));
  }
}

/** Calls back when another tab changes the setting. @returns a function that stops this */
export function onSettingChanged(name: string, run: () => void): () => void {
  const onStorage = ({ key }: StorageEvent): void => {
    if (key === PREFIX + name) run();
  };
  window.addEventListener('storage', onStorage);
  return () => window.removeEventListener('storage', onStorage);
}
