import { expect, test } from 'vitest';
import {
  SUCCESSION_STATES,
  type SuccessionEffect,
  type SuccessionEvent,
  type SuccessionState,
  successionTransition,
} from '../../../../daemon/supervisor/succession/succession-table.js';
import { GatewayError } from '../../../../shared/errors.js';

const EVENTS: { readonly [Type in SuccessionEvent['type']]: Extract<SuccessionEvent, { type: Type }> } = {
  run: { type: 'run' },
  takeOver: { type: 'takeOver' },
  retire: { type: 'retire' },
  quiesced: { type: 'quiesced' },
  succeeded: { type: 'succeeded', pid: 1, workerPid: 2, instanceId: 'wk_1' },
  dismissed: { type: 'dismissed', timeoutMs: 1 },
  fail: { type: 'fail', reason: new GatewayError('STOPPING', { message: 'stop' }) },
  exited: { type: 'exited' },
  reclaimed: { type: 'reclaimed' },
  lost: { type: 'lost' },
};
type EventName = keyof typeof EVENTS;

/** Next state, then the effects in order; `-`: nothing happens. */
type Cell = '-' | readonly [SuccessionState, ...SuccessionEffect[]];
const NOTHING = Object.fromEntries(Object.keys(EVENTS).map((name) => [name, '-'])) as Record<EventName, Cell>;

const EXPECTED: Record<SuccessionState, Record<EventName, Cell>> = {
  idle: { ...NOTHING, run: ['starting', 'spawn'] },
  starting: { ...NOTHING, takeOver: ['handedOver', 'handOver'], fail: ['aborting', 'killSuccessor'], exited: ['idle', 'reportFailure'] },
  handedOver: {
    ...NOTHING,
    retire: ['retiring', 'drainWorker'],
    dismissed: ['dismissed', 'leaveWithSuccessor'],
    fail: ['revoking', 'killSuccessor'],
    exited: ['reclaiming', 'reclaim'],
  },
  retiring: {
    ...NOTHING,
    quiesced: ['retiring', 'reportQuiesced'],
    succeeded: ['succeeded', 'complete'],
    dismissed: ['dismissed', 'leaveWithSuccessor'],
    fail: ['revoking', 'killSuccessor'],
    exited: ['reclaiming', 'reclaim'],
  },
  aborting: { ...NOTHING, exited: ['idle', 'reportFailure'] },
  revoking: { ...NOTHING, exited: ['reclaiming', 'reclaim'] },
  reclaiming: { ...NOTHING, reclaimed: ['idle', 'reportFailure'], lost: ['dismissed', 'leaveToOther'] },
  succeeded: NOTHING,
  dismissed: NOTHING,
};

const cells = SUCCESSION_STATES.flatMap((state) =>
  (Object.keys(EVENTS) as EventName[]).map((name) => ({ state, name, cell: EXPECTED[state][name] })),
);

test.each(cells)('$state × $name → $cell', ({ state, name, cell }) => {
  const expected = cell === '-' ? { state, effects: [] } : { state: cell[0], effects: cell.slice(1) };
  expect(successionTransition(state, EVENTS[name])).toEqual(expected);
});
