/** What a person has chosen in this browser. Private windows and full disks may refuse to keep it: then it lives as long as the page. */
import { signal } from '@preact/signals';

const PREFIX = 'xopc.';

/** What the browser would not keep. Not read while rendering: it is no state of the page. */
const unkept = signal<Readonly<Record<string, string | undefined>>>({});

export function readSetting(name: string): string | undefined {
  if (Object.hasOwn(unkept.peek(), name)) return unkept.peek()[name];
  try {
    return localStorage.getItem(PREFIX + name) ?? undefined;
  } catch {
    return undefined;
  }
}

/** @param value  undefined forgets it */
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

/** Calls back when another tab has changed what is kept under that name. @returns what ends that */
export function onSettingChanged(name: string, run: () => void): () => void {
  const onStorage = ({ key }: StorageEvent): void => {
    if (key === PREFIX + name) run();
  };
  window.addEventListener('storage', onStorage);
  return () => window.removeEventListener('storage', onStorage);
}
