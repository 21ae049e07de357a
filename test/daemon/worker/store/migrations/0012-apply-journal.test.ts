import { join } from 'node:path';
import Database from 'libsql';
import { expect, onTestFinished, test } from 'vitest';
import { deleteSession } from '../../../../../daemon/worker/store/conversations/session-removal.js';
import { changeSession, findSession } from '../../../../../daemon/worker/store/conversations/sessions.js';
import { type Acceptance, storeAcceptances } from '../../../../../daemon/worker/store/delivery/accept.js';
import { MIGRATIONS, NEWEST_SCHEMA } from '../../../../../daemon/worker/store/migrations/index.js';
import type { Store } from '../../../../../daemon/worker/store/store.js';
import { queriesOf } from '../../../../../daemon/worker/store/transaction.js';
import { addSession, openStore, session } from '../../../../helpers/open-store.js';
import { tempDir } from '../../../../helpers/temp-dir.js';

interface Entry {
  readonly chat: string;
  readonly id: string;
  readonly title?: string | null;
  readonly body?: string;
  readonly nowMs: number;
}

const ENTRIES: readonly Entry[] = [
  { chat: 'new', id: 'a', title: null, nowMs: 1_000 },
  { chat: 'new', id: 'b', title: 'the first title', nowMs: 1_001 },
  { chat: 'known', id: 'c', body: 'body of c', nowMs: 1_002 },
  { chat: 'new', id: 'd', title: 'another title', body: 'body of d', nowMs: 1_003 },
  { chat: 'titled', id: 'e', title: 'no title any more', nowMs: 1_004 },
  { chat: 'deleted', id: 'f', nowMs: 1_005 },
  { chat: 'deleted', id: 'g', body: '', nowMs: 1_006 },
  { chat: 'archived', id: 'h', nowMs: 1_007 },
  { chat: 'known', id: 'i', nowMs: 1_008 },
];

const contentOf = ({ id, title }: Entry): string => (title === null ? '/help' : (title ?? `text of ${id}`));

/** As the build before writes it, from another process. */
function journal(database: Database.Database, entry: Entry): void {
  const { key, agentId, channel, accountId, peerKind, peerId } = session(entry.chat);
  const content = contentOf(entry);
  const title = entry.title === null ? null : content;
  database
    .prepare(
      `insert into accept_journal (session_key, agent_id, channel, account_id, peer_kind, peer_id, chat_id, id, title, content, body, accepted_at, expires_at)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run([
      key,
      agentId,
      channel,
      accountId,
      peerKind,
      peerId,
      entry.chat,
      entry.id,
      title,
      content,
      entry.body ?? null,
      entry.nowMs,
      9_000,
    ]);
}

function acceptance(entry: Entry): Acceptance {
  const { channel, accountId, ...rest } = session(entry.chat);
  const bodies = entry.body === undefined ? [] : [entry.body];
  const message = { channel, accountId, chatId: entry.chat, id: entry.id, content: contentOf(entry), bodies, nowMs: entry.nowMs };
  return { message: { ...message, expiresAtMs: 9_000 }, session: { channel, accountId, ...rest } };
}

/** A store of a build that knows no more than `version`, with sessions of every kind. */
async function storeOf(version: number): Promise<{ path: string; store: Store; database: Database.Database }> {
  const path = join(tempDir(), 'state', 'gateway.db');
  const store = await openStore({ path, migrations: MIGRATIONS.filter((migration) => migration.version <= version) });
  for (const peerId of ['known', 'titled', 'deleted', 'archived']) await addSession(store, peerId);
  await store.write(async (tx) => {
    const idOf = async (peerId: string): Promise<number> => (await findSession(tx, session(peerId).key))?.id ?? 0;
    await changeSession(tx, await idOf('titled'), { title: 'has one' });
    await changeSession(tx, await idOf('archived'), { archived: true });
    await deleteSession(tx, { key: session('deleted').key, nowMs: 1_000 });
  });
  const database = new Database(path);
  onTestFinished(() => void database.close());
  return { path, store, database };
}

/** Everything that builds of then know of sessions and messages; of a session's number only that it is the same. */
function dump(store: Store): Promise<unknown> {
  return store.read(async (tx) => {
    const db = queriesOf(tx);
    const sessions = await db.selectFrom('sessions').selectAll().orderBy('id').execute();
    const messages = await db.selectFrom('messages').selectAll().orderBy('seq').execute();
    const keyOf = (id: number): string | undefined => sessions.find((row) => row.id === id)?.key;
    const outbox = await db.selectFrom('outbox_messages').selectAll().orderBy('seq').execute();
    return {
      sessions: sessions.map(({ id: _id, ...row }) => row),
      messages: messages.map(({ session_id: id, duration_ms: _later, ...row }) => ({ ...row, session: keyOf(id) })),
      outbox: outbox.map(({ sent_id: _later, ...row }) => row),
      parts: await db.selectFrom('outbox_parts').selectAll().orderBy('message_seq').execute(),
    };
  });
}

const lengthOf = (database: Database.Database) => database.prepare('select count(*) as length from accept_journal').get();

async function expected(): Promise<unknown> {
  const { store } = await storeOf(NEWEST_SCHEMA);
  for (const entry of ENTRIES) await store.write((tx) => storeAcceptances(tx, [acceptance(entry)]));
  return dump(store);
}

test('what an older build left in the journal is stored as if each message had been stored by itself', async () => {
  const { path, database } = await storeOf(11);
  for (const entry of ENTRIES) journal(database, entry);
  const store = await openStore({ path });
  expect(await dump(store)).toEqual(await expected());
  expect(lengthOf(database)).toMatchObject({ length: 0 });
});

test('what an older worker journals while this one runs is stored at once, in order', async () => {
  const { store, database } = await storeOf(12);
  for (const [index, entry] of ENTRIES.entries()) {
    if (index % 2 === 0) journal(database, entry);
    else await store.write((tx) => storeAcceptances(tx, [acceptance(entry)]));
    expect(lengthOf(database)).toMatchObject({ length: 0 });
  }
  expect(await dump(store)).toEqual(await expected());
});

test('an id that is stored already is not stored a second time', async () => {
  const { path, store, database } = await storeOf(11);
  const entry = { chat: 'known', id: 'twice', body: 'x', nowMs: 1_000 };
  await store.write((tx) => storeAcceptances(tx, [acceptance(entry)]));
  journal(database, entry);
  const next = await openStore({ path });
  expect(await next.read((tx) => queriesOf(tx).selectFrom('messages').select('id').execute())).toEqual([{ id: 'twice' }]);
  expect(await next.read((tx) => queriesOf(tx).selectFrom('outbox_parts').select('part').execute())).toEqual([{ part: 1 }]);
});

test('the journal is gone once no older worker can run any more', async () => {
  const { store, database } = await storeOf(NEWEST_SCHEMA);
  await store.contract();
  expect(database.prepare("select name from sqlite_schema where name like 'accept_journal%'").all()).toEqual([]);
  expect(await addSession(store, 'after')).toMatchObject({ peerId: 'after' });
});
