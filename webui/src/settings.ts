/** What a person has chosen in this browser. Private windows and full disks may refuse to keep it; the page works all the same. */

const PREFIX = 'xopc.';

export function readSetting(name: string): string | undefined {
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
  } catch {
    // Kept for this visit only, by whoever asked.
  }
}
