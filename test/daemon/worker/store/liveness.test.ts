import { expect, test } from 'vitest';
import { createLiveness } from '../../../../daemon/worker/store/liveness.js';
import { openStore } from '../../../helpers/open-store.js';

test.each([
  { named: ['me', 'other'], alone: false, living: ['me', 'other'] },
  { named: ['me'], alone: true, living: ['me'] },
  // Before the supervisor has named the workers.
  { named: [], alone: true, living: ['me'] },
  { named: ['other'], alone: false, living: ['me', 'other'] },
])('of $named, $living live', async ({ named, alone, living }) => {
  const store = await openStore();
  const liveness = createLiveness('me', () => named);
  expect(liveness.isAlone()).toBe(alone);
  expect([...(await store.read((tx) => liveness.living(tx)))].toSorted()).toEqual(living);
});

test('what the supervisor says later counts', async () => {
  const store = await openStore();
  let named = ['me', 'other'];
  const liveness = createLiveness('me', () => named);
  named = ['me'];
  expect((await store.read((tx) => liveness.living(tx))).has('other')).toBe(false);
  expect(liveness.isAlone()).toBe(true);
});
