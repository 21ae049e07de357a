import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PageSessions } from '../../../../../daemon/worker/http/admission/page-sessions.js';
import { storedPageSecrets } from '../../../../../daemon/worker/access/stored-secrets.js';
import { addPageSecret, findPageSecret, readGatewayId, takePageSecret } from '../../../../../daemon/worker/store/access/page-secrets.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { openStore } from '../../../../helpers/open-store.js';
import { isOnPostgres } from '../../../../helpers/store-engine.js';
import { tempDir } from '../../../../helpers/temp-dir.js';

const secret = { kind: 'session', hash: 'a', nowMs: 1 } as const;

test('a secret is there until it expires, is that of its kind alone, and is taken once', async () => {
  const store = await openStore();
  await store.write((tx) => addPageSecret(tx, { ...secret, expiresAtMs: 100, tokenId: null }));
  const has = (change: object): Promise<boolean> =>
    store.read(async (tx) => (await findPageSecret(tx, { ...secret, ...change })) !== undefined);
  expect(await Promise.all([{}, { nowMs: 99 }, { nowMs: 100 }, { kind: 'link' }, { hash: 'b' }].map(has))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  const taken = await Promise.all([1, 2, 3].map(() => store.write((tx) => takePageSecret(tx, secret))));
  expect(taken.filter(Boolean)).toEqual([{ tokenId: null }]);
  expect(await has({})).toBe(false);
});

test('expired secrets are removed, and beyond 256 of a kind the oldest', async () => {
  const store = await openStore();
  const add = (hash: string, change: object = {}) =>
    store.write((tx) => addPageSecret(tx, { ...secret, hash, expiresAtMs: 1_000, tokenId: null, ...change }));
  await add('link', { kind: 'link', expiresAtMs: 5 });
  for (let index = 0; index < 257; index += 1) await add(`s${index}`, { expiresAtMs: 1_000 + index });
  const has = (hash: string, change: object = {}): Promise<boolean> =>
    store.read(async (tx) => (await findPageSecret(tx, { ...secret, hash, ...change })) !== undefined);
  expect(await Promise.all([has('s0'), has('s1'), has('s256'), has('link', { kind: 'link' })])).toEqual([false, true, true, true]);
  await add('later', { nowMs: 5, expiresAtMs: 2_000 });
  expect(await has('link', { kind: 'link' })).toBe(false);
});

// Those of PostgreSQL are copies here.
test.skipIf(isOnPostgres)('each database names its gateway, always the same', async () => {
  const path = (): string => join(tempDir(), 'gateway.db');
  const [store, other] = [await openStore({ path: path() }), await openStore({ path: path() })];
  const id = await store.read(readGatewayId);
  expect(id).toMatch(/^[0-9a-f]{12}$/);
  expect(await store.read(readGatewayId)).toBe(id);
  expect(await other.read(readGatewayId)).not.toBe(id);
});

test('a session of one worker counts in the next; one that it ends counts there no longer than five seconds', async () => {
  const store = await openStore();
  const clock = new FakeClock();
  const make = (): PageSessions =>
    new PageSessions({ secrets: storedPageSecrets(store), tokens: { findById: async () => undefined }, token: () => 'token', clock });
  const [first, second] = [make(), make()];
  const [cookie = ''] = (await first.begin({ cookies: undefined, basePath: '', isSecure: false }, { access: undefined })).split(';');
  const isIn = async (sessions: PageSessions, cookies: string): Promise<boolean> => (await sessions.find(cookies)) !== undefined;
  expect(await isIn(second, `a=b; ${cookie}`)).toBe(true);
  await first.end({ cookies: cookie, basePath: '', isSecure: false });
  expect([await isIn(first, cookie), await isIn(second, cookie)]).toEqual([false, true]);
  clock.advance(5_000);
  expect(await isIn(second, cookie)).toBe(false);
});
