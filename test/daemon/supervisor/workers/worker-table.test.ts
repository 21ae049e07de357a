import { expect, test } from 'vitest';
import {
  WORKER_PHASES,
  type WorkerEffect,
  type WorkerEvent,
  type WorkerPhase,
  workerTransition,
} from '../../../../daemon/supervisor/workers/worker-table.js';

const EVENTS: { readonly [Type in WorkerEvent['type']]: Extract<WorkerEvent, { type: Type }> } = {
  ready: { type: 'ready', version: '1', authEnabled: false, warnings: [] },
  listening: { type: 'listening' },
  bootFailed: { type: 'bootFailed', error: { code: 'PORT_TAKEN', message: 'taken' }, problems: [] },
  activate: { type: 'activate' },
  drain: { type: 'drain', mode: 'stop', timeoutMs: 1 },
  exited: { type: 'exited' },
};
type EventName = keyof typeof EVENTS;

/** Next phase, then the effects in order; `-`: nothing happens. */
type Cell = '-' | readonly [WorkerPhase, ...WorkerEffect[]];

const ALIVE = { drain: ['retiring', 'drain'], exited: ['exited', 'cleanUp'] } as const;
const REFUSED = ['refused', 'keepRefusal', 'limitRefusal', 'report'] as const;

const EXPECTED: Record<WorkerPhase, Record<EventName, Cell>> = {
  booting: {
    ready: ['ready', 'keepReadiness', 'limitListen', 'report'],
    listening: '-',
    bootFailed: REFUSED,
    activate: '-',
    ...ALIVE,
  },
  ready: {
    ready: '-',
    listening: ['listening', 'cancelLimit', 'watchHeartbeat', 'report'],
    bootFailed: REFUSED,
    activate: '-',
    ...ALIVE,
  },
  listening: { ready: '-', listening: '-', bootFailed: REFUSED, activate: ['active', 'activate'], ...ALIVE },
  active: { ready: '-', listening: '-', bootFailed: ['active', 'keepRefusal', 'limitRefusal', 'report'], activate: '-', ...ALIVE },
  refused: { ready: '-', listening: '-', bootFailed: '-', activate: '-', ...ALIVE },
  retiring: { ready: '-', listening: '-', bootFailed: ['retiring', 'keepRefusal', 'report'], activate: '-', ...ALIVE },
  exited: { ready: '-', listening: '-', bootFailed: '-', activate: '-', drain: '-', exited: '-' },
};

const cells = WORKER_PHASES.flatMap((phase) =>
  (Object.keys(EVENTS) as EventName[]).map((name) => ({ phase, name, cell: EXPECTED[phase][name] })),
);

test.each(cells)('$phase × $name → $cell', ({ phase, name, cell }) => {
  const expected = cell === '-' ? { state: phase, effects: [] } : { state: cell[0], effects: cell.slice(1) };
  expect(workerTransition(phase, EVENTS[name])).toEqual(expected);
});
