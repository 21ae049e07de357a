/** SQLite reads what it removes, so steps of a purge are bounded by bytes, too. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { insertAttachments, purgeUnsent } from '../../../../../daemon/worker/store/conversations/attachments.js';
import { appendMessage } from '../../../../../daemon/worker/store/conversations/messages.js';
import type { PurgeStep } from '../../../../../daemon/worker/store/conversations/purge.js';
import { deleteSession, purgeSessions, trimSessions } from '../../../../../daemon/worker/store/conversations/session-removal.js';
import { insertResponse, purgeResponses } from '../../../../../daemon/worker/store/responses/responses.js';
import type { Store } from '../../../../../daemon/worker/store/store.js';
import { queriesOf } from '../../../../../daemon/worker/store/transaction.js';
import { newResponse } from '../../../../../daemon/worker/responses/new-response.js';
import { addSession, openStore, session } from '../../../../helpers/open-store.js';

/** Two fill a step. */
const BIG = 8 * 1_048_576;

/** Adds a session with messages that have two big files each; only their size says so. */
async function addFiles(store: Store, peerId: string, { messages, unsent = 0 }: { messages: number; unsent?: number }): Promise<void> {
  const { id: sessionId } = await addSession(store, peerId);
  const message = { sessionId, turnId: null, role: 'user', content: 'text', model: null, status: 'complete', nowMs: 1 } as const;
  const file = (id: string) => ({ id, name: 'a.png', mediaType: 'image/png', content: Buffer.from('text') });
  await store.write(async (tx) => {
    for (let index = 0; index < messages; index += 1) {
      const messageId = `${peerId}-${index}`;
      await appendMessage(tx, { ...message, id: messageId });
      await insertAttachments(tx, { sessionId, messageId, files: [file(`${messageId}-a`), file(`${messageId}-b`)], nowMs: 1 });
    }
    for (let index = 0; index < unsent; index += 1)
      await insertAttachments(tx, { sessionId, files: [file(`${peerId}-unsent-${index}`)], nowMs: 1 });
    await queriesOf(tx).updateTable('attachments').set({ size: BIG }).execute();
  });
}

/** Repeats a step until it finds nothing. @returns how many rows of a table remain after each */
async function remaining(store: Store, table: 'attachments' | 'response_items', step: PurgeStep): Promise<number[]> {
  const counts: number[] = [];
  for (let removed = 1; removed > 0;) {
    removed = await store.write(step);
    const rows = await store.read((tx) => queriesOf(tx).selectFrom(table).select('id').execute());
    if (removed > 0) counts.push(rows.length);
  }
  return counts;
}

test('the files of a deleted session are purged a few at a time, also unsent ones', async () => {
  const store = await openStore();
  await addFiles(store, 'doomed', { messages: 2, unsent: 1 });
  await addFiles(store, 'kept', { messages: 1 });
  await store.write((tx) => deleteSession(tx, { key: session('doomed').key, nowMs: 2 }));
  expect(await remaining(store, 'attachments', (tx) => purgeSessions(tx, 2))).toEqual([5, 3, 2]);
  const left = await store.read((tx) => queriesOf(tx).selectFrom('sessions').select('peer_id').execute());
  expect(left).toEqual([{ peer_id: session('kept').peerId }]);
});

test('the files of messages beyond the limit of their session go before these, a few at a time', async () => {
  const store = await openStore();
  await addFiles(store, 'long', { messages: 4 });
  const kind = session('long').channel as 'webchat';
  expect(await remaining(store, 'attachments', (tx) => trimSessions(tx, { kind, keep: 1 }))).toEqual([6, 4, 2, 2]);
  const messages = await store.read((tx) => queriesOf(tx).selectFrom('messages').select('id').execute());
  expect(messages).toEqual([{ id: 'long-3' }]);
});

test('old unsent files are purged a few at a time', async () => {
  const store = await openStore();
  await addFiles(store, 'one', { messages: 1, unsent: 5 });
  expect(await remaining(store, 'attachments', (tx) => purgeUnsent(tx, 1))).toEqual([5, 3, 2]);
});

test('old responses are purged a few at a time, with their items', async () => {
  const store = await openStore();
  const item = (id: string) => ({ id, type: 'message' as const, role: 'user' as const, content: 'x'.repeat(512) });
  for (const id of ['one', 'two']) {
    const document = newResponse({ model: 'main', input: 'x' }, { id, created_at: 1, status: 'completed' });
    const input = [item(`${id}-a`), item(`${id}-b`)];
    const common = { owner: null, request: null, previousId: null, conversationId: null, instanceId: null, nowMs: 1_000 };
    await store.write((tx) => insertResponse(tx, { ...common, document, input }));
  }
  // Doubled in the database: the driver would take seconds.
  for (let length = 512; length < BIG; length *= 2)
    await store.write((tx) => sql`update response_items set item = item || item`.execute(queriesOf(tx)));
  expect(await remaining(store, 'response_items', (tx) => purgeResponses(tx, 1_000))).toEqual([2, 0, 0]);
  expect(await store.read((tx) => queriesOf(tx).selectFrom('responses').select('id').execute())).toEqual([]);
});
