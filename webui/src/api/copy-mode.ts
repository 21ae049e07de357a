/**
 * Copy mode: while it is on, calls that would change something are not made but kept, and the shell shows them as command lines. It
 * covers every action of every view. An action may make several calls, so the mode ends when their dialog is closed.
 */
import { signal } from '@preact/signals';
import { type Call, isActionOf } from './call.js';

export const isCopyMode = signal(false);

/** The kept calls, in the order in which they were to be made; empty once their dialog is closed. */
export const keptCalls = signal<readonly Call[]>([]);

/** Thrown to the caller of a kept call. It is not a failure: nothing is shown for it. */
export class NotDone extends Error {}

export function endCopyMode(): void {
  isCopyMode.value = false;
  keptCalls.value = [];
}

/** Keeps the call that equals an action in copy mode. @returns whether it was kept: then the caller does nothing */
export function isKeptInstead(call: Call): boolean {
  if (!isCopyMode.peek() || !isActionOf(call)) return false;
  keptCalls.value = [...keptCalls.peek(), call];
  return true;
}

/** @throws NotDone when the call is kept */
export function keepInstead(call: Call): void {
  if (isKeptInstead(call)) throw new NotDone();
}
