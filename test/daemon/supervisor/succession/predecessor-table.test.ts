import { expect, test } from 'vitest';
import {
  PREDECESSOR_STATES,
  type PredecessorEffect,
  type PredecessorEvent,
  type PredecessorState,
  predecessorTransition,
} from '../../../../daemon/supervisor/succession/predecessor-table.js';

const EVENTS = {
  takeOver: { type: 'takeOver' },
  handOver: { type: 'handOver', host: '::', port: 1, handle: {} },
  handOverWithoutHandle: { type: 'handOver', host: '::', port: 1, handle: undefined },
  retire: { type: 'retire', drainTimeoutMs: 1 },
  quiesced: { type: 'quiesced' },
  active: { type: 'active' },
  dismiss: { type: 'dismiss', timeoutMs: 1 },
  overdue: { type: 'overdue' },
  lost: { type: 'lost' },
} satisfies Record<string, PredecessorEvent>;
type EventName = keyof typeof EVENTS;

/** Next state, then the effects in order; `-`: nothing happens. */
type Cell = '-' | readonly [PredecessorState, ...PredecessorEffect[]];
const NOTHING = Object.fromEntries(Object.keys(EVENTS).map((name) => [name, '-'])) as Record<EventName, Cell>;
const DISMISS: Cell = ['dismissed', 'cancelLimit', 'askLeave', 'endArrival'];

const EXPECTED: Record<PredecessorState, Record<EventName, Cell>> = {
  booting: {
    ...NOTHING,
    takeOver: ['asking', 'askHandOver'],
    handOver: ['handedOver'],
    handOverWithoutHandle: ['handedOver'],
    lost: ['abandoned', 'reportQuiesced'],
  },
  asking: {
    ...NOTHING,
    handOver: ['handedOver', 'cancelLimit', 'acceptHandOver'],
    handOverWithoutHandle: ['handedOver', 'cancelLimit', 'failHandOver'],
    overdue: ['booting', 'failHandOver'],
    lost: ['abandoned', 'cancelLimit', 'failHandOver', 'reportQuiesced'],
  },
  handedOver: {
    ...NOTHING,
    retire: ['retiring', 'askRetire'],
    quiesced: ['quiesced', 'reportQuiesced'],
    dismiss: DISMISS,
    lost: ['gone', 'reportQuiesced'],
  },
  retiring: {
    ...NOTHING,
    quiesced: ['quiesced', 'cancelLimit', 'reportQuiesced'],
    overdue: ['retiring', 'kill'],
    dismiss: DISMISS,
    lost: ['gone', 'cancelLimit', 'reportQuiesced'],
  },
  quiesced: { ...NOTHING, active: ['serving', 'endArrival'], dismiss: DISMISS, lost: ['gone'] },
  gone: { ...NOTHING, active: ['serving', 'endArrival'], dismiss: ['left', 'reportLeft', 'endArrival'] },
  abandoned: { ...NOTHING, takeOver: ['abandoned', 'failHandOver'], active: ['alone', 'endArrival'] },
  serving: { ...NOTHING, dismiss: ['left', 'awaitExit'] },
  alone: NOTHING,
  dismissed: { ...NOTHING, overdue: ['dismissed', 'kill'], lost: ['left', 'cancelLimit', 'reportLeft'] },
  left: { ...NOTHING, dismiss: ['left', 'awaitExit'] },
};

const cells = PREDECESSOR_STATES.flatMap((state) =>
  (Object.keys(EVENTS) as EventName[]).map((name) => ({ state, name, cell: EXPECTED[state][name] })),
);

test.each(cells)('$state × $name → $cell', ({ state, name, cell }) => {
  const expected = cell === '-' ? { state, effects: [] } : { state: cell[0], effects: cell.slice(1) };
  expect(predecessorTransition(state, EVENTS[name])).toEqual(expected);
});
