/** The time, for what is shown relative to it. */
import { signal } from '@preact/signals';
import { MINUTE_MS } from '../../../shared/clock.js';

/** Makes a signal that changes each minute, and when the page is seen again; only while something that reads it is shown. */
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
