import { expect, test } from 'vitest';
import { ask, makeConversation, type TestConversation } from '../../../helpers/make-conversation.js';

const KEY = 'main:api:default:direct:notes';

async function withTalk(): Promise<TestConversation> {
  const conversation = await makeConversation();
  for (const message of ['/help', '/status', '/models']) await ask(conversation, { message, session: 'notes' });
  return conversation;
}

const texts = (messages: readonly { content: string }[]): string[] => messages.map(({ content }) => content);

test('a session gets another title and a model of its own, and loses it again', async () => {
  const { archive, sessions } = await withTalk();
  expect(await archive.change(KEY, { title: 'My notes' })).toMatchObject({ title: 'My notes', model: null });
  expect(await archive.change(KEY, { model: 'xopc/guide' })).toMatchObject({ title: 'My notes', model: 'xopc/guide' });
  expect(await archive.change(KEY, { model: null })).toMatchObject({ model: null });
  expect((await sessions.list({ search: 'My notes' })).sessions).toHaveLength(1);
});

test('a session is pinned, archived, tagged and marked as read, and found by it', async () => {
  const { archive, sessions } = await withTalk();
  const found = async (search: string): Promise<number> => (await sessions.list({ search })).sessions.length;
  expect(await archive.change(KEY, { pinned: true, tags: ['Work', ' work', 'später'] })).toMatchObject({
    pinned: true,
    unread: true,
    tags: ['work', 'später'],
  });
  expect(await sessions.tags()).toEqual(['später', 'work']);
  expect(await archive.change(KEY, { archived: true, unread: false })).toMatchObject({ pinned: true, archived: true, unread: false });
  expect([await found(''), await found('is:archived tag:WORK'), await found('is:unread is:any')]).toEqual([0, 1, 0]);
  await expect(archive.change(KEY, { archived: false, tags: ['  '] })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  expect(await found('')).toBe(0);
  await expect(sessions.list({ search: 'is:red' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
});

test('tags are added and removed beside those that others change, up to the limit', async () => {
  const { archive } = await withTalk();
  await Promise.all(['One', 'two', 'three'].map((tag) => archive.change(KEY, { addTags: [tag] })));
  expect((await archive.change(KEY, { addTags: ['ONE', 'four'], removeTags: [' Two'] })).tags.toSorted()).toEqual(['four', 'one', 'three']);
  const many = Array.from({ length: 18 }, (_tag, index) => `tag ${index}`);
  await expect(archive.change(KEY, { addTags: many })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: expect.stringContaining('20') as string,
  });
  expect((await archive.change(KEY, { tags: ['x'], addTags: ['y'] })).tags).toEqual(['x', 'y']);
});

test('a list shows the last message and the usage of each session', async () => {
  const { sessions } = await withTalk();
  const [listed] = (await sessions.list({})).sessions;
  expect(listed).toMatchObject({ lastMessage: { role: 'assistant' }, answering: false, unread: true, usage: { costUsd: 0 } });
  expect(listed?.lastMessage?.text).not.toMatch(/[\n*`]/);
});

test('what cannot be chosen or is not there is refused and changes nothing', async () => {
  const { archive, sessions } = await withTalk();
  await expect(archive.change(KEY, { title: 'x', model: 'no/model' })).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  expect((await sessions.get(KEY)).session.title).not.toBe('x');
  const gone = 'main:api:default:direct:gone';
  const { change, messages, fork, export: toFile } = archive;
  const calls = [() => change(gone, {}), () => messages(gone, {}), () => fork(gone, undefined), () => toFile(gone, 'json')];
  for (const call of calls) {
    await expect(call()).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  }
});

test('messages come page by page from the newest back, each once', async () => {
  const { archive, sessions } = await withTalk();
  const all = texts((await sessions.get(KEY)).messages);
  const seen: string[] = [];
  let before: number | undefined;
  for (;;) {
    const { messages, hasOlder } = await archive.messages(KEY, { limit: 2, ...(before === undefined ? {} : { before }) });
    seen.unshift(...texts(messages));
    before = messages[0]?.seq;
    if (!hasOlder) break;
  }
  expect(seen).toEqual(all);
});

test('a copy up to a message is a session of the page that goes its own way', async () => {
  const conversation = await withTalk();
  const { archive, sessions } = conversation;
  const { messages } = await sessions.get(KEY);
  const copy = await archive.fork(KEY, messages[1]?.id);
  expect(copy).toMatchObject({ channel: 'webchat', agentId: 'main', messageCount: 2 });
  await ask(conversation, { message: '/help', session: copy.key });
  expect(texts((await sessions.get(copy.key)).messages).slice(0, 2)).toEqual(texts(messages).slice(0, 2));
  expect((await sessions.get(KEY)).messages).toHaveLength(6);
  expect((await sessions.get(KEY, { limit: 0 })).messages).toEqual([]);
  expect(texts((await sessions.get(KEY, { limit: 2 })).messages)).toEqual(texts(messages).slice(-2));
  expect((await archive.fork(KEY, undefined)).messageCount).toBe(6);
  await expect(archive.fork(copy.key, messages[5]?.id)).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('a copy and an import of old messages are as new as their making', async () => {
  const { archive } = await makeConversation();
  const line = JSON.stringify({ role: 'user', content: 'hello', createdAt: '2020-01-02T00:00:00Z', model: null, status: 'complete' });
  const file = async function* () {
    yield await Promise.resolve(`{"format":"xopc-session","version":1,"title":"Old"}\n${line}\n`);
  };
  const imported = await archive.import(file(), 'jsonl');
  const copy = await archive.fork(imported.key, undefined);
  for (const { createdAt, updatedAt } of [imported, copy]) expect(Date.parse(updatedAt)).toBeGreaterThanOrEqual(Date.parse(createdAt));
  const { messages } = await archive.messages(copy.key, {});
  expect(messages.map(({ createdAt }) => createdAt)).toEqual(['2020-01-02T00:00:00.000Z']);
});
