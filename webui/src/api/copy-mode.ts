/**
 * Copying instead of doing: while it is on, the next call that would change something is not made but kept for the
 * shell to show as a command line. One place for every action of every view, whatever is in its form.
 */
import { signal } from '@preact/signals';
import type { Call } from './call.js';

export const isCopyMode = signal(false);

/** The call that was kept; undefined once its dialog is closed. */
export const keptCall = signal<Call | undefined>(undefined);

/** What the caller sees of a call that was kept. It is no failure: nothing is shown for it. */
export class NotDone extends Error {}

/** For actions that do not go over HTTP: the call that does the same. @returns whether it was kept, so that nothing is to be done */
export function isKeptInstead(call: Call): boolean {
  const isAction = call.isAction ?? call.method !== 'GET';
  if (!isCopyMode.peek() || !isAction) return false;
  isCopyMode.value = false;
  keptCall.value = call;
  return true;
}

/** @throws NotDone when the call is kept */
export function keepInstead(call: Call): void {
  if (isKeptInstead(call)) throw new NotDone();
}
