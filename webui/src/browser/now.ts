/** The current time, for relative times and countdowns. */
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
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

/** Returns the time, and renders the component again after each such time; undefined: not by itself. */
export function useNow(everyMs: number | undefined): number {
  const [, tick] = useState(0);
  useEffect(() => {
    if (everyMs === undefined) return undefined;
    const timer = setInterval(() => tick(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return Date.now();
}
