/** A time limit for waiting on another process's message. */
import type { Clock } from '../../../shared/clock.js';

/**
 * Extra time to read messages that arrived while this process itself was stopped (SIGSTOP, suspend), because its timers fire before
 * it reads.
 */
const READ_MS = 100;

/** Calls `onOverdue` once `limitMs` have passed and all messages that came in time have been read. @returns a function that cancels it */
export function limitWait(clock: Clock, limitMs: number, onOverdue: () => void): () => void {
  let cancel = clock.after(limitMs - READ_MS, () => {
    cancel = clock.after(READ_MS, onOverdue);
  });
  return () => cancel();
}
