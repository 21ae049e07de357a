import { expect, test } from 'vitest';
import { acquireLease, readLeaseOwner, releaseLease, removeVoidLeases } from '../../../../daemon/worker/store/leases.js';
import {
  findFirstUse,
  IDEMPOTENCY_TTL_MS,
  purgeIdempotencyKeys,
  rememberFirstUse,
} from '../../../../daemon/worker/store/delivery/idempotency.js';
import { openStore } from '../../../helpers/open-store.js';

test.each([
  { name: 'a free lease', holder: undefined, live: ['me'], taken: true },
  { name: 'our own lease', holder: 'me', live: ['me'], taken: true },
  { name: 'the lease of another live instance', holder: 'other', live: ['me', 'other'], taken: false },
  { name: 'the lease of an instance that is gone', holder: 'other', live: ['me'], taken: true },
])('$name is ours to take: $taken', async ({ holder, live, taken }) => {
  const store = await openStore();
  const key = 'session:1';
  if (holder !== undefined) await store.write((tx) => acquireLease(tx, { key, owner: holder, liveOwners: [holder], nowMs: 1 }));
  expect(await store.write((tx) => acquireLease(tx, { key, owner: 'me', liveOwners: live, nowMs: 2 }))).toBe(taken);
  expect(await store.read((tx) => readLeaseOwner(tx, key))).toBe(taken ? 'me' : holder);
});

test('only its owner gives a lease back, and those of the dead are removed together', async () => {
  const store = await openStore();
  const claim = (key: string, owner: string) =>
    store.write((tx) => acquireLease(tx, { key, owner, liveOwners: ['a', 'b', 'c'], nowMs: 1 }));
  await Promise.all([claim('1', 'a'), claim('2', 'b'), claim('3', 'c')]);
  await store.write((tx) => releaseLease(tx, { key: '1', owner: 'b' }));
  expect(await store.read((tx) => readLeaseOwner(tx, '1'))).toBe('a');
  await store.write((tx) => releaseLease(tx, { key: '1', owner: 'a' }));
  await store.write((tx) => removeVoidLeases(tx, ['b']));
  expect(await Promise.all(['1', '2', '3'].map((key) => store.read((tx) => readLeaseOwner(tx, key))))).toEqual([undefined, 'b', undefined]);
});

test('of many that want one lease in the same moment one gets it', async () => {
  const store = await openStore();
  const owners = Array.from({ length: 30 }, (_, index) => `worker${index}`);
  const taken = await Promise.all(
    owners.map((owner) => store.write((tx) => acquireLease(tx, { key: 'x', owner, liveOwners: owners, nowMs: 1 }))),
  );
  expect(taken.filter(Boolean)).toHaveLength(1);
});

test('an idempotency key is remembered for 24 hours in its scope', async () => {
  const store = await openStore();
  const use = { scope: 'message', key: 'k', bodyHash: 'h', result: 'msg_1' };
  await store.write((tx) => rememberFirstUse(tx, { ...use, nowMs: 1_000 }));
  const find = (scope: string, nowMs: number) => store.read((tx) => findFirstUse(tx, { scope, key: 'k', nowMs }));
  expect(await find('message', 1_000 + IDEMPOTENCY_TTL_MS - 1)).toEqual({ bodyHash: 'h', result: 'msg_1' });
  expect(await find('message', 1_000 + IDEMPOTENCY_TTL_MS)).toBeUndefined();
  expect(await find('other', 1_000)).toBeUndefined();
  await store.write((tx) => rememberFirstUse(tx, { ...use, result: 'msg_2', nowMs: 1_000 + IDEMPOTENCY_TTL_MS }));
  expect(await find('message', 2_000 + IDEMPOTENCY_TTL_MS)).toMatchObject({ result: 'msg_2' });
  expect(await store.write((tx) => purgeIdempotencyKeys(tx, 2_000 + IDEMPOTENCY_TTL_MS))).toBe(0);
  expect(await store.write((tx) => purgeIdempotencyKeys(tx, 1_000 + 2 * IDEMPOTENCY_TTL_MS))).toBe(1);
});
