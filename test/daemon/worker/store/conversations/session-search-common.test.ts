import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { listSessions, type SessionPosition } from '../../../../../daemon/worker/store/conversations/session-list.js';
import { findNewestMatches } from '../../../../../daemon/worker/store/conversations/session-search.js';
import type { Store } from '../../../../../daemon/worker/store/store.js';
import { openStore } from '../../../../helpers/open-store.js';
import { isOnPostgres } from '../../../../helpers/store-engine.js';
import { queriesOf } from '../../../../../daemon/worker/store/transaction.js';

const SESSIONS = 1_000;

/** Sessions numbered by their age, with ten messages each; what one says is given by its number. */
async function seed(store: Store, text: string): Promise<void> {
  await store.write(async (tx) => {
    await sql`with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${SESSIONS})
      insert into sessions (key, agent_id, channel, account_id, peer_kind, peer_id, title, message_count, created_at, updated_at)
      select 'main:webchat:default:direct:' || n, 'main', 'webchat', 'default', 'direct', n, 'chat ' || n, 10, 1, ${SESSIONS} - n from numbers`.execute(
      queriesOf(tx),
    );
    await sql`with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n < ${SESSIONS * 10 - 1})
      insert into messages (id, session_id, role, content, status, created_at)
      select 'msg-' || n, 1 + n % ${SESSIONS}, 'user', ${sql.raw(text)}, 'complete', 1 from numbers`.execute(queriesOf(tx));
    if (isOnPostgres) return;
    await sql`insert into messages_search (messages_search) values ('rebuild')`.execute(queriesOf(tx));
    await sql`update messages_search_position set position = (select max(seq) from messages)`.execute(queriesOf(tx));
  });
}

/** Every session that is found, page by page. */
async function findAll(store: Store, text: string): Promise<number[]> {
  const found: number[] = [];
  let before: SessionPosition | undefined;
  for (;;) {
    const page = { text, limit: 60, ...(before === undefined ? {} : { before }) };
    const rows = await store.read((tx) => listSessions(tx, page));
    found.push(...rows.map(({ peerId }) => Number(peerId)));
    const last = rows.at(-1);
    if (last === undefined) return found;
    before = last;
  }
}

const numbers = (isFound: (number: number) => boolean): number[] =>
  Array.from({ length: SESSIONS }, (_, index) => index + 1).filter(isFound);

test.each([
  ['in all of them', "'what everybody says'", () => true],
  [
    'in every third of them',
    "case when n % 1000 % 3 = 0 then 'what everybody says' else 'something else' end",
    (n: number) => (n - 1) % 3 === 0,
  ],
  ['only in the oldest of them', "case when n % 1000 >= 700 then 'what everybody says' else 'something else' end", (n: number) => n > 700],
  [
    'once in some, behind much else',
    "case when n % 1000 < 300 and n >= 1000 then 'what everybody says' else 'something else' end",
    (n: number) => n <= 300,
  ],
] as const)('a text that is %s is found page by page, newest first', { timeout: 60_000 }, async (_where, text, isFound) => {
  const store = await openStore();
  await seed(store, text);
  expect(await findAll(store, 'What everybody')).toEqual(numbers(isFound));
  // Each is shown with its newest message, whether the list was scanned for it or the index gave it.
  const listed = await store.read((tx) => listSessions(tx, { limit: 200, text: 'What everybody' }));
  const found = await store.read((tx) => findNewestMatches(tx, { needle: 'What everybody', sessions: listed }));
  expect(found).toHaveLength(listed.length);
  for (const { sessionId, id, excerpt } of found) expect([id, excerpt]).toEqual([`msg-${9_000 + sessionId - 1}`, 'what everybody says']);
});

test('a common text is met in a title, too, and not in what was deleted or archived', async () => {
  const store = await openStore();
  await seed(store, "'what everybody says'");
  await store.write(async (tx) => {
    await sql`update messages set content = 'something else' where session_id <= 3`.execute(queriesOf(tx));
    await sql`update sessions set title = 'what everybody wants' where id = 2`.execute(queriesOf(tx));
    await sql`update sessions set is_archived = 1 where id = 5`.execute(queriesOf(tx));
    await sql`update sessions set deleted_at = 1 where id = 6`.execute(queriesOf(tx));
    await sql`update messages set parent_seq = 1 where session_id = 7`.execute(queriesOf(tx));
  });
  const rows = await store.read((tx) => listSessions(tx, { text: 'what everybody', limit: 4 }));
  expect(rows.map(({ peerId }) => peerId)).toEqual(['2', '4', '8', '9']);
});
