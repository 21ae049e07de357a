import { expect, test, vi } from 'vitest';
import {
  findAnswer,
  hashRequest,
  IDEMPOTENCY_TTL_MS,
  keyUse,
  once,
  purgeIdempotencyKeys,
  storeAnswer,
} from '../../../../daemon/worker/store/idempotency.js';
import { openStore } from '../../../helpers/open-store.js';

const use = { scope: 'message', key: 'k', bodyHash: 'h' };

test('an answer is kept for 24 hours in its scope', async () => {
  const store = await openStore();
  await store.write((tx) => storeAnswer(tx, { ...use, result: 'msg_1', nowMs: 1_000 }));
  const find = (scope: string, nowMs: number) => store.read((tx) => findAnswer(tx, { ...use, scope, nowMs }));
  expect(await find('message', 1_000 + IDEMPOTENCY_TTL_MS - 1)).toBe('msg_1');
  expect(await find('message', 1_000 + IDEMPOTENCY_TTL_MS)).toBeUndefined();
  expect(await find('other', 1_000)).toBeUndefined();
  await store.write((tx) => storeAnswer(tx, { ...use, result: 'msg_2', nowMs: 1_000 + IDEMPOTENCY_TTL_MS }));
  expect(await find('message', 2_000 + IDEMPOTENCY_TTL_MS)).toBe('msg_2');
  expect(await store.write((tx) => purgeIdempotencyKeys(tx, 2_000 + IDEMPOTENCY_TTL_MS))).toBe(0);
  expect(await store.write((tx) => purgeIdempotencyKeys(tx, 1_000 + 2 * IDEMPOTENCY_TTL_MS))).toBe(1);
});

test('what a key stands for is done once, and not at all for another body', async () => {
  const store = await openStore();
  const act = vi.fn(() => Promise.resolve('msg_1'));
  const request = (bodyHash: string) => store.write((tx) => once(tx, { use: { ...use, bodyHash }, nowMs: 1_000, act }));
  expect(await request('h')).toEqual({ result: 'msg_1', isRepeated: false });
  expect(await request('h')).toEqual({ result: 'msg_1', isRepeated: true });
  await expect(request('other')).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(act).toHaveBeenCalledTimes(1);
  expect(await store.write((tx) => once(tx, { use: undefined, nowMs: 1_000, act }))).toEqual({ result: 'msg_1', isRepeated: false });
  expect(act).toHaveBeenCalledTimes(2);
});

test('the use of a key names the whole request, unless its caller has hashed it', () => {
  expect(keyUse('scope', undefined, ['x'])).toBeUndefined();
  expect(keyUse('scope', { key: 'k' }, ['x'])).toEqual({ scope: 'scope', key: 'k', bodyHash: hashRequest(['x']) });
  expect(keyUse('scope', { key: 'k', bodyHash: 'h' }, ['x'])).toMatchObject({ bodyHash: 'h' });
});
