import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Effect, type Event, type State, STATES, type Verdict } from '../../../../daemon/supervisor/state/state.js';
import { transition } from '../../../../daemon/supervisor/state/transition.js';

/** What surrounds the table: which processes live, and whether a retry is scheduled. */
interface World {
  readonly state: State;
  readonly candidate: 'none' | 'booting' | 'told';
  readonly active: boolean;
  readonly retiring: boolean;
  readonly retry: boolean;
  /** Somebody waits for the outcome of a restart. */
  readonly caller: boolean;
  readonly hasLeft: boolean;
}

const START: World = { state: 'stopped', candidate: 'none', active: false, retiring: false, retry: false, caller: false, hasLeft: false };

const VERDICTS: readonly Verdict[] = ['now', 'later', 'failed'];
const flags = [true, false];

/** What can happen to a world, with what it does to the processes before the table is asked. */
function possibleSteps(world: World): { event: Event; world: World }[] {
  const steps: { event: Event; world: World }[] = [
    // While it stops, a restart is refused at once; a stop ends the wait for one.
    { event: { type: 'restart' }, world: { ...world, caller: world.state !== 'draining' } },
    { event: { type: 'stop' }, world: { ...world, caller: false } },
    { event: { type: 'configChanged' }, world },
  ];
  if (world.state === 'stopped') steps.push({ event: { type: 'start' }, world });
  if (world.candidate === 'booting') steps.push({ event: { type: 'ready' }, world });
  if (world.candidate === 'told') steps.push({ event: { type: 'listening' }, world });
  if (world.candidate !== 'none') {
    const gone: World = { ...world, candidate: 'none' };
    for (const verdict of VERDICTS) steps.push({ event: { type: 'candidateExited', verdict }, world: gone });
    for (const cold of flags) for (const lastGood of flags) steps.push({ event: { type: 'refused', cold, lastGood }, world: gone });
  }
  if (world.active)
    for (const verdict of VERDICTS) steps.push({ event: { type: 'activeExited', verdict }, world: { ...world, active: false } });
  if (world.retiring) steps.push({ event: { type: 'quiesced' }, world: { ...world, retiring: false } });
  if (world.retry) steps.push({ event: { type: 'retryDue' }, world: { ...world, retry: false } });
  if (isEmpty(world)) steps.push({ event: { type: 'allExited' }, world });
  return steps;
}

const isEmpty = (world: World): boolean => world.candidate === 'none' && !world.active && !world.retiring;

const EFFECTS: Partial<Record<Effect, (world: World) => World>> = {
  spawn: (world) => {
    if (world.candidate !== 'none') throw new Error(`a second candidate in ${world.state}`);
    return { ...world, candidate: 'booting' };
  },
  listen: (world) => ({ ...world, candidate: 'told' }),
  retire: (world) => {
    if (!world.active || world.candidate === 'none') throw new Error(`nobody to retire or to replace it in ${world.state}`);
    return { ...world, active: true, retiring: true, candidate: 'none' };
  },
  install: (world) => {
    if (world.active || world.candidate === 'none')
      throw new Error(`the place is not free, or nobody is there to take it, in ${world.state}`);
    return { ...world, active: true, candidate: 'none' };
  },
  activate: (world) => {
    if (!world.active) throw new Error(`nobody to activate in ${world.state}`);
    return world;
  },
  scheduleRetry: (world) => {
    if (world.retry) throw new Error(`a second retry is scheduled in ${world.state}`);
    return { ...world, retry: true };
  },
  cancelRetry: (world) => ({ ...world, retry: false }),
  completeRestart: (world) => ({ ...world, caller: false }),
  failRestart: (world) => ({ ...world, caller: false }),
  drainAll: (world) => ({ ...world, active: false, retiring: world.retiring || world.active }),
  leave: (world) => ({ ...world, caller: false, hasLeft: true }),
  giveUp: (world) => ({ ...world, caller: false, hasLeft: true }),
};

function step(world: World, event: Event): World {
  const { state, effects } = transition(world.state, event);
  const after = effects.reduce((current, effect) => EFFECTS[effect]?.(current) ?? current, world);
  const next = { ...after, state };
  // Nothing retires: the event that says so comes by itself.
  const isInstalled = state === 'handover' && effects.includes('install') && !next.retiring;
  return isInstalled ? step(next, { type: 'quiesced' }) : next;
}

const keyOf = (world: World): string => JSON.stringify(world);

/** Every world that can come about, with where it leads. */
function explore(): Map<string, { world: World; next: World[] }> {
  const found = new Map<string, { world: World; next: World[] }>();
  const queue = [START];
  for (let world = queue.pop(); world !== undefined; world = queue.pop()) {
    if (found.has(keyOf(world))) continue;
    const next = world.hasLeft ? [] : possibleSteps(world).map((possible) => step(possible.world, possible.event));
    found.set(keyOf(world), { world, next });
    queue.push(...next);
  }
  return found;
}

const worlds = explore();

/** Worlds from which one that fits can be reached. */
function canReach(fits: (world: World) => boolean): Set<string> {
  const reaching = new Set([...worlds].filter(([, { world }]) => fits(world)).map(([key]) => key));
  for (let before = -1; before !== reaching.size;) {
    before = reaching.size;
    for (const [key, { next }] of worlds) if (next.some((world) => reaching.has(keyOf(world)))) reaching.add(key);
  }
  return reaching;
}

describe('whatever happens in whatever order', () => {
  test('every state is reachable', () => {
    expect(new Set([...worlds.values()].map(({ world }) => world.state))).toEqual(new Set(STATES));
  });

  test('every state can reach an end, and every state that is not stopping a serving worker', () => {
    const [ending, serving] = [canReach((world) => world.hasLeft), canReach((world) => world.state === 'running' && world.active)];
    const stuck = [...worlds.keys()].filter((key) => !ending.has(key));
    const hopeless = [...worlds.values()].filter(({ world }) => !world.hasLeft && world.state !== 'draining' && !serving.has(keyOf(world)));
    expect(stuck).toEqual([]);
    expect(hopeless).toEqual([]);
  });

  test('a state without a worker and without a candidate has a retry scheduled, or nothing is wanted', () => {
    const lost = [...worlds.values()].filter(
      ({ world }) => isEmpty(world) && !world.retry && !['stopped', 'draining'].includes(world.state),
    );
    expect(lost).toEqual([]);
  });

  test('a caller of a restart waits only while a worker starts or takes over', () => {
    const waiting = [...worlds.values()].filter(({ world }) => world.caller).map(({ world }) => world.state);
    expect(new Set(waiting)).toEqual(new Set(['stopped', 'starting', 'replacing', 'handover', 'retrying']));
  });

  test('a retry is scheduled in backoff and failed only', () => {
    for (const { world } of worlds.values()) expect(world.retry).toBe(['backoff', 'failed'].includes(world.state));
  });

  test('an active worker is there exactly in running, replacing and handover', () => {
    for (const { world } of worlds.values()) expect(world.active).toBe(['running', 'replacing', 'handover'].includes(world.state));
  });

  test('a candidate is there exactly in starting, replacing and retrying, or is being drained', () => {
    for (const { world } of worlds.values()) {
      if (world.state === 'draining') continue;
      expect(world.candidate !== 'none').toBe(['starting', 'replacing', 'retrying'].includes(world.state));
    }
  });

  test('stop leads to draining or stopped from everywhere, and from there only to an end', () => {
    for (const { world } of worlds.values()) {
      if (world.hasLeft) continue;
      expect(['draining', 'stopped']).toContain(step(world, { type: 'stop' }).state);
    }
    for (const { world, next } of worlds.values()) {
      if (world.state === 'draining') for (const after of next) expect(['draining', 'stopped']).toContain(after.state);
    }
  });
});

test('random walks keep every rule and never ask for the impossible', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 200 }), (choices) => {
      let world = START;
      for (const choice of choices) {
        if (world.hasLeft) return;
        const possible = possibleSteps(world);
        const chosen = possible[choice % possible.length];
        if (chosen !== undefined) world = step(chosen.world, chosen.event);
        expect(worlds.has(keyOf(world))).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});
