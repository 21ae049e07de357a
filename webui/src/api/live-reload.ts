/** Reloads a view's data after events that concern it. */
import { useEffect, useRef } from 'preact/hooks';
import { useGatewayEvent } from './gateway-events.js';

/** A burst of events causes one reload. */
const QUIET_MS = 250;
/** Interval for changes without an event: load, a missing socket. */
const SLOW_MS = 15_000;

/** @param names  the events that cause a reload, besides `reset` */
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
