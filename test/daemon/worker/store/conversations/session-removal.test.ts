import { expect, test } from 'vitest';
import { insertAttachments } from '../../../../../daemon/worker/store/conversations/attachments.js';
import { hasAside, leavePath } from '../../../../../daemon/worker/store/conversations/branches.js';
import { readMessagesAfter, appendMessage } from '../../../../../daemon/worker/store/conversations/messages.js';
import { countSessionKinds } from '../../../../../daemon/worker/store/conversations/session-list.js';
import { expireSessions, trimSessions } from '../../../../../daemon/worker/store/conversations/session-removal.js';
import { beginTurn } from '../../../../../daemon/worker/store/conversations/turns.js';
import { listDecidedTurns, parkTurn } from '../../../../../daemon/worker/store/turns/waiting-turns.js';
import { changeSession, ensureSession, findSession, type Session } from '../../../../../daemon/worker/store/conversations/sessions.js';
import { retentionSteps } from '../../../../../daemon/worker/sessions/session-retention.js';
import { purgeInSteps } from '../../../../../daemon/worker/store/conversations/purge.js';
import type { Store } from '../../../../../daemon/worker/store/store.js';
import { DAY_MS } from '../../../../../shared/clock.js';
import { configSchema } from '../../../../../shared/config/schema.js';
import { openStore } from '../../../../helpers/open-store.js';
import { queriesOf } from '../../../../../daemon/worker/store/transaction.js';

async function add(store: Store, channel: string, { count, nowMs = 1_000 }: { count: number; nowMs?: number }): Promise<Session> {
  const parts = { agentId: 'main', channel, accountId: 'default', peerKind: 'direct', peerId: `${nowMs}` };
  const session = { key: `main:${channel}:default:direct:${nowMs}`, ...parts };
  return store.write(async (tx) => {
    const { session: added } = await ensureSession(tx, { ...session, nowMs });
    const message = { sessionId: added.id, turnId: null, role: 'user', content: 'x', model: null, status: 'complete', nowMs } as const;
    for (let number = 0; number < count; number += 1) await appendMessage(tx, { ...message, id: `${added.id}-${number}` });
    return added;
  });
}

const lives = async (store: Store, { key }: Session): Promise<boolean> => (await store.read((tx) => findSession(tx, key))) !== undefined;

test('only sessions of the kind that are old enough and not pinned expire', async () => {
  const store = await openStore();
  const [old, pinned, other, fresh] = [
    await add(store, 'telegram', { count: 1 }),
    await add(store, 'webhook', { count: 1 }),
    await add(store, 'webchat', { count: 1 }),
    await add(store, 'telegram', { count: 1, nowMs: 5_000 }),
  ];
  await store.write((tx) => changeSession(tx, pinned.id, { pinned: true }));
  expect(await store.read(countSessionKinds)).toEqual([
    { kind: 'webchat', sessions: 1, messages: 1 },
    { kind: 'api', sessions: 0, messages: 0 },
    { kind: 'cron', sessions: 0, messages: 0 },
    { kind: 'channels', sessions: 3, messages: 3 },
  ]);
  expect(await store.write((tx) => expireSessions(tx, { kind: 'channels', beforeMs: 2_000, nowMs: 9_000 }))).toBe(1);
  expect(await Promise.all([old, pinned, other, fresh].map((row) => lives(store, row)))).toEqual([false, true, true, true]);
});

test('of a long session the newest messages stay, in steps; one that miscounts itself does not hold up others', async () => {
  const store = await openStore();
  const wrong = await add(store, 'cron', { count: 2 });
  const long = await add(store, 'cron', { count: 450, nowMs: 2_000 });
  await store.write((tx) => queriesOf(tx).updateTable('sessions').set({ message_count: 700 }).where('id', '=', wrong.id).execute());
  await purgeInSteps(
    store,
    (tx) => trimSessions(tx, { kind: 'cron', keep: 10 }),
    () => true,
  );
  const kept = await store.read((tx) => readMessagesAfter(tx, { sessionId: long.id, afterSeq: 0, limit: 100 }));
  expect(kept.map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, index) => `${long.id}-${440 + index}`));
  expect(await store.read((tx) => findSession(tx, long.key))).toMatchObject({ messageCount: 10 });
  expect(await store.read((tx) => findSession(tx, wrong.key))).toMatchObject({ messageCount: 2 });
});

test('variants are not counted: as many messages of the path stay as are to be kept, and the variants beside them', async () => {
  const store = await openStore();
  const session = await add(store, 'webchat', { count: 300 });
  const read = () => store.read((tx) => readMessagesAfter(tx, { sessionId: session.id, afterSeq: 0, limit: 1_000 }));
  const seqs = (await read()).map(({ seq }) => seq);
  const aside = { sessionId: session.id, turnId: null, role: 'assistant', content: 'y', model: null, status: 'complete' } as const;
  await store.write(async (tx) => {
    // All but the first 20 messages become variants, which others of the path follow.
    await leavePath(tx, { sessionId: session.id, seq: seqs[19] ?? 0 });
    for (let number = 0; number < 15; number += 1) await appendMessage(tx, { ...aside, id: `new-${number}`, nowMs: 2_000 });
  });
  const trim = (keep: number) =>
    purgeInSteps(
      store,
      (tx) => trimSessions(tx, { kind: 'webchat', keep }),
      () => true,
    );
  await trim(40);
  expect(await read()).toHaveLength(35);
  expect(await store.read((tx) => hasAside(tx, session.id))).toBe(true);
  await trim(10);
  expect((await read()).map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, index) => `new-${index + 5}`));
  expect(await store.read((tx) => findSession(tx, session.key))).toMatchObject({ messageCount: 10 });
  expect(await store.read((tx) => hasAside(tx, session.id))).toBe(false);
});

test('a session with a turn that waits for a decision does not expire, and keeps the question of that turn', async () => {
  const store = await openStore();
  const session = await add(store, 'cron', { count: 15 });
  const turn = { id: 'turn_1', sessionId: session.id, agentId: 'main', instanceId: 'wk_1', tokenId: null, nowMs: 1_000 };
  await store.write(async (tx) => {
    await beginTurn(tx, turn);
    await parkTurn(tx, { id: 'turn_1', questionId: `${session.id}-0` });
  });
  const trim = () => store.write((tx) => trimSessions(tx, { kind: 'cron', keep: 10 }));
  const expire = () => store.write((tx) => expireSessions(tx, { kind: 'cron', beforeMs: 2_000, nowMs: 9_000 }));
  expect([await trim(), await expire()]).toEqual([0, 0]);
  expect((await store.read(listDecidedTurns)).map(({ id, text }) => [id, text])).toEqual([['turn_1', 'x']]);
  await store.write((tx) => queriesOf(tx).updateTable('turns').set({ state: 'done', finished_at: 2_000 }).execute());
  expect([await trim(), await expire()]).toEqual([5, 1]);
});

test('the files of the messages that are removed go with them, those of others and unsent ones stay', async () => {
  const store = await openStore();
  const long = await add(store, 'cron', { count: 4 });
  const other = await add(store, 'webchat', { count: 1, nowMs: 2_000 });
  const places = [
    ...[0, 1, 2, 3].map((number) => ({ sessionId: long.id, messageId: `${long.id}-${number}` })),
    { sessionId: long.id },
    { sessionId: other.id, messageId: `${other.id}-0` },
  ];
  for (const [index, place] of places.entries()) {
    const file = { id: `file_${index}`, name: 'a.txt', mediaType: 'text/plain', content: Buffer.from('text') };
    await store.write((tx) => insertAttachments(tx, { ...place, files: [file], nowMs: 1 }));
  }
  await purgeInSteps(
    store,
    (tx) => trimSessions(tx, { kind: 'cron', keep: 1 }),
    () => true,
  );
  const files = await store.read((tx) => queriesOf(tx).selectFrom('attachments').select('id').orderBy('id').execute());
  expect(files.map(({ id }) => id)).toEqual(['file_3', 'file_4', 'file_5']);
});

test('without a word in the configuration only sessions of scheduled jobs have a limit', async () => {
  const store = await openStore();
  const [chat, job] = [await add(store, 'webchat', { count: 1 }), await add(store, 'cron', { count: 1 })];
  const steps = retentionSteps(configSchema.parse({}), 31 * DAY_MS);
  for (const step of steps) await store.write(step);
  expect(steps).toHaveLength(2);
  expect([await lives(store, chat), await lives(store, job)]).toEqual([true, false]);
  const limited = configSchema.parse({
    sessions: { retention: { webchat: { maxAgeDays: 7 }, cron: { maxAgeDays: null, maxMessages: null } } },
  });
  for (const step of retentionSteps(limited, 31 * DAY_MS)) await store.write(step);
  expect(await lives(store, chat)).toBe(false);
});
