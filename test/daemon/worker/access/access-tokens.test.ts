import { expect, test } from 'vitest';
import { type AccessToken, AccessTokens, type AccessTokensOptions } from '../../../../daemon/worker/access/access-tokens.js';
import type { Store } from '../../../../daemon/worker/store/store.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { makeStore, openStore } from '../../../helpers/open-store.js';

const ALONE: AccessTokensOptions['liveness'] = { lookAgainMs: () => undefined, onChange: () => () => undefined };

async function start(store: Store, options: Partial<AccessTokensOptions> = {}) {
  const clock = new FakeClock();
  const told: unknown[] = [];
  const publish = (event: unknown): void => void told.push(event);
  const tokens = new AccessTokens({ store, clock, logger: logMemory(), liveness: ALONE, publish, ...options });
  const ended: string[] = [];
  tokens.onEnd((id) => void ended.push(id));
  await tokens.start();
  return { tokens, clock, ended, told };
}

const found = (tokens: AccessTokens, secret: string): AccessToken => tokens.find(secret) as AccessToken;

test('a token is found by its secret, which is nowhere in the database', async () => {
  const store = await openStore();
  const { tokens } = await start(store);
  const { secret, token } = await tokens.add({ name: 'ci', scopes: ['send', 'read', 'send'] });
  expect(secret).toMatch(/^xopc_[\w-]{43}$/);
  expect(token).toMatchObject({ name: 'ci', scopes: ['send', 'read'], agents: null, expiresAt: null, lastUsedAt: null });
  expect(found(tokens, secret)).toMatchObject({ id: token.id, name: 'ci' });
  expect([tokens.find(`${secret.slice(0, -1)}_`), tokens.find('secret')]).toEqual(['ended', undefined]);
  const { tokens: next } = await start(store);
  expect(found(next, secret).id).toBe(token.id);
  expect((await next.list())[0]?.prefix).toBe(secret.slice(0, 9));
  expect(JSON.stringify(await next.list())).not.toContain(secret.slice(0, 10));
  expect(found(next, secret).hash).not.toContain(secret.slice(5, 15));
});

test('a revoked token is told of once, and its name is free again', async () => {
  const { tokens, ended, told } = await start(await openStore());
  const { secret, token } = await tokens.add({ name: 'ci', scopes: ['read'] });
  await expect(tokens.add({ name: 'ci', scopes: ['chat'] })).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await tokens.revoke('ci')).toMatchObject({ id: token.id });
  expect([tokens.find(secret), await tokens.findById(token.id), ended]).toEqual(['ended', undefined, [token.id]]);
  const { id } = token;
  expect(told).toEqual(['created', 'revoked'].map((change) => ({ type: 'token', id, change })));
  await expect(tokens.revoke('ci')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const again = await tokens.add({ name: 'ci', scopes: ['chat'] });
  expect(await tokens.revoke(again.token.id)).toMatchObject({ name: 'ci' });
});

test('a token ends at its time, but is still listed', async () => {
  const { tokens, clock, ended, told } = await start(await openStore());
  const expiresAt = new Date(clock.now() + 5_000).toISOString();
  const { secret, token } = await tokens.add({ name: 'short', scopes: ['read'], expiresAt });
  await tokens.add({ name: 'long', scopes: ['read'], expiresAt: new Date(clock.now() + 100 * 86_400_000).toISOString() });
  clock.advance(4_999);
  expect([found(tokens, secret).id, ended]).toEqual([token.id, []]);
  clock.advance(1);
  expect([tokens.find(secret), await tokens.findById(token.id), ended]).toEqual(['ended', undefined, [token.id]]);
  expect(told).toContainEqual({ type: 'token', id: token.id, change: 'expired' });
  expect((await tokens.list()).map(({ name }) => name)).toEqual(['short', 'long']);
  await expect(tokens.add({ name: 'past', scopes: ['read'], expiresAt })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
});

test('the end of a token is told of once, also if the tokens are read before its timer fires, after a sleep of the machine', async () => {
  const { tokens, clock, ended, told } = await start(await openStore());
  const { token } = await tokens.add({ name: 'short', scopes: ['read'], expiresAt: new Date(clock.now() + 5_000).toISOString() });
  clock.jump(6_000);
  await tokens.list();
  clock.advance(6_000);
  await tokens.list();
  expect([ended, told.slice(1)]).toEqual([[token.id], [{ type: 'token', id: token.id, change: 'expired' }]]);
});

test('a limit to agents goes with the scope chat alone', async () => {
  const { tokens } = await start(await openStore());
  const wrong = tokens.add({ name: 'a', scopes: ['chat', 'read'], agents: ['main'] });
  await expect(wrong).rejects.toMatchObject({ code: 'INVALID_REQUEST', details: { param: 'scopes' } });
  expect((await tokens.add({ name: 'a', scopes: ['chat'], agents: ['main', 'main'] })).token.agents).toEqual(['main']);
});

test('there can be 256', async () => {
  const { tokens } = await start(await openStore());
  for (let number = 0; number < 256; number += 1) await tokens.add({ name: `t${number}`, scopes: ['read'] });
  await expect(tokens.add({ name: 'more', scopes: ['read'] })).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('what another worker changes counts here: at once where that is told, else after 500 ms', async () => {
  const store = await openStore();
  const { tokens: other } = await start(store);
  let change = (): void => undefined;
  const heard = await start(store, { liveness: { ...ALONE, onChange: (_topic, listener) => ((change = listener), () => undefined) } });
  const looking = await start(store, { liveness: { ...ALONE, lookAgainMs: (unheardMs) => unheardMs } });
  const { secret, token } = await other.add({ name: 'ci', scopes: ['read'] });
  change();
  looking.clock.advance(500);
  await expect.poll(() => [heard.tokens.find(secret), looking.tokens.find(secret)]).toMatchObject([{ name: 'ci' }, { name: 'ci' }]);
  await other.revoke('ci');
  change();
  await expect.poll(() => heard.ended).toEqual([token.id]);
  expect(heard.told).toMatchObject([{ change: 'created' }, { change: 'revoked' }]);
  await expect.poll(() => (looking.clock.advance(500), looking.ended)).toEqual([token.id]);
});

test('until the database can be read, nobody knows what a token is', async () => {
  const store = makeStore();
  const { tokens, clock } = await start(store);
  const secret = `xopc_${'a'.repeat(43)}`;
  expect(tokens.find(secret)).toBe('unread');
  await expect(tokens.findById('tok_1')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await store.open();
  await expect.poll(() => (clock.advance(1_000), tokens.find(secret))).toBe('ended');
});

test('work of a token goes on as soon as the database can be read', async () => {
  const store = makeStore();
  const { tokens } = await start(store);
  await store.open();
  const { token } = await (await start(store)).tokens.add({ name: 'ci', scopes: ['chat'] });
  expect(await tokens.findById(token.id)).toMatchObject({ name: 'ci' });
});

test('the last use is stored within a minute, at the end, and before a list', async () => {
  const store = await openStore();
  const { tokens, clock } = await start(store);
  const { secret } = await tokens.add({ name: 'ci', scopes: ['read'] });
  const lastUse = async (): Promise<string | null | undefined> => (await (await start(store)).tokens.list())[0]?.lastUsedAt;
  tokens.noteUse(found(tokens, secret), '10.0.0.1');
  const first = new Date(clock.now()).toISOString();
  expect(await lastUse()).toBe(null);
  clock.advance(60_000);
  await expect.poll(lastUse).toBe(first);
  tokens.noteUse(found(tokens, secret), '10.0.0.1');
  expect((await tokens.list())[0]).toMatchObject({ lastUsedAt: new Date(clock.now()).toISOString(), lastUsedFrom: '10.0.0.1' });
  clock.advance(10);
  tokens.noteUse(found(tokens, secret), '10.0.0.2');
  await tokens.stop();
  expect(await lastUse()).toBe(new Date(clock.now()).toISOString());
  expect((await tokens.list())[0]?.lastUsedFrom).toBe('10.0.0.2');
});
