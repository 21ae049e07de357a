/**
 * The supervisor's transition table: pure, and every cell is tested. A missing cell does nothing: a `restart` during a restart
 * joins it, a running worker handles `configChanged` itself, and a stop overrides every later event.
 */
import type { Effect, Event, State, Verdict } from './state.js';
import { lookUp, type Table, type Transition } from './table.js';

type Outcome = readonly [State, ...Effect[]];

/** After a death: try at once, later, or at the maximum delay. `first`: effects that come before. */
const afterDeath =
  (...first: Effect[]) =>
  ({ verdict }: { readonly verdict: Verdict }): Outcome =>
    verdict === 'now' ? ['starting', ...first, 'spawn'] : [verdict === 'later' ? 'backoff' : 'failed', ...first, 'scheduleRetry'];

const refusedWithoutWorker = ({ cold, lastGood }: Extract<Event, { type: 'refused' }>): Outcome => {
  if (cold) return ['stopped', 'giveUp'];
  return lastGood ? ['starting', 'failRestart', 'spawn'] : ['failed', 'failRestart', 'scheduleRetry'];
};

const drain: Outcome = ['draining', 'drainAll'];
const cancelAndDrain: Outcome = ['draining', 'cancelRetry', 'drainAll'];
const tryAfresh: Outcome = ['starting', 'cancelRetry', 'forgive', 'spawn'];
const keepRunning: Outcome = ['running', 'failRestart'];
const failAgain: Outcome = ['failed', 'failRestart', 'scheduleRetry'];

const TABLE: Table<State, Event, Effect> = {
  stopped: { start: ['starting', 'spawn'], stop: ['stopped', 'leave'] },
  starting: {
    stop: drain,
    ready: ['starting', 'listen'],
    listening: ['handover', 'install'],
    refused: refusedWithoutWorker,
    candidateExited: afterDeath('failRestart'),
  },
  running: { restart: ['replacing', 'spawn'], stop: drain, activeExited: afterDeath() },
  replacing: {
    stop: drain,
    ready: ['replacing', 'listen'],
    listening: ['handover', 'retire'],
    refused: keepRunning,
    candidateExited: keepRunning,
    activeExited: ['starting'], // the candidate takes its place
  },
  handover: { stop: drain, activeExited: afterDeath('failRestart'), quiesced: ['running', 'activate', 'completeRestart'] },
  backoff: { restart: tryAfresh, stop: cancelAndDrain, retryDue: ['starting', 'spawn'], configChanged: tryAfresh },
  failed: { restart: tryAfresh, stop: cancelAndDrain, retryDue: ['retrying', 'spawn'], configChanged: tryAfresh },
  retrying: {
    stop: drain,
    ready: ['retrying', 'listen'],
    listening: ['handover', 'install'],
    refused: failAgain,
    candidateExited: failAgain,
  },
  draining: { stop: ['draining', 'hasten'], quiesced: ['draining', 'reportQuiesced'], allExited: ['stopped', 'leave'] },
};

export function transition(state: State, event: Event): Transition<State, Effect> {
  return lookUp(TABLE, state, event);
}
