import { expect, test } from 'vitest';
import { choosePath, leavePath } from '../../../../../daemon/worker/store/conversations/branches.js';
import { appendMessage, findMessage } from '../../../../../daemon/worker/store/conversations/messages.js';
import { deleteSession, purgeSessions } from '../../../../../daemon/worker/store/conversations/session-removal.js';
import {
  findSummary,
  insertSummary,
  listSummaries,
  readUndoneSeq,
  undoSummaries,
} from '../../../../../daemon/worker/store/summaries/summaries.js';
import { addSession, openStore } from '../../../../helpers/open-store.js';

const usage = { inputTokens: 10, outputTokens: 2, costUsd: 0.5 };

async function makeWorld() {
  const store = await openStore();
  const { id: sessionId, key } = await addSession(store, 'me');
  let nowMs = 1_000;
  /** @returns the `seq` */
  const say = (id: string): Promise<number> =>
    store.write((tx) =>
      appendMessage(tx, { id, sessionId, turnId: null, role: 'user', content: id, model: null, status: 'complete', nowMs: (nowMs += 1) }),
    );
  const summarise = (id: string, coversSeq: number): Promise<void> =>
    store.write((tx) =>
      insertSummary(tx, { id, sessionId, coversSeq, content: `of ${id}`, model: 'fake/one', usage, nowMs: (nowMs += 1) }),
    );
  const found = async (range: { afterSeq?: number; beforeSeq?: number } = {}): Promise<string | undefined> =>
    (await store.read((tx) => findSummary(tx, { sessionId, afterSeq: 0, ...range })))?.id;
  return { store, sessionId, key, say, summarise, found };
}

test('the newest summary holds whose last message is on the chosen path and in the context', async () => {
  const { store, sessionId, say, summarise, found } = await makeWorld();
  const [first, second, third] = [await say('a'), await say('b'), await say('c')] as const;
  expect(await found()).toBeUndefined();
  await summarise('sum_1', first);
  await summarise('sum_2', second);
  expect(await found()).toBe('sum_2');
  expect(await found({ beforeSeq: second })).toBe('sum_1');
  expect(await found({ afterSeq: first, beforeSeq: third })).toBe('sum_2');
  expect(await found({ afterSeq: second })).toBeUndefined();

  // The conversation is rewound, goes on another way, and returns.
  await store.write((tx) => leavePath(tx, { sessionId, seq: first }));
  await say('d');
  expect(await found()).toBe('sum_1');
  expect((await store.read((tx) => listSummaries(tx, sessionId))).map(({ id, messageId }) => [id, messageId])).toEqual([
    ['sum_2', null],
    ['sum_1', 'a'],
  ]);
  const back = await store.read((tx) => findMessage(tx, 'c'));
  if (back === undefined) throw new Error('no message');
  await store.write((tx) => choosePath(tx, back));
  expect(await found()).toBe('sum_2');
});

test('a new summary is kept and holds, even if all of the others have later ids', async () => {
  const { store, sessionId, say, summarise, found } = await makeWorld();
  const [first, second, third] = [await say('a'), await say('b'), await say('c')] as const;
  for (const number of [5, 6, 7, 8, 9]) await summarise(`sum_${number}`, first);
  await summarise('sum_2', second);
  expect(await found()).toBe('sum_2');
  await summarise('sum_3', third);
  expect(await found()).toBe('sum_3');
  const kept = await store.read((tx) => listSummaries(tx, sessionId));
  expect(kept.map(({ id }) => id)).toEqual(['sum_9', 'sum_8', 'sum_7', 'sum_6', 'sum_3']);
});

test('a session keeps its last five summaries; undone ones do not hold, and all of them go with the session', async () => {
  const { store, sessionId, key, say, summarise, found } = await makeWorld();
  const seq = await say('a');
  for (let number = 1; number <= 7; number += 1) await summarise(`sum_${number}`, seq);
  const list = () => store.read((tx) => listSummaries(tx, sessionId));
  const kept = await list();
  expect(kept.map(({ id }) => id)).toEqual(['sum_7', 'sum_6', 'sum_5', 'sum_4', 'sum_3']);
  expect(kept[0]).toMatchObject({ coversSeq: seq, content: 'of sum_7', model: 'fake/one', usage, undoneAtMs: null });

  const last = await say('b');
  expect(await store.read((tx) => readUndoneSeq(tx, sessionId))).toBe(0);
  expect(await store.write((tx) => undoSummaries(tx, { sessionId, nowMs: 9_000 }))).toBe(true);
  expect(await store.write((tx) => undoSummaries(tx, { sessionId, nowMs: 9_001 }))).toBe(false);
  expect(await store.read((tx) => readUndoneSeq(tx, sessionId))).toBe(last);
  expect(await found()).toBeUndefined();
  expect((await list()).map(({ undoneAtMs }) => undoneAtMs)).toEqual(Array(5).fill(9_000));
  await summarise('sum_8', last);
  expect(await found()).toBe('sum_8');

  await store.write((tx) => deleteSession(tx, { key, nowMs: 10_000 }));
  await store.write((tx) => purgeSessions(tx, 10_000));
  expect(await list()).toEqual([]);
});
