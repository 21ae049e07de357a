import { expect, test } from 'vitest';
import type { ResponseDocument } from '../../../../../shared/api/responses/document.js';
import { newResponse } from '../../../../../daemon/worker/responses/new-response.js';
import { readOpenResponses } from '../../../../../daemon/worker/store/responses/background.js';
import { findItem, readChain, readItemPage } from '../../../../../daemon/worker/store/responses/response-items.js';
import {
  findResponse,
  finishResponse,
  insertResponse,
  purgeResponses,
  removeResponse,
} from '../../../../../daemon/worker/store/responses/responses.js';
import { purgeInSteps } from '../../../../../daemon/worker/store/conversations/purge.js';
import type { Store } from '../../../../../daemon/worker/store/store.js';
import { openStore } from '../../../../helpers/open-store.js';

const says = (id: string, text: string) => ({ id, type: 'message' as const, role: 'user' as const, content: text });
const answer = (id: string, text: string): ResponseDocument['output'][number] => ({
  id,
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
});

function document(id: string, status: ResponseDocument['status'], output: ResponseDocument['output'] = []): ResponseDocument {
  return { ...newResponse({ model: 'main', input: 'x' }, { id, created_at: 1, status }), output };
}

async function add(store: Store, id: string, change: Partial<Parameters<typeof insertResponse>[1]> = {}): Promise<void> {
  const common = { owner: 'tok_1', request: null, previousId: null, conversationId: null, instanceId: 'wk_1', nowMs: 1_000 };
  const input = [says(`${id}-a`, 'a'), says(`${id}-b`, 'b')];
  await store.write((tx) =>
    insertResponse(tx, { ...common, document: document(id, 'completed', [answer(`${id}-c`, `of ${id} \0`)]), input, ...change }),
  );
}

const idsOf = (items: readonly { id: string }[] | undefined): string[] | undefined => items?.map(({ id }) => id);

test('a response is stored with what was asked and answered; those that it continues come before it', async () => {
  const store = await openStore();
  await add(store, 'one');
  await add(store, 'two', { previousId: 'one' });
  await add(store, 'three', { previousId: 'two' });
  const found = await store.read((tx) => findResponse(tx, { id: 'two', viewer: undefined }));
  expect(found?.document).toEqual(document('two', 'completed', [answer('two-c', 'of two \0')]));
  const ids = ['one', 'two', 'three'].flatMap((id) => [`${id}-a`, `${id}-b`, `${id}-c`]);
  expect(idsOf(await store.read((tx) => readChain(tx, 'three')))).toEqual(ids);
  expect(await store.read((tx) => findItem(tx, { id: 'one-b', viewer: 'tok_2' }))).toBeUndefined();
  expect(await store.read((tx) => findResponse(tx, { id: 'one', viewer: 'tok_2' }))).toBeUndefined();
  expect(await store.write((tx) => removeResponse(tx, { id: 'one', viewer: 'tok_2' }))).toBe(false);
  expect(await store.read((tx) => findItem(tx, { id: 'one-b', viewer: 'tok_1' }))).toEqual(says('one-b', 'b'));
  expect(await store.write((tx) => removeResponse(tx, { id: 'one', viewer: 'tok_1' }))).toBe(true);
  expect(await store.write((tx) => removeResponse(tx, { id: 'one', viewer: 'tok_1' }))).toBe(false);
  expect(await store.read((tx) => readChain(tx, 'three'))).toBeUndefined();
  expect(await store.read((tx) => findItem(tx, { id: 'one-b', viewer: 'tok_1' }))).toBeUndefined();
});

test('the end of a response is stored once, by the worker that writes it', async () => {
  const store = await openStore();
  await add(store, 'one', { document: document('one', 'in_progress') });
  const end = { document: document('one', 'completed', [answer('c', 'c')]), nowMs: 2_000 };
  expect(await store.write((tx) => finishResponse(tx, { ...end, instanceId: 'wk_2' }))).toBe(false);
  expect(await store.write((tx) => finishResponse(tx, { ...end, instanceId: 'wk_1' }))).toBe(true);
  expect(await store.write((tx) => finishResponse(tx, { ...end, instanceId: 'wk_1' }))).toBe(false);
  expect((await store.read((tx) => findResponse(tx, { id: 'one', viewer: undefined })))?.document).toEqual(end.document);
});

test('the open responses are those that a worker may have to write or end: not those whose callers it answers itself', async () => {
  const store = await openStore();
  const request = { model: 'main', input: 'x' };
  const open = (id: string, change: Partial<Parameters<typeof insertResponse>[1]>) =>
    add(store, id, { document: document(id, 'in_progress'), ...change });
  await open('answered here', {});
  await open('answered elsewhere', { instanceId: 'wk_2' });
  await open('background, queued', { request, instanceId: null });
  await open('background, here', { request });
  await add(store, 'ended');
  const read = await store.read((tx) => readOpenResponses(tx, { instanceId: 'wk_1' }));
  expect(idsOf(read.open)?.toSorted()).toEqual(['answered elsewhere', 'background, here', 'background, queued']);
  const rest = await store.read((tx) => readOpenResponses(tx, { instanceId: 'wk_1', after: read.open[0] }));
  expect(rest).toEqual({ open: read.open.slice(1), areAll: true });
});

test('what was asked is read page by page, in both directions', async () => {
  const store = await openStore();
  await add(store, 'one', { input: ['a', 'b', 'c', 'd', 'e'].map((id) => says(id, id)) });
  const page = async (order: 'asc' | 'desc', after?: string) => {
    const read = await store.read((tx) => readItemPage(tx, { responseId: 'one' }, { order, limit: 2, after }));
    return read && [idsOf(read.items)?.join(''), read.hasMore];
  };
  expect([await page('asc'), await page('asc', 'b'), await page('asc', 'd')]).toEqual([
    ['ab', true],
    ['cd', true],
    ['e', false],
  ]);
  expect([await page('desc'), await page('desc', 'd'), await page('desc', 'b')]).toEqual([
    ['ed', true],
    ['cb', true],
    ['a', false],
  ]);
  expect(await page('asc', 'none')).toBeUndefined();
});

test('old responses are purged unless a later one continues them or they have not ended', async () => {
  const store = await openStore();
  await add(store, 'one');
  await add(store, 'two', { previousId: 'one', nowMs: 5_000 });
  await add(store, 'open', { document: document('open', 'in_progress') });
  expect(await store.write((tx) => purgeResponses(tx, 4_000))).toBe(0);
  await add(store, 'three', { previousId: 'two', nowMs: 5_000 });
  await purgeInSteps(
    store,
    (tx) => purgeResponses(tx, 5_000),
    () => true,
  );
  for (const id of ['one', 'two', 'three'])
    expect(await store.read((tx) => findResponse(tx, { id, viewer: undefined })), id).toBeUndefined();
  expect(await store.read((tx) => findResponse(tx, { id: 'open', viewer: undefined }))).toBeDefined();
  expect(await store.read((tx) => findItem(tx, { id: 'two-c', viewer: 'tok_1' }))).toBeUndefined();
});
