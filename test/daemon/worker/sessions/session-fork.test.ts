import { sql } from 'kysely';
import { expect, test, vi } from 'vitest';
import { leavePath } from '../../../../daemon/worker/store/conversations/branches.js';
import { getSession } from '../../../../daemon/worker/store/conversations/sessions.js';
import { Store } from '../../../../daemon/worker/store/store.js';
import { queriesOf, type Transaction } from '../../../../daemon/worker/store/transaction.js';
import { makeConversation, type TestConversation } from '../../../helpers/make-conversation.js';
import { openStore } from '../../../helpers/open-store.js';

const HEADER = '{"format":"xopc-session","version":1,"title":"Long"}\n';

/** Imports a conversation of these texts. @returns its key */
async function importTexts({ archive }: TestConversation, texts: readonly string[]): Promise<string> {
  const message = { role: 'user', createdAt: '2026-01-02T03:04:05.678Z', model: null, status: 'complete' };
  const file = async function* () {
    yield await Promise.resolve(HEADER + texts.map((content) => `${JSON.stringify({ ...message, content })}\n`).join(''));
  };
  return (await archive.import(file(), 'jsonl')).key;
}

/** Runs `between` after each write that is made during `work`. */
async function afterWrites(work: () => Promise<unknown>, between: () => Promise<void>): Promise<void> {
  const write = Store.prototype.write;
  const spy = vi.spyOn(Store.prototype, 'write').mockImplementation(async function <T>(this: Store, run: (tx: Transaction) => Promise<T>) {
    const value = await write.call(this, run);
    await between();
    return value as T;
  });
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
}

/** Of all sessions, those too that nobody sees. */
async function storedKeys(store: Store): Promise<string[]> {
  const { rows } = await store.read((tx) => sql<{ key: string }>`select key from sessions`.execute(queriesOf(tx)));
  return rows.map(({ key }) => key);
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `text ${index}`);

test.each([
  { name: 'many messages', texts: numbered(450), steps: [200, 400, 450] },
  { name: 'long messages', texts: ['a', 'b', 'c'].map((text) => text.repeat(300_000)), steps: [1, 2, 3] },
])('a copy of $name takes a step for a part of them, and is visible when it is complete', async ({ texts, steps }) => {
  const conversation = await makeConversation();
  const { archive, sessions } = conversation;
  const key = await importTexts(conversation, texts);
  const store = await openStore({ home: conversation.home });
  const seen: string[] = [];
  const look = async (): Promise<void> => {
    const { rows } = await store.read((tx) =>
      sql<{ count: number }>`select message_count as count from sessions where deleted_at is not null`.execute(queriesOf(tx)),
    );
    seen.push(`${rows[0]?.count ?? 'none'} staged, ${(await sessions.list({})).sessions.length} visible`);
  };
  const keys: string[] = [];
  await afterWrites(async () => void keys.push((await archive.fork(key, undefined)).key), look);
  expect([...new Set(seen)]).toEqual([...steps.map((count) => `${count} staged, 1 visible`), 'none staged, 2 visible']);
  const copy = await sessions.get(keys[0] ?? '', { limit: 1_000 });
  expect(copy.messages.map(({ content }) => content)).toEqual(texts);
  expect(copy.session).toMatchObject({ messageCount: texts.length, title: 'Long', unread: false });
});

test('a copy is refused, and nothing of it is left, when another path is chosen meanwhile', async () => {
  const conversation = await makeConversation();
  const { archive, sessions } = conversation;
  const store = await openStore({ home: conversation.home });
  const key = await importTexts(conversation, numbered(450));
  let isLeft = false;
  const leave = async (): Promise<void> => {
    if (isLeft) return;
    isLeft = true;
    await store.write(async (tx) => leavePath(tx, { sessionId: (await getSession(tx, key)).id, seq: 1 }));
  };
  await afterWrites(() => expect(archive.fork(key, undefined)).rejects.toMatchObject({ code: 'CONFLICT' }), leave);
  expect((await sessions.list({})).sessions).toHaveLength(1);
  expect(await storedKeys(store)).toEqual([key]);
});

test('the same key makes one copy, also of a session that is gone', async () => {
  const conversation = await makeConversation();
  const { archive, sessions } = conversation;
  const store = await openStore({ home: conversation.home });
  const key = await importTexts(conversation, numbered(3));
  const replays: string[] = [];
  const fork = (name: string) => archive.fork(key, undefined, { key: 'k', onReplay: () => replays.push(name) });
  const [first, second] = await Promise.all([fork('first'), fork('second')]);
  expect(second.key).toBe(first.key);
  expect((await storedKeys(store)).toSorted()).toEqual([key, first.key].toSorted());
  expect(replays).toHaveLength(1);
  await sessions.delete(key);
  expect((await fork('third')).key).toBe(first.key);
  expect(replays).toEqual([expect.any(String) as string, 'third']);
  expect((await sessions.list({})).sessions).toHaveLength(1);
});
