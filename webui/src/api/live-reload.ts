/** Reads a view's data again when the gateway tells that something of it has changed. */
import { useEffect, useRef } from 'preact/hooks';
import { useGatewayEvent } from './gateway-events.js';

/** A burst of events is one reading. */
const QUIET_MS = 250;
/** What no event tells: times that pass, load, a socket that is not there. */
const SLOW_MS = 15_000;

/** @param names  the events that matter; a `reset` always does */
export function useLiveReload(names: readonly string[], reload: () => void, everyMs = SLOW_MS): void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useGatewayEvent(({ name }) => {
    if (name !== 'reset' && !names.includes(name)) return;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      reload();
    }, QUIET_MS);
  });
  useEffect(() => {
    const slow = setInterval(reload, everyMs);
    return () => {
      clearInterval(slow);
      clearTimeout(timer.current);
    };
  }, [everyMs]);
}
