/** Ends turns of this worker on request of others: each request is a row, which is polled for while another worker is alive. */
import { readTurnStops } from '../store/conversations/turn-stops.js';
import type { Liveness } from '../store/liveness.js';
import type { Store } from '../store/store.js';
import { WorkLoop } from '../store/tasks/work-loop.js';
import type { Deps } from '../store/tasks/worker-deps.js';
import type { TurnRunner } from './turn-runner.js';

export interface TurnStopsOptions extends Deps<'clock' | 'logger'> {
  readonly store: Pick<Store, 'read'>;
  readonly liveness: Pick<Liveness, 'lookAgainMs' | 'onChange'>;
  readonly turns: Pick<TurnRunner, 'stopSession' | 'stopTurns'>;
}

const LOOK_MS = 500;

export function createTurnStops({ clock, logger, store, liveness, turns }: TurnStopsOptions): WorkLoop {
  /** The turns whose requests were seen: others of the session may have begun since. */
  let seen: ReadonlySet<string> = new Set();
  return new WorkLoop({
    clock,
    logger,
    problem: 'requests to stop turns are waiting for the store',
    listen: (wake) => liveness.onChange('stops', wake),
    async look() {
      const stops = await store.read(readTurnStops);
      for (const { turnId, sessionKey, reason } of stops) {
        if (seen.has(turnId)) continue;
        if (reason === 'deleted') turns.stopSession(sessionKey);
        else turns.stopTurns(sessionKey);
      }
      seen = new Set(stops.map(({ turnId }) => turnId));
      return liveness.lookAgainMs(LOOK_MS);
    },
  });
}
