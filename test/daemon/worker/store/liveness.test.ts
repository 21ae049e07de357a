import { expect, test } from 'vitest';
import { createLiveness } from '../../../../daemon/worker/store/liveness.js';

test.each([
  { living: ['me', 'other'], alone: false, alive: ['me', 'other'] },
  { living: ['me'], alone: true, alive: ['me'] },
  // Before the supervisor has named the workers.
  { living: [], alone: true, alive: ['me'] },
  { living: ['other'], alone: false, alive: ['me', 'other'] },
])('of $living, $alive live', ({ living, alone, alive }) => {
  const liveness = createLiveness('me', () => living);
  expect(liveness.isAlone()).toBe(alone);
  expect(['me', 'other', 'gone'].filter((id) => liveness.isAlive(id))).toEqual(alive);
  expect(liveness.isAlive(null)).toBe(false);
});

test('what the supervisor says later counts', () => {
  let living = ['me', 'other'];
  const liveness = createLiveness('me', () => living);
  living = ['me'];
  expect(liveness.isAlive('other')).toBe(false);
  expect(liveness.isAlone()).toBe(true);
});
