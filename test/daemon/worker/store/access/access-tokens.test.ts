import { expect, test } from 'vitest';
import {
  type AccessToken,
  addAccessToken,
  noteTokenUse,
  readAccessTokens,
  removeAccessToken,
} from '../../../../../daemon/worker/store/access/access-tokens.js';
import { openStore } from '../../../../helpers/open-store.js';

const token: AccessToken = {
  id: 'tok_1',
  name: 'ci',
  hash: 'h',
  prefix: 'xopc_abcd',
  scopes: ['chat'],
  agents: ['main', 'other'],
  requestsPerMinute: 5,
  dailyUsd: 1.5,
  createdAtMs: 1,
  expiresAtMs: 2,
  lastUsedAtMs: null,
  lastUsedFrom: null,
};
const plain: AccessToken = {
  ...token,
  id: 'tok_2',
  name: 'b',
  prefix: null,
  agents: null,
  requestsPerMinute: null,
  dailyUsd: null,
  createdAtMs: 0,
  expiresAtMs: null,
};

test('tokens come back as they were stored, oldest first, and a name is given once', async () => {
  const store = await openStore();
  const add = (one: AccessToken): Promise<boolean> => store.write((tx) => addAccessToken(tx, one));
  expect([await add(token), await add(plain), await add({ ...plain, id: 'tok_3' })]).toEqual([true, true, false]);
  expect(await store.read(readAccessTokens)).toEqual([plain, token]);
  await store.write((tx) => removeAccessToken(tx, 'tok_2'));
  expect(await store.read(readAccessTokens)).toEqual([token]);
});

test('a last use is never set back', async () => {
  const store = await openStore();
  await store.write((tx) => addAccessToken(tx, token));
  for (const usedAtMs of [5, 9, 7]) await store.write((tx) => noteTokenUse(tx, { id: token.id, usedAtMs, from: `10.0.0.${usedAtMs}` }));
  expect((await store.read(readAccessTokens))[0]).toMatchObject({ lastUsedAtMs: 9, lastUsedFrom: '10.0.0.9' });
});
