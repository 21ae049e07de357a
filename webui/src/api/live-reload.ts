/** Reloads a view's data after events that concern it. */
import { useEffect, useRef } from 'preact/hooks';
import { useGatewayEvent } from './gateway-events.js';

const BURST_MS = 250;
/** Interval for changes without an event: load, a missing socket. */
const SLOW_MS = 15_000;

/**
 * Returns a function that runs the work of the last render a moment after it is called. Calls until then cause it once, and do not
 * delay it. Unmounting cancels it.
 */
export function useBurst(work: () => void): () => void {
  const latest = useRef(work);
  latest.current = work;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      latest.current();
    }, BURST_MS);
  };
}

/** @param names  the events that cause a refresh, besides `reset` */
export function useLiveReload(names: readonly string[], refresh: () => void, everyMs = SLOW_MS): void {
  const later = useBurst(refresh);
  useGatewayEvent(({ name }) => {
    if (name === 'reset' || names.includes(name)) later();
  });
  useEffect(() => {
    const slow = setInterval(later, everyMs);
    return () => clearInterval(slow);
  }, [everyMs]);
}
