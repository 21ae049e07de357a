import { CompiledQuery, sql } from 'kysely';
import { expect, test } from 'vitest';
import { appendMessage } from '../../../../../daemon/worker/store/conversations/messages.js';
import {
  listSessions,
  readListedSessions,
  sessionQuery,
  type SessionPage,
  type SessionPosition,
} from '../../../../../daemon/worker/store/conversations/session-list.js';
import { changeSession, findSession, listTags, type SessionChange } from '../../../../../daemon/worker/store/conversations/sessions.js';
import type { Store } from '../../../../../daemon/worker/store/store.js';
import { beginTurn, endTurn } from '../../../../../daemon/worker/store/conversations/turns.js';
import { parseSessionQuery } from '../../../../../daemon/worker/sessions/session-query.js';
import { addSession, openStore } from '../../../../helpers/open-store.js';
import { isOnPostgres } from '../../../../helpers/store-engine.js';
import { queriesOf } from '../../../../../daemon/worker/store/transaction.js';

const find = async (store: Store, search: string, page: Partial<SessionPage> = {}): Promise<string[]> =>
  (await store.read((tx) => listSessions(tx, { limit: 50, ...parseSessionQuery(search, 10_000), ...page }))).map(({ peerId }) => peerId);

async function shelve(store: Store, peerId: string, change: SessionChange): Promise<void> {
  const { id } = await addSession(store, peerId);
  await store.write((tx) => changeSession(tx, id, change));
}

const said = { turnId: null, content: 'hello', model: null, status: 'complete' } as const;

async function turn(store: Store, sessionId: number, { id, model, tokens }: { id: string; model: string; tokens: number }): Promise<void> {
  const usage = { inputTokens: tokens, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0.5 };
  await store.write(async (tx) => {
    await beginTurn(tx, { id, sessionId, agentId: 'main', tokenId: null, instanceId: 'i', nowMs: 1 });
    await endTurn(tx, { id, state: 'done', model, usage, error: null, nowMs: 2 });
  });
}

test('pinned ones come first, archived ones last and only where they are wanted; a page goes on where the last one ended', async () => {
  const store = await openStore();
  for (const [index, peer] of ['a', 'b', 'c', 'd', 'e'].entries()) await addSession(store, peer, 1_000 + index);
  await shelve(store, 'b', { pinned: true });
  await shelve(store, 'd', { archived: true });
  await shelve(store, 'a', { archived: true, pinned: true });
  expect(await find(store, '')).toEqual(['b', 'e', 'c']);
  expect(await find(store, 'is:archived')).toEqual(['a', 'd']);
  expect(await find(store, '-is:archived')).toEqual(['b', 'e', 'c']);
  const paged: string[] = [];
  for (let before: SessionPosition | undefined; ;) {
    const page = { limit: 1, archived: 'any', ...(before === undefined ? {} : { before }) } as const;
    const [row] = await store.read((tx) => listSessions(tx, page));
    if (row === undefined) break;
    paged.push(row.peerId);
    before = row;
  }
  expect(paged).toEqual(['b', 'e', 'c', 'a', 'd']);
  expect(await find(store, 'is:any')).toEqual(paged);
});

test('filters are met together', async () => {
  const store = await openStore();
  for (const [index, peer] of ['a', 'b', 'c'].entries()) await addSession(store, peer, 1_000 + index);
  await shelve(store, 'a', { tags: ['work', 'two words'], pinned: true });
  await shelve(store, 'b', { tags: ['work'], unread: true });
  expect(await find(store, 'tag:work')).toEqual(['a', 'b']);
  expect(await find(store, 'tag:work tag:"Two Words"')).toEqual(['a']);
  expect(await find(store, 'tag:work -is:pinned')).toEqual(['b']);
  expect(await find(store, '-tag:work')).toEqual(['c']);
  expect(await find(store, 'is:unread')).toEqual(['b']);
  expect(await find(store, 'from:WEBCHAT -agent:main')).toEqual([]);
  expect(await find(store, 'after:1970-01-01T00:00:01.001Z before:1970-01-01T00:00:01.002Z')).toEqual(['b']);
  expect(await store.read((tx) => listTags(tx, 10))).toEqual(['two words', 'work']);
  await shelve(store, 'a', { tags: [] });
  expect(await find(store, 'tag:work')).toEqual(['b']);
});

test('a session is unread until it is marked, and leaves the archive when somebody speaks in it', async () => {
  const store = await openStore();
  const { id } = await addSession(store, 'a');
  const say = (role: 'user' | 'assistant', message: string): Promise<number> =>
    store.write((tx) => appendMessage(tx, { ...said, id: message, sessionId: id, role, nowMs: 2_000 }));
  await say('user', 'm1');
  expect(await find(store, 'is:unread')).toEqual([]);
  await say('assistant', 'm2');
  expect(await find(store, 'is:unread')).toEqual(['a']);
  await shelve(store, 'a', { unread: false, archived: true });
  await say('assistant', 'm3');
  expect(await find(store, 'is:archived is:unread')).toEqual(['a']);
  await say('user', 'm4');
  expect(await find(store, '')).toEqual(['a']);
});

test('usage and the last message are shown; turns from before the counting are counted with the next turn', async () => {
  const store = await openStore();
  const { id, key } = await addSession(store, 'a');
  await store.write((tx) => appendMessage(tx, { ...said, id: 'm1', sessionId: id, role: 'user', nowMs: 2_000 }));
  await turn(store, id, { id: 't1', model: 'fake/one', tokens: 10 });
  await store.write(
    async (tx) => void (await sql`update sessions set input_tokens = null, output_tokens = null, cost_usd = null`.execute(queriesOf(tx))),
  );
  const listed = async () => {
    const session = await store.read((tx) => findSession(tx, key));
    return session && (await store.read((tx) => readListedSessions(tx, [session])))[0];
  };
  expect(await listed()).toMatchObject({ lastMessage: { text: 'hello', role: 'user' }, usage: { inputTokens: 10 }, answering: false });
  await turn(store, id, { id: 't2', model: 'fake/two', tokens: 5 });
  expect(await listed()).toMatchObject({ usage: { inputTokens: 15, outputTokens: 2, costUsd: 1 } });
  expect(await find(store, 'model:TWO')).toEqual(['a']);
  expect(await find(store, 'model:one')).toEqual([]);
  await store.write((tx) => beginTurn(tx, { id: 't3', sessionId: id, agentId: 'main', tokenId: null, instanceId: 'i', nowMs: 1 }));
  expect(await listed()).toMatchObject({ answering: true });
  expect(await find(store, 'is:answering')).toEqual(['a']);
});

const LIST_SEARCHES = [
  '',
  'from:nowhere',
  'model:none -model:x',
  'is:unread -is:pinned',
  'is:archived',
  '-is:answering',
  'after:7d before:1d',
];

test.skipIf(isOnPostgres).each([...LIST_SEARCHES, 'agent:x tag:common', '-tag:rare'])(
  '%j walks the list in its order and needs no more than its index',
  async (search) => {
    const store = await openStore();
    await store.write(async (tx) => {
      await sql`insert into sessions (key, agent_id, channel, account_id, peer_kind, peer_id, title, created_at, updated_at)
      with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 2500)
      select n, 'main', 'webchat', 'default', 'direct', n, '', n, n from numbers`.execute(queriesOf(tx));
      await sql`insert into session_tags (tag, session_id) select 'common', id from sessions`.execute(queriesOf(tx));
    });
    const before = { archived: false, pinned: false, updatedAtMs: 5_000, id: 1 };
    const plan = await store.read(async (tx) => {
      const query = await sessionQuery(tx, { ...parseSessionQuery(search, 10_000), limit: 51, before });
      const { sql: text, parameters } = query.compile();
      return queriesOf(tx).executeQuery<{ detail: string }>(CompiledQuery.raw(`explain query plan ${text}`, [...parameters]));
    });
    const steps = plan.rows.map(({ detail }) => detail);
    expect(steps[0]).toMatch(/^SEARCH sessions USING INDEX sessions_listed/);
    expect(steps.filter((step) => step.includes('TEMP B-TREE') || step.startsWith('SCAN sessions'))).toEqual([]);
  },
);
