import { expect, test } from 'vitest';
import { acquireLease, listLeaseOwners, readLeaseOwner, releaseLease, removeLeasesOf } from '../../../../daemon/worker/store/leases.js';
import { openStore } from '../../../helpers/open-store.js';
import { createLiveness } from '../../../../daemon/worker/store/liveness.js';

test.each([
  { name: 'a free lease', holder: undefined, live: ['me'], taken: true },
  { name: 'our own lease', holder: 'me', live: ['me'], taken: true },
  { name: 'the lease of another live instance', holder: 'other', live: ['me', 'other'], taken: false },
  { name: 'the lease of an instance that is gone', holder: 'other', live: ['me'], taken: true },
])('$name is ours to take: $taken', async ({ holder, live, taken }) => {
  const store = await openStore();
  const key = 'session:1';
  if (holder !== undefined)
    await store.write((tx) => acquireLease(tx, { key, owner: holder, liveness: createLiveness(holder, () => []), nowMs: 1 }));
  expect(await store.write((tx) => acquireLease(tx, { key, owner: 'me', liveness: createLiveness('me', () => live), nowMs: 2 }))).toBe(
    taken,
  );
  expect(await store.read((tx) => readLeaseOwner(tx, key))).toBe(taken ? 'me' : holder);
});

test('only its owner gives a lease back, and those of the dead are removed together', async () => {
  const store = await openStore();
  const claim = (key: string, owner: string) =>
    store.write((tx) => acquireLease(tx, { key, owner, liveness: createLiveness(owner, () => ['a', 'b', 'c']), nowMs: 1 }));
  await Promise.all([claim('1', 'a'), claim('2', 'b'), claim('3', 'c')]);
  await store.write((tx) => releaseLease(tx, { key: '1', owner: 'b' }));
  expect(await store.read((tx) => readLeaseOwner(tx, '1'))).toBe('a');
  await store.write((tx) => releaseLease(tx, { key: '1', owner: 'a' }));
  expect((await store.read(listLeaseOwners)).toSorted()).toEqual(['b', 'c']);
  await store.write((tx) => removeLeasesOf(tx, 'c'));
  expect(await Promise.all(['1', '2', '3'].map((key) => store.read((tx) => readLeaseOwner(tx, key))))).toEqual([undefined, 'b', undefined]);
});

test('of many that want one lease in the same moment one gets it', async () => {
  const store = await openStore();
  const owners = Array.from({ length: 30 }, (_, index) => `worker${index}`);
  const taken = await Promise.all(
    owners.map((owner) =>
      store.write((tx) => acquireLease(tx, { key: 'x', owner, liveness: createLiveness(owner, () => owners), nowMs: 1 })),
    ),
  );
  expect(taken.filter(Boolean)).toHaveLength(1);
});
