import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { appendMessage, type NewMessage } from '../../../../../daemon/worker/store/conversations/messages.js';
import {
  countSearchBacklog,
  findNewestMatches,
  indexNextMessages,
} from '../../../../../daemon/worker/store/conversations/session-search.js';
import { listSessions } from '../../../../../daemon/worker/store/conversations/session-list.js';
import { deleteSession, purgeSessions } from '../../../../../daemon/worker/store/conversations/session-removal.js';
import type { Store } from '../../../../../daemon/worker/store/store.js';
import { addSession, openStore, session } from '../../../../helpers/open-store.js';
import { isOnPostgres } from '../../../../helpers/store-engine.js';
import { queriesOf } from '../../../../../daemon/worker/store/transaction.js';

const message = (sessionId: number, id: string, content: string): NewMessage => ({
  id,
  sessionId,
  turnId: null,
  role: 'user',
  content,
  model: null,
  status: 'complete',
  nowMs: 1_000,
});

async function say(store: Store, peerId: string, ...texts: string[]): Promise<void> {
  const { id } = await addSession(store, peerId);
  await store.write(async (tx) => {
    for (const [index, text] of texts.entries()) await appendMessage(tx, message(id, `${peerId}-${index}`, text));
  });
}

async function indexAll(store: Store): Promise<void> {
  while ((await store.read(countSearchBacklog)) > 0) await store.write(indexNextMessages);
}

const find = async (store: Store, search: string): Promise<string[]> =>
  (await store.read((tx) => listSessions(tx, { limit: 50, text: search }))).map(({ peerId }) => peerId).toSorted();

const FOUND = {
  needle: ['a'],
  NEEDLE: ['a'],
  eedl: ['a'],
  äpfel: ['b'],
  größ: ['b'],
  日本語: ['c'],
  本語: ['c'],
  ss: ['a'],
  '"quoted" AND x': ['d'],
  '50%_of\\it': ['d'],
  '* NEAR(': ['d'],
  "'); drop": ['d'],
  'nul\u0000byte': ['e'],
  '🌍🌍': ['e'],
  nowhere: [],
  'needle hay': [],
};

test.each([true, false])('what was said is found where it was said (in the index: %s)', async (isIndexed) => {
  const store = await openStore();
  await say(store, 'a', 'hello', 'a Needle in the grass');
  await say(store, 'b', 'Zwei ÄPFEL', 'die Größe');
  await say(store, 'c', 'これは日本語です');
  await say(store, 'd', 'title', '"quoted" AND x', '50%_of\\it', "* NEAR('); drop");
  await say(store, 'e', 'nul\u0000byte', '🌍🌍🌍');
  if (isIndexed) await indexAll(store);
  const found = await Promise.all(Object.keys(FOUND).map(async (search) => [search, await find(store, search)] as const));
  expect(Object.fromEntries(found)).toEqual(FOUND);
});

test('of a long message, the part around the match is read', async () => {
  const store = await openStore();
  const filler = 'Grüße '.repeat(20_000);
  await say(store, 'a', `${filler}a Needle${filler}`, `${filler}ДА, НЕТ: ДАдА${filler}`);
  await indexAll(store);
  const excerpt = async (needle: string): Promise<string | undefined> => {
    const sessions = await store.read((tx) => listSessions(tx, { limit: 50, text: needle }));
    return (await store.read((tx) => findNewestMatches(tx, { needle, sessions })))[0]?.excerpt;
  };
  expect(await excerpt('a needle')).toMatch(/^.{300,500}a Needle.{300,520}$/);
  expect(await excerpt('да, нет')).toMatch(/^.{300,500}ДА, НЕТ.{300,520}$/);
  // Only SQLite's index finds this spelling, without its place.
  const lengths = (await excerpt('дада'))?.length ?? 0;
  expect(isOnPostgres ? lengths < 1_100 : lengths > 200_000).toBe(true);
});

test('what was deleted is not found, and purging it leaves the index sound', async () => {
  const store = await openStore();
  await say(store, 'a', 'a needle', 'another needle');
  await say(store, 'b', 'a needle too');
  await indexAll(store);
  await say(store, 'c', 'not in the index yet');
  await store.write((tx) => deleteSession(tx, { key: session('a').key, nowMs: 2_000 }));
  expect(await find(store, 'needle')).toEqual(['b']);
  await store.write((tx) => purgeSessions(tx, 3_000));
  expect(await find(store, 'needle')).toEqual(['b']);
  if (isOnPostgres) return;
  expect((await store.write((tx) => sql<{ integrity_check: string }>`pragma integrity_check`.execute(queriesOf(tx)))).rows).toEqual([
    { integrity_check: 'ok' },
  ]);
  await indexAll(store);
  await store.write(
    async (tx) =>
      void (await sql`insert into messages_search (messages_search, rank) values ('integrity-check', 1)`.execute(queriesOf(tx))),
  );
});
