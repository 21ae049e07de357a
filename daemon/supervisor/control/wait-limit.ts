/** How long a client waits for a restart, which continues after that. */
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';

export const WAIT_LIMIT_MS = 30_000;

function stillStarting(): GatewayError {
  return new GatewayError('STILL_STARTING', {
    message: `the restart has not finished after ${WAIT_LIMIT_MS / 1000} s; it continues`,
    hint: 'Watch it with: xopc gateway status',
  });
}

/**
 * Returns the outcome of a restart to a client.
 * @param waitsOn  whether the client waits on when the limit is reached
 * @throws STILL_STARTING when that takes longer than the wait limit
 */
export function withinLimit<T>(clock: Clock, outcome: Promise<T>, waitsOn = (): boolean => false): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(WAIT_LIMIT_MS, () => {
      if (!waitsOn()) reject(stillStarting());
    });
    void outcome.then(resolve, reject).finally(cancel);
  });
}
