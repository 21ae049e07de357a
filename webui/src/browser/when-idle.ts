/** Work that can wait until the browser has nothing else to do. */
import { useEffect, useState } from 'preact/hooks';

const IDLE_MS = 2_000;

/** Runs work when the browser is idle, after two seconds at the latest. */
export function whenIdle(run: () => void): void {
  if ('requestIdleCallback' in window) requestIdleCallback(run, { timeout: IDLE_MS });
  else setTimeout(run, IDLE_MS);
}

/** Returns whether the browser has been idle since the component was shown: less important parts are loaded then. */
export function useIdle(): boolean {
  const [wasIdle, setIdle] = useState(false);
  useEffect(() => whenIdle(() => setIdle(true)), []);
  return wasIdle;
}
