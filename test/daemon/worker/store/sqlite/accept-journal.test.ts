import { join } from 'node:path';
import Database from 'libsql';
import { expect, onTestFinished, test } from 'vitest';
import { type Acceptance, journaledAcceptance, storeAcceptance } from '../../../../../daemon/worker/store/delivery/accept.js';
import { journalLength } from '../../../../../daemon/worker/store/sqlite/accept-journal.js';
import { listOutbox } from '../../../../../daemon/worker/store/delivery/outbox-pages.js';
import { deleteSession } from '../../../../../daemon/worker/store/conversations/session-removal.js';
import { changeSession, findSession } from '../../../../../daemon/worker/store/conversations/sessions.js';
import type { Store } from '../../../../../daemon/worker/store/store.js';
import { addSession, openStore, session } from '../../../../helpers/open-store.js';
import { tempDir } from '../../../../helpers/temp-dir.js';
import { queriesOf } from '../../../../../daemon/worker/store/transaction.js';

interface Told {
  readonly chat: string;
  readonly id: string;
  readonly content?: string;
  readonly bodies?: readonly string[];
  readonly nowMs?: number;
}

function acceptance({ chat, id, content = `text of ${id}`, bodies = [], nowMs = 1_000 }: Told): Acceptance {
  const lane = { channel: 'webchat', accountId: 'default', chatId: chat };
  return { message: { ...lane, id, content, bodies: [...bodies], nowMs, expiresAtMs: nowMs + 1_000 }, session: session(chat) };
}

function accept(store: Store, told: Told): Promise<void> {
  const journaled = journaledAcceptance(acceptance(told));
  if (journaled === undefined) throw new Error('it has one part at most');
  return store.writeJournaled(journaled);
}

const acceptAll = (store: Store, all: readonly Told[]) => Promise.all(all.map((told) => accept(store, told)));
const many = (count: number, name = 'm'): Told[] => Array.from({ length: count }, (_, index) => ({ chat: 'chat', id: `${name}${index}` }));
const contents = async (store: Store): Promise<string[]> => {
  const rows = await store.read((tx) => queriesOf(tx).selectFrom('messages').select('content').orderBy('seq').execute());
  return rows.map(({ content }) => content);
};

/** As another program sees the file. */
function lookInto(path: string): { count: (table: string) => number; database: Database.Database } {
  const database = new Database(path);
  onTestFinished(() => void database.close());
  return { database, count: (table) => (database.prepare(`select count(*) as n from ${table}`).get() as { n: number }).n };
}

async function openAt(path = join(tempDir(), 'state', 'gateway.db')) {
  return { path, store: await openStore({ path }), ...lookInto(path) };
}

/** Everything that is known of sessions and messages; of a session's number only that it is the same. */
async function dump(store: Store): Promise<unknown> {
  return store.read(async (tx) => {
    const sessions = await queriesOf(tx).selectFrom('sessions').selectAll().orderBy('id').execute();
    const messages = await queriesOf(tx).selectFrom('messages').selectAll().orderBy('seq').execute();
    const keyOf = (id: number): string | undefined => sessions.find((row) => row.id === id)?.key;
    return {
      sessions: sessions.map(({ id: _id, ...row }) => row),
      messages: messages.map(({ session_id: id, ...row }) => ({ ...row, session: keyOf(id) })),
      outbox: await queriesOf(tx).selectFrom('outbox_messages').selectAll().orderBy('seq').execute(),
      parts: await queriesOf(tx).selectFrom('outbox_parts').selectAll().orderBy('message_seq').execute(),
      journal: await journalLength(tx),
    };
  });
}

const TOLD: readonly Told[] = [
  { chat: 'new', id: 'a', content: '/help' },
  { chat: 'new', id: 'b', content: 'the first title', nowMs: 1_001 },
  { chat: 'known', id: 'c', bodies: ['body of c'], nowMs: 1_002 },
  { chat: 'new', id: 'd', content: 'another title', bodies: ['body of d'], nowMs: 1_003 },
  { chat: 'titled', id: 'e', content: 'no title any more', nowMs: 1_004 },
  { chat: 'deleted', id: 'f', content: 'begins anew\u0000\u001a', nowMs: 1_005 },
  { chat: 'deleted', id: 'g', bodies: [''], nowMs: 1_006 },
  { chat: 'archived', id: 'h', nowMs: 1_007 },
  { chat: 'known', id: 'i', nowMs: 1_008 },
];

async function storeWithSessions(): Promise<Store> {
  const store = await openStore();
  for (const peerId of ['known', 'titled', 'deleted', 'archived']) await addSession(store, peerId);
  await store.write(async (tx) => {
    const idOf = async (peerId: string): Promise<number> => (await findSession(tx, session(peerId).key))?.id ?? 0;
    await changeSession(tx, await idOf('titled'), { title: 'has one' });
    await changeSession(tx, await idOf('archived'), { archived: true });
    await deleteSession(tx, { key: session('deleted').key, nowMs: 1_000 });
  });
  return store;
}

test('messages of a burst are stored as if each had been stored by itself', async () => {
  const [together, apart] = [await storeWithSessions(), await storeWithSessions()];
  await acceptAll(together, TOLD);
  for (const told of TOLD) await apart.write((tx) => storeAcceptance(tx, acceptance(told)));
  expect(await dump(together)).toEqual(await dump(apart));
});

test('a burst is in the journal until somebody reads or writes; few messages never are', async () => {
  const { store, count } = await openAt();
  await acceptAll(store, many(3, 'few'));
  expect([count('accept_journal'), count('messages')]).toEqual([0, 3]);
  await acceptAll(store, many(10));
  expect([count('accept_journal'), count('messages')]).toEqual([10, 3]);
  expect(await contents(store)).toHaveLength(13);
  expect([count('accept_journal'), count('messages')]).toEqual([0, 13]);
  await acceptAll(store, many(10, 'x'));
  expect(count('accept_journal')).toBe(10);
  await store.write((tx) => changeSession(tx, 1, { title: 'written' }));
  expect([count('accept_journal'), count('messages')]).toEqual([0, 23]);
});

test('a journal that is long is applied without being asked for', async () => {
  const { store, count } = await openAt();
  for (let round = 0; round < 4; round += 1) await acceptAll(store, many(100, `r${round}-`));
  expect(count('accept_journal')).toBeLessThan(256);
  expect(count('accept_journal') + count('messages')).toBe(400);
  expect(count('messages')).toBeGreaterThan(0);
});

test('a chat gets its messages in the order in which they were accepted, whichever way each took', async () => {
  const { store } = await openAt();
  const ids: string[] = [];
  for (const [round, size] of [1, 9, 2, 30, 300, 1, 5].entries()) {
    const told = many(size, `r${round}-`);
    ids.push(...told.map(({ id }) => id));
    await acceptAll(store, told);
    if (round % 2 === 0) await store.write((tx) => changeSession(tx, 1, { title: 'between' }));
  }
  const rows = await store.read((tx) => queriesOf(tx).selectFrom('outbox_messages').select('id').orderBy('seq').execute());
  expect(rows.map(({ id }) => id)).toEqual(ids);
  expect(await contents(store)).toEqual(ids.map((id) => `text of ${id}`));
  expect(await store.read((tx) => findSession(tx, session('chat').key))).toMatchObject({ messageCount: ids.length });
});

test('writes of other kinds that come in the same moment are done, too', async () => {
  const { store } = await openAt();
  const mixed = many(60).map(async (told, index) => {
    await accept(store, told);
    await Promise.all([accept(store, { ...told, id: `again${index}` }), store.read(journalLength)]);
  });
  await Promise.all([...mixed, store.write((tx) => changeSession(tx, 1, { title: 'x' }))]);
  expect(new Set(await contents(store)).size).toBe(120);
});

test('what one worker has accepted another sees, and whoever opens the file finds it', async () => {
  const { path, store } = await openAt();
  const other = await openStore({ path });
  await acceptAll(store, many(10));
  expect(await contents(other)).toHaveLength(10);
  await acceptAll(
    store,
    many(10, 'x').map((told) => ({ ...told, bodies: ['to be sent'] })),
  );
  // As `kill -9` would leave it.
  const { database, count } = lookInto(path);
  expect(count('accept_journal')).toBe(10);
  const copy = join(tempDir(), 'state.db');
  database.prepare('vacuum into ?').run([copy]);
  const next = await openStore({ path: copy });
  expect(await contents(next)).toHaveLength(20);
  expect((await next.read((tx) => listOutbox(tx, { limit: 50 }))).filter(({ state }) => state === 'queued')).toHaveLength(10);
});

test('a worker that ends leaves nothing in the journal', async () => {
  const { store, count } = await openAt();
  await acceptAll(store, many(10));
  expect(count('accept_journal')).toBe(10);
  await store.close();
  expect([count('accept_journal'), count('messages')]).toEqual([0, 10]);
});

test('one that cannot be stored is refused, and those that shared its transaction are stored', async () => {
  const { store } = await openAt();
  const writes = many(6).map((told, index) => {
    const { message, session: place } = acceptance(told);
    const broken = { ...message, expiresAtMs: null as unknown as number };
    return journaledAcceptance({ session: place, message: index === 2 ? broken : message });
  });
  const results = await Promise.allSettled(writes.map(async (write) => write && store.writeJournaled(write)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect(results[2]).toMatchObject({ reason: { message: expect.stringContaining('NOT NULL') as string } });
  expect(await contents(store)).toEqual(['m0', 'm1', 'm3', 'm4', 'm5'].map((id) => `text of ${id}`));
});

test('an id that is there already is not stored a second time', async () => {
  const { store } = await openAt();
  await acceptAll(store, many(5));
  await contents(store);
  await acceptAll(store, [...many(2), ...many(5, 'new')]);
  expect(await contents(store)).toHaveLength(10);
});

test('while another program keeps the file locked, what was applied before can be read; afterwards all of it', async () => {
  const { path, store } = await openAt();
  await acceptAll(store, many(3));
  await acceptAll(store, many(10, 'x'));
  const { database } = lookInto(path);
  database.exec('begin immediate');
  expect(await contents(store)).toHaveLength(3);
  database.exec('commit');
  expect(await contents(store)).toHaveLength(13);
});
