import { expect, test } from 'vitest';
import { findSession } from '../../../../../daemon/worker/store/conversations/sessions.js';
import { readNewestMessages } from '../../../../../daemon/worker/store/conversations/messages.js';
import { type Acceptance, acceptMessages, storeAcceptances } from '../../../../../daemon/worker/store/delivery/accept.js';
import { readOpenPart, readOutboxHead, readPartStates } from '../../../../../daemon/worker/store/delivery/outbox.js';
import { IDEMPOTENCY_TTL_MS } from '../../../../../daemon/worker/store/idempotency.js';
import type { Store } from '../../../../../daemon/worker/store/store.js';
import { openStore, session } from '../../../../helpers/open-store.js';

const lane = (chatId: string) => ({ channel: 'webhook', accountId: 'default', chatId });

function acceptance(chatId: string, { id, content = id, bodies = [] }: { id: string; content?: string; bodies?: string[] }): Acceptance {
  return { message: { ...lane(chatId), id, content, bodies, nowMs: 1_000, expiresAtMs: 2_000 }, session: session(chatId) };
}

async function read(store: Store, chatId: string) {
  return store.read(async (tx) => {
    const found = await findSession(tx, session(chatId).key);
    const messages = await readNewestMessages(tx, { sessionId: found?.id ?? 0, limit: 100 });
    return { title: found?.title, unread: found?.unread, count: found?.messageCount, ids: messages.map(({ id }) => id).toReversed() };
  });
}

test('messages that wait together are stored as if each had been stored by itself', async () => {
  const store = await openStore();
  const ids = Array.from({ length: 57 }, (_, index) => `m${index}`);
  await store.writeItem(acceptMessages, acceptance('a', { id: 'first', content: '/command' }));
  await Promise.all(
    ids.map((id, index) => store.writeItem(acceptMessages, acceptance(index % 3 === 0 ? 'a' : 'b', { id, content: `text of ${id}` }))),
  );
  const inA = ids.filter((_id, index) => index % 3 === 0);
  const inB = ids.filter((_id, index) => index % 3 !== 0);
  expect(await read(store, 'a')).toEqual({ title: 'text of m0', unread: true, count: 20, ids: ['first', ...inA] });
  expect(await read(store, 'b')).toEqual({ title: 'text of m1', unread: true, count: 38, ids: inB });
});

test('a new session is named after the first message that makes a title', async () => {
  const store = await openStore();
  const texts = ['/command', 'first words', 'other words'];
  await Promise.all(texts.map((content, index) => store.writeItem(acceptMessages, acceptance('a', { id: `m${index}`, content }))));
  expect(await read(store, 'a')).toMatchObject({ title: 'first words', count: 3 });
});

test('one that cannot be stored takes no other with it', async () => {
  const store = await openStore();
  const ids = ['a', 'b', 'a', 'c'];
  const results = await Promise.allSettled(ids.map((id) => store.writeItem(acceptMessages, acceptance('chat', { id }))));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(results[2]).toMatchObject({ reason: { message: expect.stringMatching(/unique/i) as string } });
  expect(await read(store, 'chat')).toMatchObject({ count: 3, ids: ['a', 'b', 'c'] });
});

test.each([true, false])('a key is done once, and refused alone for another message; together: %s', async (isTogether) => {
  const store = await openStore();
  const ask = (id: string, key: string, { bodyHash = 'same', nowMs = 1_000 } = {}) => {
    const { message, session: of } = acceptance('chat', { id });
    return () => store.writeItem(acceptMessages, { message: { ...message, nowMs }, session: of, use: { scope: 'message', key, bodyHash } });
  };
  await ask('m0', 'known')();
  const later = 1_000 + IDEMPOTENCY_TTL_MS;
  const requests = [
    ask('m1', 'new'),
    ask('m2', 'known', { nowMs: later - 1 }),
    ask('m3', 'new'),
    ask('m4', 'new', { bodyHash: 'other' }),
    () => store.writeItem(acceptMessages, acceptance('chat', { id: 'm5' })),
    ask('m6', 'known', { bodyHash: 'other' }),
    ask('m7', 'fresh', { bodyHash: 'other' }),
  ];
  const forgotten = ask('m8', 'known', { bodyHash: 'other', nowMs: later });
  const results: PromiseSettledResult<unknown>[] = [];
  for (const some of isTogether ? [requests, [forgotten]] : [...requests, forgotten].map((one) => [one]))
    results.push(...(await Promise.allSettled(some.map((request) => request()))));
  const refused = { reason: { code: 'CONFLICT' } };
  const value = (messageId: string, replayed: boolean) => ({ value: { messageId, replayed } });
  const first = [value('m1', false), value('m0', true), value('m1', true), refused, value('m5', false), refused];
  expect(results).toMatchObject([...first, value('m7', false), value('m8', false)]);
  expect(await read(store, 'chat')).toMatchObject({ count: 5, ids: ['m0', 'm1', 'm5', 'm7', 'm8'] });
});

test('the parts of each message are kept in order, and the messages of a chat, too', async () => {
  const store = await openStore();
  const bodies = Array.from({ length: 12 }, (_, index) => `part ${index + 1}`);
  const messages = [acceptance('a', { id: 'm1', bodies }), acceptance('b', { id: 'm2' }), acceptance('a', { id: 'm3', bodies: ['x'] })];
  await store.write((tx) => storeAcceptances(tx, messages));
  await store.read(async (tx) => {
    const head = await readOutboxHead(tx, lane('a'));
    expect(head).toMatchObject({ id: 'm1', state: 'queued' });
    expect(await readPartStates(tx, head?.seq ?? 0)).toHaveLength(12);
    expect(await readOpenPart(tx, head?.seq ?? 0)).toMatchObject({ part: 1, body: 'part 1' });
    expect(await readOutboxHead(tx, lane('b'))).toBeUndefined();
  });
});
