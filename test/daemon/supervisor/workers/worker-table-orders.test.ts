/** Every order of events that a worker process can meet: something ends each phase, and nothing is left of a worker that has exited. */
import { expect, test } from 'vitest';
import {
  WORKER_PHASES,
  type WorkerEffect,
  type WorkerEvent,
  type WorkerPhase,
  workerTransition,
} from '../../../../daemon/supervisor/workers/worker-table.js';

interface World {
  readonly phase: WorkerPhase;
  /** A timer kills it. */
  readonly hasLimit: boolean;
  /** Silence kills it. */
  readonly isWatched: boolean;
  readonly activations: number;
  readonly cleanUps: number;
}

const EVENTS: readonly WorkerEvent[] = [
  { type: 'ready', version: '1', authEnabled: false, warnings: [] },
  { type: 'listening' },
  { type: 'bootFailed', error: { code: 'PORT_TAKEN', message: 'taken' }, problems: [] },
  { type: 'activate' },
  { type: 'drain', mode: 'stop', timeoutMs: 1 },
  { type: 'exited' },
];

/** As worker-process.ts carries them out. */
const EFFECTS: Partial<Record<WorkerEffect, (world: World) => World>> = {
  limitListen: (world) => ({ ...world, hasLimit: true }),
  limitRefusal: (world) => ({ ...world, hasLimit: true }),
  cancelLimit: (world) => ({ ...world, hasLimit: false }),
  watchHeartbeat: (world) => ({ ...world, isWatched: true }),
  activate: (world) => ({ ...world, activations: world.activations + 1 }),
  drain: (world) => ({ ...world, hasLimit: true, isWatched: false }),
  cleanUp: (world) => ({ ...world, hasLimit: false, isWatched: false, cleanUps: world.cleanUps + 1 }),
};

function step(world: World, event: WorkerEvent): World {
  const { state, effects } = workerTransition(world.phase, event);
  return { ...effects.reduce((current, effect) => EFFECTS[effect]?.(current) ?? current, world), phase: state };
}

/** The limit of the boot is set when it is spawned. */
const FIRST: World = { phase: 'booting', hasLimit: true, isWatched: false, activations: 0, cleanUps: 0 };

function explore(): World[] {
  const found = new Map([[JSON.stringify(FIRST), FIRST]]);
  for (const world of found.values()) {
    for (const event of EVENTS) {
      const next = step(world, event);
      found.set(JSON.stringify(next), next);
    }
  }
  return [...found.values()];
}

const worlds = explore();

test('every phase is reached, and from each an exit ends it', () => {
  expect(new Set(worlds.map(({ phase }) => phase))).toEqual(new Set(WORKER_PHASES));
  for (const world of worlds) expect(step(world, { type: 'exited' }).phase).toBe('exited');
});

test('a living worker is limited by time or watched, one that has exited is neither', () => {
  const unlimited = worlds.filter(({ phase, hasLimit, isWatched }) => (hasLimit || isWatched) !== (phase !== 'exited'));
  expect(unlimited).toEqual([]);
});

test('it is activated at most once, and cleaned up exactly once', () => {
  expect(worlds.filter(({ activations }) => activations > 1)).toEqual([]);
  expect(worlds.filter(({ phase, cleanUps }) => cleanUps !== (phase === 'exited' ? 1 : 0))).toEqual([]);
});

test('a drain wins: nothing but its exit follows', () => {
  for (const world of worlds.filter(({ phase }) => phase === 'retiring'))
    for (const event of EVENTS) expect(['retiring', 'exited']).toContain(step(world, event).phase);
});
