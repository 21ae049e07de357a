import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { SearchIndexer } from '../../../../daemon/worker/upkeep/search-indexer.js';
import { appendMessage } from '../../../../daemon/worker/store/conversations/messages.js';
import { countSearchBacklog } from '../../../../daemon/worker/store/conversations/session-search.js';
import type { Store } from '../../../../daemon/worker/store/store.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { addSession, openStore } from '../../../helpers/open-store.js';
import { queriesOf } from '../../../../daemon/worker/store/transaction.js';

const message = { turnId: null, role: 'user', model: null, status: 'complete', nowMs: 1 } as const;

async function setUp() {
  const clock = new FakeClock();
  const store = await openStore();
  const { id: sessionId } = await addSession(store, 'chat');
  const say = (...texts: string[]) =>
    store.write(async (tx) => {
      for (const content of texts) await appendMessage(tx, { ...message, sessionId, id: `m-${content}`, content: content.repeat(300) });
    });
  const indexer = new SearchIndexer({ store, clock, logger: logMemory() });
  return { clock, store, say, indexer };
}

const isBehind = async (store: Store) => (await store.read(countSearchBacklog)) > 0;

async function findRows(store: Store, text: string): Promise<number> {
  const { rows } = await store.read((tx) => sql<{ n: number }>`select count(*) as n from messages_search(${text})`.execute(queriesOf(tx)));
  return rows[0]?.n ?? 0;
}

/** Lets time pass until the index is as far as the messages. */
async function catchUp(clock: FakeClock, store: Store): Promise<void> {
  while (await isBehind(store)) {
    clock.advance(250);
    await new Promise(setImmediate);
  }
}

test('what was written before is indexed, then what is written, in steps, and no time is spent when nothing is', async () => {
  const { clock, store, say, indexer } = await setUp();
  await say('before');
  indexer.start();
  await catchUp(clock, store);
  expect(await findRows(store, 'before')).toBe(1);
  // More than one step takes.
  await say(...Array.from({ length: 40 }, (_, index) => `later-${index}-`));
  expect(await findRows(store, 'later')).toBe(0);
  await catchUp(clock, store);
  expect(await findRows(store, 'later')).toBe(40);
  await indexer.stop();
  await say('afterwards');
  clock.advance(60_000);
  await new Promise(setImmediate);
  expect(await isBehind(store)).toBe(true);
});

/** As many writes at once as make a burst of the time up to the next look. */
async function writeBurst(store: Store): Promise<void> {
  await Promise.all(Array.from({ length: 300 }, () => store.write((tx) => sql`update sessions set updated_at = 1`.execute(queriesOf(tx)))));
}

test('in a burst of writes the index waits until it is over', async () => {
  const { clock, store, say, indexer } = await setUp();
  indexer.start();
  await catchUp(clock, store);
  await say('early');
  for (let look = 0; look < 5; look += 1) {
    await writeBurst(store);
    clock.advance(250);
    await indexer.idle();
    expect(await isBehind(store)).toBe(true);
  }
  await catchUp(clock, store);
  expect(await findRows(store, 'early')).toBe(1);
  await indexer.stop();
});

test('a burst that does not end is not waited for when many messages wait', async () => {
  const { clock, store, indexer } = await setUp();
  await store.write((tx) =>
    sql`with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 250000)
      insert into messages (id, session_id, role, content, status, created_at)
      select 'many-' || n, (select max(id) from sessions), 'user', 'one of many', 'complete', 1 from numbers`.execute(queriesOf(tx)),
  );
  indexer.start();
  await writeBurst(store);
  clock.advance(250);
  await indexer.idle();
  expect(await store.read(countSearchBacklog)).toBe(249_500);
  await indexer.stop();
});
