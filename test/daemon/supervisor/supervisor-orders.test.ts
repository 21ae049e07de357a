/** The real event loop with fake children: whatever happens in whatever order, it keeps its promises. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BOOT_LIMIT_MS, LISTEN_LIMIT_MS } from '../../../daemon/supervisor/workers/worker-process.js';
import { type FakeChild, readyMessage, vitals } from '../../helpers/fake-child.js';
import { Supervised } from '../../helpers/supervised.js';

/** A supervisor, and what its children have done so far. */
class Run {
  readonly gateway = Supervised.started();
  readonly #gone = new Set<FakeChild>();
  readonly #quiesced = new Set<FakeChild>();
  /** Restarts and stops that were asked for. */
  readonly outcomes: Promise<unknown>[] = [];

  get living(): FakeChild[] {
    return this.gateway.fake.children.filter((child) => !this.#gone.has(child));
  }

  exits(child: FakeChild, exit: Parameters<FakeChild['exits']>[0]): void {
    this.#gone.add(child);
    child.exits(exit);
  }

  quiesces(child: FakeChild): void {
    if (child.last('drain') === undefined) return;
    this.#quiesced.add(child);
    child.says({ type: 'quiesced' });
  }

  /** The workers that do what only one may do. */
  get exclusive(): FakeChild[] {
    return this.living.filter((child) => child.sentTypes.includes('activate') && !this.#quiesced.has(child));
  }

  get hasLeft(): boolean {
    return this.gateway.told.some((text) => text.startsWith('left'));
  }
}

/** What can happen. `pick` chooses among the living children. */
const DEEDS: Record<string, (run: Run, pick: <T>(from: readonly T[]) => T | undefined) => unknown> = {
  restart: ({ gateway, outcomes }) => outcomes.push(gateway.restart()),
  'config changed': ({ gateway }) => gateway.supervisor.dispatch({ type: 'configChanged' }),
  'one comes up': ({ living }, pick) => {
    const child = pick(living);
    child?.says(readyMessage());
    if (child?.last('listen') !== undefined) child.says({ type: 'listening' });
  },
  ready: ({ living }, pick) => pick(living)?.says(readyMessage()),
  listening: ({ living }, pick) => pick(living.filter((child) => child.last('listen') !== undefined))?.says({ type: 'listening' }),
  quiesced(run, pick) {
    const child = pick(run.living);
    if (child !== undefined) run.quiesces(child);
  },
  heartbeat: ({ living }, pick) => pick(living)?.says({ type: 'heartbeat', vitals: vitals() }),
  refused: ({ living }, pick) => pick(living)?.says({ type: 'bootFailed', error: { code: 'CONFIG_INVALID', message: 'no' }, problems: [] }),
  exits(run, pick) {
    const child = pick(run.living);
    const exit = pick([
      { code: 0 },
      { code: 1 },
      { code: 125 },
      { signal: 'SIGKILL' },
      { code: null, spawnError: 'spawn node EAGAIN' },
    ] as const);
    if (child !== undefined) run.exits(child, exit);
  },
  'killed ones exit': (run) => {
    for (const child of run.living.filter(({ kills }) => kills > 0)) run.exits(child, { signal: 'SIGKILL' });
  },
  'a moment passes': ({ gateway }) => gateway.clock.advance(150),
  'seconds pass': ({ gateway }) => gateway.clock.advance(2_500),
  'a long time passes': ({ gateway }) => gateway.clock.advance(BOOT_LIMIT_MS + LISTEN_LIMIT_MS),
};
const STOPS: typeof DEEDS = {
  stop: ({ gateway, outcomes }) => outcomes.push(gateway.stop()),
  'stop by force': ({ gateway, outcomes }) => outcomes.push(gateway.stop({ timeoutMs: 0 })),
  'stop for a successor': ({ gateway, outcomes }) => outcomes.push(gateway.stop({ purpose: 'succession' })),
};

function expectOrder({ gateway, living, exclusive, hasLeft }: Run): void {
  const { supervisor, respawn } = gateway;
  expect(exclusive.length).toBeLessThanOrEqual(1);
  expect(gateway.lockedChildren.map(({ pid }) => pid).toSorted()).toEqual(living.map(({ pid }) => pid).toSorted());
  expect(supervisor.slots.all().length).toBe(living.filter(({ options }) => options.role === 'worker').length);
  if (supervisor.desired === 'down' || hasLeft) return;
  const isTried = supervisor.slots.candidate !== undefined || respawn.nextAttemptAtMs !== undefined;
  expect(supervisor.slots.active !== undefined || isTried, supervisor.state).toBe(true);
}

/** A stop ends everything: whoever is killed exits, and time passes. */
async function expectEnd(run: Run): Promise<void> {
  const { gateway } = run;
  if (!run.hasLeft) run.outcomes.push(gateway.stop({ timeoutMs: 0 }));
  for (let round = 0; round < 3; round += 1) {
    for (const child of run.living.filter(({ kills }) => kills > 0)) run.exits(child, { signal: 'SIGKILL' });
    gateway.clock.advance(BOOT_LIMIT_MS);
  }
  expect(gateway.told.filter((text) => text.startsWith('left'))).toHaveLength(1);
  expect(gateway.supervisor.slots.all()).toEqual([]);
  await Promise.allSettled(run.outcomes);
}

test('at most one worker is active, each is in the lock, one serves or is tried, and a stop ends everything', async () => {
  const name = fc.oneof(
    { weight: 40, arbitrary: fc.constantFrom(...Object.keys(DEEDS)) },
    { weight: 1, arbitrary: fc.constantFrom(...Object.keys(STOPS)) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, fc.nat()), { minLength: 20, maxLength: 60 }), async (deeds) => {
      const run = new Run();
      for (const [deed, number] of deeds) {
        (DEEDS[deed] ?? STOPS[deed])?.(run, (from) => from[number % from.length]);
        expectOrder(run);
        if (run.hasLeft) break;
      }
      await expectEnd(run);
    }),
    { numRuns: 150 },
  );
});
