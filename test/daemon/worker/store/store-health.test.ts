import { expect, test } from 'vitest';
import type { StoreEngine } from '../../../../daemon/worker/store/engine.js';
import { StoreHealth } from '../../../../daemon/worker/store/store-health.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';

function makeHealth() {
  const clock = new FakeClock();
  const log = logMemory();
  const engine = { place: 'the-place', describe: (error: unknown) => String(error) } as StoreEngine;
  return { clock, log, health: new StoreHealth({ engine, clock, logger: log }) };
}

test('a fault is in the warnings until the database is sound, and logged once', () => {
  const { health, log } = makeHealth();
  for (let time = 0; time < 3; time += 1) health.noteFault('full');
  expect(health.warnings()).toMatchObject([{ code: 'STORE_UNAVAILABLE', message: 'the-place cannot be used: full' }]);
  health.noteSound();
  expect(health.warnings()).toEqual([]);
  expect(log.entries.map(({ level }) => level)).toEqual(['error', 'info']);
});

test('what was set aside is in the warnings while it exists; a later search without a result does not end them', () => {
  const { health } = makeHealth();
  let exists = true;
  health.noteSetAside({ path: 'p', message: 'm', hint: 'h', exists: () => exists });
  health.noteSetAside(undefined);
  expect(health.warnings()).toEqual([{ code: 'STORE_SET_ASIDE', message: 'm', hint: 'h' }]);
  exists = false;
  expect(health.warnings()).toEqual([]);
});

test('pauses grow from 250 ms to 10 s until the database is sound; after a stop nothing is tried', () => {
  const { health, clock } = makeHealth();
  let tries = 0;
  const triesWithin = (ms: number): number => {
    const before = tries;
    health.retryLater(() => (tries += 1));
    clock.advance(ms);
    return tries - before;
  };
  expect([triesWithin(250), triesWithin(499), triesWithin(1_000)]).toEqual([1, 0, 1]);
  for (let time = 0; time < 5; time += 1) triesWithin(10_000);
  expect([triesWithin(9_999), triesWithin(10_000)]).toEqual([0, 1]);
  health.noteSound();
  expect(triesWithin(250)).toBe(1);
  health.stop();
  expect(triesWithin(60_000)).toBe(0);
});
