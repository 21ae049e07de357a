import { expect, test } from 'vitest';
import { newResponse } from '../../../../../daemon/worker/responses/new-response.js';
import {
  findConversationItem,
  insertConversation,
  removeConversation,
  removeConversationItem,
} from '../../../../../daemon/worker/store/responses/conversations.js';
import { findItem, insertItems } from '../../../../../daemon/worker/store/responses/response-items.js';
import { insertResponse, removeResponse } from '../../../../../daemon/worker/store/responses/responses.js';
import type { Store } from '../../../../../daemon/worker/store/store.js';
import { queriesOf } from '../../../../../daemon/worker/store/transaction.js';
import { openStore } from '../../../../helpers/open-store.js';

const says = (id: string) => ({ id, type: 'message' as const, role: 'user' as const, content: 'a secret' });
const answers = (id: string) => ({ id, type: 'message', role: 'assistant', status: 'completed', content: [] }) as const;

/** A conversation with the items `a` and `b` of a response, and `own`. */
async function conversation(): Promise<Store> {
  const store = await openStore();
  const document = { ...newResponse({ model: 'main', input: 'x' }, { id: 'resp', created_at: 1, status: 'completed' }), output: [] };
  const common = { owner: null, request: null, previousId: null, conversationId: 'conv', instanceId: null, nowMs: 1_000 };
  await store.write(async (tx) => {
    await insertConversation(tx, { id: 'conv', owner: null, metadata: {}, createdAtMs: 1 });
    const place = { owner: null, responseId: null, conversationId: 'conv' };
    await insertItems(tx, place, { side: 'input', items: [says('own')] });
    await insertResponse(tx, { ...common, document: { ...document, output: [answers('b')] as never }, input: [says('a')] });
  });
  return store;
}

const removeItem = (store: Store, itemId: string) => store.write((tx) => removeConversationItem(tx, { conversationId: 'conv', itemId }));
const itemsOf = async (store: Store) => {
  const rows = await store.read((tx) => queriesOf(tx).selectFrom('response_items').select('id').orderBy('id').execute());
  return rows.map(({ id }) => id);
};

test('an item that is removed from a conversation stays in its response, and goes with that', async () => {
  const store = await conversation();
  for (const id of ['a', 'own']) await removeItem(store, id);
  expect(await store.read((tx) => findConversationItem(tx, { conversationId: 'conv', itemId: 'a' }))).toBeUndefined();
  expect(await itemsOf(store)).toEqual(['a', 'b']);
  await store.write((tx) => removeResponse(tx, { id: 'resp', viewer: undefined }));
  expect(await itemsOf(store)).toEqual(['b']);
});

test('an item whose response is gone is deleted when it is removed from its conversation', async () => {
  const store = await conversation();
  await store.write((tx) => removeResponse(tx, { id: 'resp', viewer: undefined }));
  expect(await itemsOf(store)).toEqual(['a', 'b', 'own']);
  await removeItem(store, 'a');
  expect(await store.read((tx) => findItem(tx, { id: 'a', viewer: undefined }))).toBeUndefined();
  expect(await itemsOf(store)).toEqual(['b', 'own']);
  await store.write((tx) => removeConversation(tx, 'conv'));
  expect(await itemsOf(store)).toEqual([]);
});
