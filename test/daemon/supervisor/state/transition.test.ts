import { describe, expect, test } from 'vitest';
import { type Effect, type Event, publicState, type State, STATES, type Verdict } from '../../../../daemon/supervisor/state/state.js';
import { transition } from '../../../../daemon/supervisor/state/transition.js';

/** Next state, then the effects in order; `-`: nothing happens. */
type Cell = '-' | readonly [State, ...Effect[]];

/** Every event that carries something, in each of its forms. */
const EVENTS = {
  start: { type: 'start' },
  restart: { type: 'restart' },
  stop: { type: 'stop' },
  ready: { type: 'ready' },
  listening: { type: 'listening' },
  refusedCold: { type: 'refused', cold: true, lastGood: false },
  refusedColdLastGood: { type: 'refused', cold: true, lastGood: true },
  refusedLastGood: { type: 'refused', cold: false, lastGood: true },
  refused: { type: 'refused', cold: false, lastGood: false },
  candidateNow: { type: 'candidateExited', verdict: 'now' },
  candidateLater: { type: 'candidateExited', verdict: 'later' },
  candidateFailed: { type: 'candidateExited', verdict: 'failed' },
  activeNow: { type: 'activeExited', verdict: 'now' },
  activeLater: { type: 'activeExited', verdict: 'later' },
  activeFailed: { type: 'activeExited', verdict: 'failed' },
  quiesced: { type: 'quiesced' },
  retryDue: { type: 'retryDue' },
  configChanged: { type: 'configChanged' },
  allExited: { type: 'allExited' },
} as const satisfies Record<string, Event>;

type EventName = keyof typeof EVENTS;

const NOTHING = Object.fromEntries(Object.keys(EVENTS).map((name) => [name, '-'])) as Record<EventName, Cell>;

const EXPECTED: Record<State, Record<EventName, Cell>> = {
  stopped: { ...NOTHING, start: ['starting', 'spawn'], stop: ['stopped', 'leave'] },
  starting: {
    ...NOTHING,
    stop: ['draining', 'drainAll'],
    ready: ['starting', 'listen'],
    listening: ['handover', 'install'],
    refusedCold: ['stopped', 'giveUp'],
    refusedColdLastGood: ['stopped', 'giveUp'],
    refusedLastGood: ['starting', 'failRestart', 'spawn'],
    refused: ['failed', 'failRestart', 'scheduleRetry'],
    candidateNow: ['starting', 'failRestart', 'spawn'],
    candidateLater: ['backoff', 'failRestart', 'scheduleRetry'],
    candidateFailed: ['failed', 'failRestart', 'scheduleRetry'],
  },
  running: {
    ...NOTHING,
    restart: ['replacing', 'spawn'],
    stop: ['draining', 'drainAll'],
    activeNow: ['starting', 'spawn'],
    activeLater: ['backoff', 'scheduleRetry'],
    activeFailed: ['failed', 'scheduleRetry'],
  },
  replacing: {
    ...NOTHING,
    stop: ['draining', 'drainAll'],
    ready: ['replacing', 'listen'],
    listening: ['handover', 'retire'],
    refusedCold: ['running', 'failRestart'],
    refusedColdLastGood: ['running', 'failRestart'],
    refusedLastGood: ['running', 'failRestart'],
    refused: ['running', 'failRestart'],
    candidateNow: ['running', 'failRestart'],
    candidateLater: ['running', 'failRestart'],
    candidateFailed: ['running', 'failRestart'],
    activeNow: ['starting'],
    activeLater: ['starting'],
    activeFailed: ['starting'],
  },
  handover: {
    ...NOTHING,
    stop: ['draining', 'drainAll'],
    activeNow: ['starting', 'failRestart', 'spawn'],
    activeLater: ['backoff', 'failRestart', 'scheduleRetry'],
    activeFailed: ['failed', 'failRestart', 'scheduleRetry'],
    quiesced: ['running', 'activate', 'completeRestart'],
  },
  backoff: {
    ...NOTHING,
    restart: ['starting', 'cancelRetry', 'forgive', 'spawn'],
    stop: ['draining', 'cancelRetry', 'drainAll'],
    retryDue: ['starting', 'spawn'],
    configChanged: ['starting', 'cancelRetry', 'forgive', 'spawn'],
  },
  failed: {
    ...NOTHING,
    restart: ['starting', 'cancelRetry', 'forgive', 'spawn'],
    stop: ['draining', 'cancelRetry', 'drainAll'],
    retryDue: ['retrying', 'spawn'],
    configChanged: ['starting', 'cancelRetry', 'forgive', 'spawn'],
  },
  retrying: {
    ...NOTHING,
    stop: ['draining', 'drainAll'],
    ready: ['retrying', 'listen'],
    listening: ['handover', 'install'],
    refusedCold: ['failed', 'failRestart', 'scheduleRetry'],
    refusedColdLastGood: ['failed', 'failRestart', 'scheduleRetry'],
    refusedLastGood: ['failed', 'failRestart', 'scheduleRetry'],
    refused: ['failed', 'failRestart', 'scheduleRetry'],
    candidateNow: ['failed', 'failRestart', 'scheduleRetry'],
    candidateLater: ['failed', 'failRestart', 'scheduleRetry'],
    candidateFailed: ['failed', 'failRestart', 'scheduleRetry'],
  },
  draining: {
    ...NOTHING,
    stop: ['draining', 'hasten'],
    quiesced: ['draining', 'reportQuiesced'],
    allExited: ['stopped', 'leave'],
  },
};

const cells = STATES.flatMap((state) => (Object.keys(EVENTS) as EventName[]).map((name) => ({ state, name, cell: EXPECTED[state][name] })));

describe('every cell of the table is as written down here', () => {
  test.each(cells)('$state × $name → $cell', ({ state, name, cell }) => {
    const expected = cell === '-' ? { state, effects: [] } : { state: cell[0], effects: cell.slice(1) };
    expect(transition(state, EVENTS[name])).toEqual(expected);
  });

  test('the expectations name every kind of event and every verdict', () => {
    const types: Record<Event['type'], true> = {
      start: true,
      restart: true,
      stop: true,
      ready: true,
      listening: true,
      refused: true,
      candidateExited: true,
      activeExited: true,
      quiesced: true,
      retryDue: true,
      configChanged: true,
      allExited: true,
    };
    expect(new Set<string>(Object.values(EVENTS).map(({ type }) => type))).toEqual(new Set(Object.keys(types)));
    const verdicts: Record<Verdict, true> = { now: true, later: true, failed: true };
    const used = Object.values(EVENTS).flatMap((event) => ('verdict' in event ? [event.verdict] : []));
    expect(new Set(used)).toEqual(new Set(Object.keys(verdicts)));
  });
});

test.each([
  ['stopped', 'stopped'],
  ['starting', 'starting'],
  ['running', 'running'],
  ['replacing', 'running'],
  ['handover', 'running'],
  ['backoff', 'backoff'],
  ['failed', 'failed'],
  ['retrying', 'failed'],
  ['draining', 'draining'],
] as const)('the state %s is shown to users as %s', (state, shown) => {
  expect(publicState(state)).toBe(shown);
});
