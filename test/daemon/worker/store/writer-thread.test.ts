import { once } from 'node:events';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import Database from 'libsql';
import { expect, onTestFinished, test } from 'vitest';
import { asPlainWrite } from '../../../../daemon/worker/store/accept.js';
import { MIGRATIONS } from '../../../../daemon/worker/store/migrations/index.js';
import { acquireLease } from '../../../../daemon/worker/store/leases.js';
import { listOutbox } from '../../../../daemon/worker/store/outbox-pages.js';
import { readNewestMessages } from '../../../../daemon/worker/store/messages.js';
import { findSession } from '../../../../daemon/worker/store/sessions.js';
import { openSqlite } from '../../../../daemon/worker/store/sqlite.js';
import type { Store } from '../../../../daemon/worker/store/store.js';
import { type StartWriter, WriterThread } from '../../../../daemon/worker/store/writer-thread.js';
import { session } from '../../../fixtures/session-parts.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { openStore } from '../../../helpers/open-store.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { buildWriter } from '../../../helpers/worker-fixture.js';

function plain(id: string, bodies: string[] = []) {
  const lane = { channel: 'webchat', accountId: 'default', chatId: 'chat' };
  const message = { ...lane, id, content: `text of ${id}`, bodies, nowMs: 1_000, expiresAtMs: 2_000 };
  const found = asPlainWrite({ message, session: session('chat') });
  if (found === undefined) throw new Error('it has one part at most');
  return found;
}

const accept = (store: Store, id: string, bodies?: string[]): Promise<void> => {
  const { write, values } = plain(id, bodies);
  return store.writePlain(write, values);
};

/** A store with a thread whose start is seen. */
async function storeWithThread(path = join(tempDir(), 'state', 'gateway.db')) {
  const start = buildWriter();
  const threads: Worker[] = [];
  const startWriter: StartWriter = (data) => {
    const thread = start(data);
    threads.push(thread);
    return thread;
  };
  const store = await openStore({ path, startWriter });
  const ids = Array.from({ length: 8 }, (_, index) => `first-${index}`);
  await Promise.all(ids.map((id) => accept(store, id)));
  await once(threads[0] as Worker, 'message'); // it is ready
  return { store, threads, path };
}

async function contents(store: Store): Promise<string[]> {
  return store.read(async (db) => {
    const row = await findSession(db, session('chat').key);
    const messages = row === undefined ? [] : await readNewestMessages(db, { sessionId: row.id, limit: 10_000 });
    return messages.map(({ content }) => content).toReversed();
  });
}

test('the thread and the event loop store the same, in the order in which it was given', async () => {
  const { store } = await storeWithThread();
  const ids = Array.from({ length: 500 }, (_, index) => `next-${index}`);
  await Promise.all(ids.map((id, index) => accept(store, id, index % 2 === 0 ? [] : [`body of ${id}`])));
  expect((await contents(store)).slice(8)).toEqual(ids.map((id) => `text of ${id}`));
  const row = await store.read((db) => findSession(db, session('chat').key));
  expect(row).toMatchObject({ message_count: 508, title: 'text of first-0', is_unread: 1, is_archived: 0, updated_at: 1_000 });
  const [newest, before] = await store.read((db) => listOutbox(db, { limit: 2 }));
  expect(newest).toMatchObject({ id: 'next-499', state: 'queued', parts: 1, finished_at: null });
  expect(before).toMatchObject({ id: 'next-498', state: 'delivered', parts: 0, finished_at: 1_000 });
});

test('writes of both kinds that come together are all done', async () => {
  const { store } = await storeWithThread();
  const leases = Array.from({ length: 60 }, (_, index) => `lease-${index}`);
  const claimed = leases.map((key) => store.write((db) => acquireLease(db, { key, owner: 'me', liveOwners: ['me'], nowMs: 1 })));
  const accepted = leases.map(async (key) => accept(store, key));
  const later = accepted.map((done, index) => done.then(() => accept(store, `later-${index}`)));
  expect(await Promise.all(claimed)).toEqual(leases.map(() => true));
  await Promise.all(later);
  expect(await contents(store)).toHaveLength(8 + 120);
});

test('a write that breaks a rule is refused, and those that shared its transaction are stored', async () => {
  const { store } = await storeWithThread();
  const ids = ['a', 'b', 'first-3', 'c', 'd', 'e'];
  const results = await Promise.allSettled(ids.map((id) => accept(store, id)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect(results[2]).toMatchObject({ reason: { message: expect.stringContaining('UNIQUE') as string } });
  expect((await contents(store)).slice(8)).toEqual(['a', 'b', 'c', 'd', 'e'].map((id) => `text of ${id}`));
});

test('a thread that ends in the middle loses nothing, and is not started again at once', async () => {
  const { store, threads } = await storeWithThread();
  const ids = Array.from({ length: 300 }, (_, index) => `cut-${index}`);
  const all = Promise.allSettled(ids.map((id) => accept(store, id)));
  await threads[0]?.terminate();
  await all;
  // Whether its last transaction was committed nobody can tell, but nothing that was accepted is missing or there twice.
  const stored = new Set((await contents(store)).slice(8));
  const accepted = (await all).flatMap(({ status }, index) => (status === 'fulfilled' ? [`text of ${ids[index]}`] : []));
  expect(accepted.filter((text) => !stored.has(text))).toEqual([]);
  await Promise.all(ids.map((id) => accept(store, `again-${id}`)));
  expect(await contents(store)).toHaveLength(8 + stored.size + 300);
  expect(threads).toHaveLength(1);
});

test('while another program keeps the file locked the writers wait, then are told so; afterwards it works again', async () => {
  const { store, path } = await storeWithThread();
  const other = new Database(path);
  onTestFinished(() => void other.close());
  other.exec('begin immediate');
  const results = await Promise.allSettled(['a', 'b', 'c', 'd'].map((id) => accept(store, id)));
  expect(results.map((result) => result.status === 'rejected' && (result.reason as { code?: string }).code)).toEqual(
    Array.from({ length: 4 }, () => 'UNAVAILABLE'),
  );
  other.exec('commit');
  await Promise.all(['a', 'b', 'c', 'd'].map((id) => accept(store, id)));
  expect((await contents(store)).slice(8)).toEqual(['a', 'b', 'c', 'd'].map((id) => `text of ${id}`));
});

test('the end of the store is the end of the thread, once its connection is closed', async () => {
  const { store, threads } = await storeWithThread();
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => accept(store, id)));
  const ended = once(threads[0] as Worker, 'exit');
  await store.close();
  expect(await ended).toEqual([0]);
});

test('where no thread can be started, the writes are done without one, and it is not tried again with each', async () => {
  let tries = 0;
  const startWriter = (): never => {
    tries += 1;
    throw new Error('no thread here');
  };
  const logger = logMemory();
  const store = await openStore({ startWriter, logger });
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(Array.from({ length: 10 }, (_, index) => accept(store, `${round}-${index}`)));
  }
  expect(await contents(store)).toHaveLength(30);
  expect(tries).toBe(1);
  expect(logger.entries.map(({ message }) => message)).toEqual(['the writer thread does not work; messages are written without it']);
});

test('what the thread has answered is on disk: its connection syncs each commit', async () => {
  const path = join(tempDir(), 'state', 'gateway.db');
  const database = await openSqlite(path, MIGRATIONS);
  onTestFinished(() => database.close());
  const onFault = (error: unknown): never => {
    throw error;
  };
  const thread = new WriterThread({ data: { path, busyTimeoutMs: 100, checkpointPages: 1_000 }, start: buildWriter(), onFault });
  onTestFinished(() => thread.close());
  await expect.poll(() => thread.wake()).toBe(true);
  const pragma = {
    names: [],
    statements: [{ sql: 'create temp table seen as select * from pragma_synchronous', parameters: [], isOtherwise: false }],
  };
  const check = {
    sql: "insert into leases (key, owner, acquired_at) select 'synchronous', synchronous, 0 from seen",
    parameters: [],
    isOtherwise: false,
  };
  expect(await thread.commit([{ text: pragma, values: [] }])).toBe(true);
  expect(await thread.commit([{ text: { names: [], statements: [check] }, values: [] }])).toBe(true);
  const row = await database.reader.selectFrom('leases').select('owner').where('key', '=', 'synchronous').executeTakeFirst();
  expect(row).toEqual({ owner: '2' });
});
