/** The current time, for relative times. */
import { signal } from '@preact/signals';
import { MINUTE_MS } from '../../../shared/clock.js';

/** Creates a signal that changes each minute, and when the page becomes visible again; only while something uses it. */
function minutes() {
  let timer: ReturnType<typeof setInterval> | undefined;
  const tick = (): void => {
    if (document.visibilityState === 'visible') count.value += 1;
  };
  const count = signal(0, {
    watched() {
      timer = setInterval(tick, MINUTE_MS);
      document.addEventListener('visibilitychange', tick);
    },
    unwatched() {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
    },
  });
  return count;
}

const minute = minutes();

/** Returns the time. A component that calls this is rendered again each minute. */
export function now(): number {
  void minute.value;
  return Date.now();
}
