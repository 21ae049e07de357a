/**
 * The supervisor's one transition table: pure, total, every cell written out and tested. What is not to happen is
 * written as `nop`, so that "nothing" is a decision.
 */
import type { Effect, Event, State, Transition, Verdict } from './state.js';

type EventOf<T extends Event['type']> = Extract<Event, { type: T }>;
type Row = { readonly [T in Event['type']]: (event: EventOf<T>, state: State) => Transition };

const to =
  (state: State, ...effects: Effect[]) =>
  (): Transition => ({ state, effects });
const nop = (_event: Event, state: State): Transition => ({ state, effects: [] });

/** After a death: try at once, wait, or wait long. `extra` come first. */
function afterDeath(verdict: Verdict, ...extra: Effect[]): Transition {
  if (verdict === 'now') return { state: 'starting', effects: [...extra, 'spawn'] };
  return { state: verdict === 'later' ? 'backoff' : 'failed', effects: [...extra, 'scheduleRetry'] };
}

const refusedWithoutWorker = (event: EventOf<'refused'>): Transition => {
  if (event.cold) return { state: 'stopped', effects: ['giveUp'] };
  if (event.lastGood) return { state: 'starting', effects: ['failRestart', 'spawn'] };
  return { state: 'failed', effects: ['failRestart', 'scheduleRetry'] };
};

const drain = to('draining', 'drainAll');

export const TABLE: Readonly<Record<State, Row>> = {
  stopped: {
    start: to('starting', 'spawn'),
    restart: nop,
    stop: to('stopped', 'leave'),
    ready: nop,
    listening: nop,
    refused: nop,
    candidateExited: nop,
    activeExited: nop,
    quiesced: nop,
    retryDue: nop,
    configChanged: nop,
    allExited: nop,
  },
  starting: {
    start: nop,
    restart: nop, // joins: it completes with this start
    stop: drain,
    ready: to('starting', 'listen'),
    listening: to('handover', 'install'),
    refused: refusedWithoutWorker,
    candidateExited: (event) => afterDeath(event.verdict, 'failRestart'),
    activeExited: nop,
    quiesced: nop,
    retryDue: nop,
    configChanged: nop,
    allExited: nop,
  },
  running: {
    start: nop,
    restart: to('replacing', 'spawn'),
    stop: drain,
    ready: nop,
    listening: nop,
    refused: nop,
    candidateExited: nop,
    activeExited: (event) => afterDeath(event.verdict),
    quiesced: nop,
    retryDue: nop,
    configChanged: nop, // a running worker takes the change itself
    allExited: nop,
  },
  replacing: {
    start: nop,
    restart: nop, // joins
    stop: drain,
    ready: to('replacing', 'listen'),
    listening: to('handover', 'retire'),
    refused: to('running', 'failRestart'),
    candidateExited: to('running', 'failRestart'),
    activeExited: to('starting'), // the candidate goes on as the replacement
    quiesced: nop,
    retryDue: nop,
    configChanged: nop,
    allExited: nop,
  },
  handover: {
    start: nop,
    restart: nop, // joins
    stop: drain,
    ready: nop,
    listening: nop,
    refused: nop,
    candidateExited: nop,
    activeExited: (event) => afterDeath(event.verdict, 'failRestart'),
    quiesced: to('running', 'activate', 'completeRestart'),
    retryDue: nop,
    configChanged: nop,
    allExited: nop,
  },
  backoff: {
    start: nop,
    restart: to('starting', 'cancelRetry', 'forgive', 'spawn'),
    stop: to('draining', 'cancelRetry', 'drainAll'),
    ready: nop,
    listening: nop,
    refused: nop,
    candidateExited: nop,
    activeExited: nop,
    quiesced: nop,
    retryDue: to('starting', 'spawn'),
    configChanged: to('starting', 'cancelRetry', 'forgive', 'spawn'),
    allExited: nop,
  },
  failed: {
    start: nop,
    restart: to('starting', 'cancelRetry', 'forgive', 'spawn'),
    stop: to('draining', 'cancelRetry', 'drainAll'),
    ready: nop,
    listening: nop,
    refused: nop,
    candidateExited: nop,
    activeExited: nop,
    quiesced: nop,
    retryDue: to('retrying', 'spawn'),
    configChanged: to('starting', 'cancelRetry', 'forgive', 'spawn'),
    allExited: nop,
  },
  retrying: {
    start: nop,
    restart: nop, // joins this try
    stop: drain,
    ready: to('retrying', 'listen'),
    listening: to('handover', 'install'),
    refused: to('failed', 'failRestart', 'scheduleRetry'),
    candidateExited: to('failed', 'failRestart', 'scheduleRetry'),
    activeExited: nop,
    quiesced: nop,
    retryDue: nop,
    configChanged: nop,
    allExited: nop,
  },
  draining: {
    start: nop,
    restart: nop, // stop wins
    stop: to('draining', 'hasten'),
    ready: nop,
    listening: nop,
    refused: nop,
    candidateExited: nop,
    activeExited: nop,
    quiesced: to('draining', 'reportQuiesced'),
    retryDue: nop,
    configChanged: nop,
    allExited: to('stopped', 'leave'),
  },
};

/** The next state and what is to be done, in order. Pure. */
export function transition(state: State, event: Event): Transition {
  const cell = TABLE[state][event.type] as (event: Event, state: State) => Transition;
  return cell(event, state);
}
