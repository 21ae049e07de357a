/** Every order in which two supervisors, their workers, requests and faults can meet during a succession. */
import { expect, test } from 'vitest';
import { allSteps, FIRST, ownSteps } from '../../../helpers/succession-steps.js';
import type { World } from '../../../helpers/succession-world.js';

interface Found {
  readonly world: World;
  /** What led here, in order. */
  readonly path: readonly string[];
}

const keyOf = (world: World): string => JSON.stringify(world);

/** Every world that any order of steps leads to, each with a shortest way to it. */
function explore(): Map<string, Found> {
  const found = new Map<string, Found>([[keyOf(FIRST), { world: FIRST, path: [] }]]);
  for (const { world, path } of found.values()) {
    for (const [name, next] of allSteps(world)) {
      const key = keyOf(next);
      if (!found.has(key)) found.set(key, { world: next, path: [...path, name] });
    }
  }
  return found;
}

const found = explore();
const ends = [...found.values()].filter(({ world }) => ownSteps(world).length === 0);
const living = ({ old, next }: World): number => [old, next].filter(({ isAlive, isHung }) => isAlive && !isHung).length;
const serves = ({ old, next }: World): boolean =>
  (old.worker === 'active' && old.holds) || (next.worker === 'active' && next.holds && next.isAlive);

/** @returns the first ways to worlds that break a rule */
const breaking = (among: Iterable<Found>, breaks: (world: World) => boolean): string[] =>
  [...among]
    .filter(({ world }) => breaks(world))
    .slice(0, 3)
    .map(({ world, path }) => `${path.join(' → ')}: ${keyOf(world)}`);

test('thousands of worlds are found, and ends of every kind', () => {
  expect(found.size).toBeGreaterThan(2_000);
  expect(ends.some(({ world }) => living(world) === 0)).toBe(true);
  expect(ends.some(({ world }) => world.next.worker === 'active')).toBe(true);
  expect(ends.some(({ world, path }) => world.old.worker === 'active' && path.includes('restart'))).toBe(true);
});

test('never do two write the lock, or two workers do what only one may do', () => {
  expect(breaking(found.values(), ({ old, next }) => old.holds && next.holds)).toEqual([]);
  expect(breaking(found.values(), ({ old, next }) => ['active', 'draining'].includes(old.worker) && next.worker === 'active')).toEqual([]);
});

test('without a fault somebody accepts connections at every moment', () => {
  const isUnserved = ({ old, next, faults }: World): boolean =>
    faults === FIRST.faults && old.worker !== 'active' && !['installed', 'active'].includes(next.worker);
  expect(breaking(found.values(), isUnserved)).toEqual([]);
});

test('where it ends a living gateway serves, unless it was stopped', () => {
  expect(breaking(ends, (world) => !world.isStopWanted && living(world) > 0 && !serves(world))).toEqual([]);
  expect(breaking(ends, (world) => !world.isStopWanted && !world.isKilled && living(world) === 0)).toEqual([]);
});

test('a stop wins and ends', () => {
  expect(breaking(ends, (world) => world.isStopWanted && living(world) > 0)).toEqual([]);
});

test('no wait is forever: a caller of a restart is answered, and a living successor serves and takes the next restart', () => {
  expect(breaking(ends, ({ old }) => old.isAlive && !old.isHung && old.hasCaller)).toEqual([]);
  const waits = ({ next }: World): boolean => next.isAlive && !next.isHung && !(next.worker === 'active' && next.hasArrived);
  expect(breaking(ends, waits)).toEqual([]);
});

test('every way leads to an end', () => {
  const before = new Map<string, string[]>();
  for (const [key, { world }] of found)
    for (const [, next] of ownSteps(world)) before.set(keyOf(next), [...(before.get(keyOf(next)) ?? []), key]);
  const ending = new Set(ends.map(({ world }) => keyOf(world)));
  for (const key of ending) for (const earlier of before.get(key) ?? []) ending.add(earlier);
  expect([...found.keys()].filter((key) => !ending.has(key)).slice(0, 3)).toEqual([]);
});
