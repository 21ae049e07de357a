/**
 * Copy mode: while it is on, the next call that would change something is kept instead of made, and the shell shows it
 * as a command line. It covers every action of every view.
 */
import { signal } from '@preact/signals';
import type { Call } from './call.js';

export const isCopyMode = signal(false);

/** The kept call; undefined once its dialog is closed. */
export const keptCall = signal<Call | undefined>(undefined);

/** Thrown to the caller of a kept call. It is not a failure: nothing is shown for it. */
export class NotDone extends Error {}

/** Keeps the call that equals an action in copy mode. @returns whether it was kept: then the caller does nothing */
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
