import { describe, expect, test } from 'vitest';
import { retentionSteps } from '../../../../daemon/worker/sessions/session-retention.js';
import { DAY_MS } from '../../../../shared/clock.js';
import { configSchema } from '../../../../shared/config/schema.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { ask, makeConversation, type TestConversation } from '../../../helpers/make-conversation.js';
import { openStore } from '../../../helpers/open-store.js';
import { isOnPostgres } from '../../../helpers/store-engine.js';

/** A worker on PostgreSQL goes by the clock of its server: what tells the time is tested on SQLite alone. */
const clock = () => new FakeClock(Date.parse('2026-01-02T03:04:05.678Z'));

async function say(conversation: TestConversation, chatId: string, content: string): Promise<void> {
  await conversation.messages.accept({ channel: 'webchat', chat_id: chatId, content });
}

async function titles(conversation: TestConversation, search?: string): Promise<string[]> {
  const { sessions } = await conversation.sessions.list(search === undefined ? {} : { search });
  return sessions.map(({ title }) => title);
}

test.skipIf(isOnPostgres)('a session without a chat is made once and given again while it is empty', async () => {
  const conversation = await makeConversation({ clock: clock() });
  const first = await conversation.sessions.create({});
  expect(first).toEqual({
    session: {
      key: expect.stringMatching(/^main:webchat:default:direct:chat_[0-9a-f]{32}$/) as string,
      agentId: 'main',
      channel: 'webchat',
      title: 'New chat',
      createdAt: '2026-01-02T03:04:05.678Z',
      updatedAt: '2026-01-02T03:04:05.678Z',
      messageCount: 0,
      model: null,
      pinned: false,
      archived: false,
      unread: false,
      tags: [],
    },
    created: true,
  });
  expect(await conversation.sessions.create({})).toEqual({ session: first.session, created: false });
  await say(conversation, first.session.key.split(':')[4] ?? '', 'hello');
  expect((await conversation.sessions.create({})).created).toBe(true);
});

test('the channel of a session is any label', async () => {
  const conversation = await makeConversation();
  const { session, created } = await conversation.sessions.create({ channel: 'desk', chatId: 'left' });
  expect([session.key, session.channel, created]).toEqual(['main:desk:default:direct:left', 'desk', true]);
  expect((await conversation.sessions.create({ channel: 'telegram' })).session.key).toMatch(/^main:telegram:default:direct:chat_/);
});

test('a session that a caller made for a chat id is not handed out to one that names no chat', async () => {
  const conversation = await makeConversation();
  for (const chatId of ['desk', 'chat_1', `chat_${'x'.repeat(32)}`]) await conversation.sessions.create({ chatId });
  const made = await conversation.sessions.create({});
  expect(made).toMatchObject({ created: true, session: { key: expect.stringMatching(/^main:webchat:default:direct:chat_[0-9a-f]{32}$/) } });
  await conversation.sessions.create({ chatId: 'later' });
  expect(await conversation.sessions.create({})).toEqual({ session: made.session, created: false });
});

test('a name is that of a session of the default agent among those of programs; a key is itself', async () => {
  const conversation = await makeConversation({ config: { agents: { default: 'b', list: [{ id: 'a' }, { id: 'b' }] } } });
  const { keyOf } = conversation.sessions;
  expect(['trip', 'a:b', 'a:b:c:d:', 'Ü/1'].map((name) => keyOf(name))).toEqual([
    'b:api:default:direct:trip',
    'b:api:default:direct:a:b',
    'b:api:default:direct:a:b:c:d:',
    'b:api:default:direct:Ü/1',
  ]);
  for (const key of ['a:webchat:default:direct:x', 'a:b:c:d:e:f', ...['trip', 'a:b:c:d:'].map((name) => keyOf(name))])
    expect(keyOf(key)).toBe(key);
  expect(() => keyOf('x'.repeat(257))).toThrow(/^session must be 1–256 characters/);
  await ask(conversation, { message: 'x', session: 'trip' });
  expect((await conversation.sessions.get(keyOf('trip'))).session.messageCount).toBe(2);
});

test('a chat has one session per agent', async () => {
  const conversation = await makeConversation({ config: { agents: { list: [{ id: 'main' }, { id: 'other' }] } } });
  const main = await conversation.sessions.create({ chatId: 'a:b' });
  expect(main.session.key).toBe('main:webchat:default:direct:a:b');
  expect(await conversation.sessions.create({ chatId: 'a:b' })).toEqual({ session: main.session, created: false });
  expect((await conversation.sessions.create({ chatId: 'a:b', agentId: 'other' })).session.key).toBe('other:webchat:default:direct:a:b');
});

test.each([
  { name: 'an unknown agent', input: { agentId: 'nobody' }, error: { code: 'INVALID_REQUEST', message: "there is no agent 'nobody'" } },
  { name: 'a disabled agent', input: { agentId: 'off' }, error: { code: 'INVALID_REQUEST', message: "the agent 'off' is disabled" } },
  {
    name: 'a label that cannot be in a key',
    input: { channel: 'a b' },
    error: { code: 'INVALID_REQUEST', message: expect.stringContaining("channel 'a b' must be") },
  },
  { name: 'a chat id with a control character', input: { chatId: 'a\u0000' }, error: { code: 'INVALID_REQUEST' } },
  { name: 'a chat id that is too long', input: { chatId: 'x'.repeat(257) }, error: { code: 'INVALID_REQUEST' } },
])('$name makes no session', async ({ input, error }) => {
  const conversation = await makeConversation({ config: { agents: { list: [{ id: 'main' }, { id: 'off', enabled: false }] } } });
  await expect(conversation.sessions.create(input)).rejects.toMatchObject(error);
  expect((await conversation.sessions.list({})).sessions).toEqual([]);
});

test('pages go from the newest to the oldest, each session once, also when many were changed in the same millisecond', async () => {
  const time = clock();
  const conversation = await makeConversation({ clock: time });
  for (let number = 0; number < 25; number += 1) {
    if (number % 5 === 0) time.jump(1);
    await say(conversation, `chat${number}`, `number ${number}`);
  }
  const seen: string[] = [];
  let cursor: string | undefined;
  let pages = 0;
  do {
    const page = await conversation.sessions.list({ limit: 7, ...(cursor === undefined ? {} : { cursor }) });
    seen.push(...page.sessions.map(({ title }) => title));
    cursor = page.nextCursor ?? undefined;
    pages += 1;
  } while (cursor !== undefined);
  expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => `number ${24 - index}`));
  expect(pages).toBe(4);
});

test('an invalid cursor is refused', async () => {
  const conversation = await makeConversation();
  await expect(conversation.sessions.list({ cursor: 'bm9wZQ' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
});

test('a search finds titles and texts in any case, and treats no character as a wildcard', async () => {
  const conversation = await makeConversation({ clock: clock() });
  await say(conversation, 'a', 'Shopping list');
  await say(conversation, 'a', 'buy 100% juice_box');
  await say(conversation, 'b', 'ПОГОДА в Москве\\Kreml');
  expect(await titles(conversation, 'SHOPPING')).toEqual(['Shopping list']);
  expect(await titles(conversation, '100%')).toEqual(['Shopping list']);
  expect(await titles(conversation, '0% j')).toEqual(['Shopping list']);
  expect(await titles(conversation, '100_')).toEqual([]);
  expect(await titles(conversation, 'погода')).toEqual(['ПОГОДА в Москве\\Kreml']);
  expect(await titles(conversation, 'Москве\\k')).toEqual(['ПОГОДА в Москве\\Kreml']);
  expect(await titles(conversation, 'nothing')).toEqual([]);
});

test('a hit says where its text is: in the newest message with it, otherwise in the title', async () => {
  const conversation = await makeConversation({ clock: clock() });
  const where = async (search: string): Promise<unknown[]> => {
    const { sessions } = await conversation.sessions.list({ search });
    const { messages } = await conversation.sessions.get('main:webchat:default:direct:a');
    return sessions.map(({ match }) => [messages.findIndex(({ id }) => id === match?.messageId), match?.snippet, match?.highlights]);
  };
  for (const text of ['Holiday plans', 'the **big** harbour', 'no harbour', '東京の天気', 'nothing']) await say(conversation, 'a', text);
  await conversation.archive.change('main:webchat:default:direct:a', { title: 'Trip to Kyoto' });
  expect(await where('harbour')).toEqual([[2, 'no harbour', [{ start: 3, end: 10 }]]]);
  expect(await where('BIG HARBOUR')).toEqual([]);
  expect(await where('the **big')).toEqual([[1, 'the **big** harbour', [{ start: 0, end: 9 }]]]);
  expect(await where('の天気')).toEqual([[3, '東京の天気', [{ start: 2, end: 5 }]]]);
  expect(await where('天気')).toEqual([[3, '東京の天気', [{ start: 3, end: 5 }]]]);
  expect(await where('kyoto is:any')).toEqual([[-1, 'Trip to Kyoto', [{ start: 8, end: 13 }]]]);
  expect(await where('from:webchat')).toEqual([[-1, undefined, undefined]]);
});

test.each([
  { text: '  two\n lines\u0007 ', title: 'two lines' },
  { text: 'x'.repeat(200), title: `${'x'.repeat(59)}…` },
  { text: `${'word '.repeat(30)}`, title: `${'word '.repeat(11).trim()}…` },
  { text: `${'x'.repeat(58)}🌍🌍🌍`, title: `${'x'.repeat(58)}…` },
  { text: '/help', title: 'New chat' },
])('the title is the first message, shortened to one line: $title', async ({ text, title }) => {
  const conversation = await makeConversation();
  await say(conversation, 'a', text);
  expect(await titles(conversation)).toEqual([title]);
});

test('a deleted session disappears at once, and its chat starts a new one', async () => {
  const conversation = await makeConversation();
  await say(conversation, 'a', 'secret');
  const key = 'main:webchat:default:direct:a';
  await conversation.sessions.delete(key);
  await expect(conversation.sessions.get(key)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  await expect(conversation.sessions.delete(key)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  expect(await titles(conversation)).toEqual([]);
  expect(await titles(conversation, 'secret')).toEqual([]);
  await say(conversation, 'a', 'again');
  expect((await conversation.sessions.get(key)).messages.map(({ content }) => content)).toEqual(['again']);
});

describe.skipIf(isOnPostgres)('a deleted session', () => {
  const key = 'main:webchat:default:direct:a';

  async function deleted(): Promise<{ conversation: TestConversation; time: FakeClock }> {
    const time = clock();
    const conversation = await makeConversation({ clock: time });
    await say(conversation, 'a', 'secret');
    expect(await conversation.sessions.delete(key)).toEqual({ restorableUntil: '2026-01-09T03:04:05.678Z' });
    return { conversation, time };
  }

  test('comes back with all its messages', async () => {
    const { conversation, time } = await deleted();
    time.jump(7 * DAY_MS - 1);
    const listed = await conversation.sessions.list({ deleted: true });
    expect(listed.sessions.map((session) => session.key)).toEqual([key]);
    expect(listed.sessions[0]).toMatchObject({
      ...(await conversation.sessions.restore(key)),
      lastMessage: { role: 'assistant', text: 'secret' },
    });
    expect((await conversation.sessions.get(key)).messages.map(({ content }) => content)).toEqual(['secret']);
    expect(await titles(conversation, 'secret')).toEqual(['secret']);
    expect((await conversation.sessions.list({ deleted: true })).sessions).toEqual([]);
  });

  test('is purged after seven days', async () => {
    const { conversation, time } = await deleted();
    time.jump(7 * DAY_MS);
    expect((await conversation.sessions.list({ deleted: true })).sessions).toEqual([]);
    await expect(conversation.sessions.restore(key)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  });

  test.each([
    { maxAgeDays: null, order: ['other', 'secret'] },
    { maxAgeDays: 8, order: ['other', 'secret'] },
    { maxAgeDays: 1, order: ['secret', 'other'] },
  ])('keeps its place in the list, unless it would expire again at once: $maxAgeDays days', async ({ maxAgeDays, order }) => {
    const { conversation, time } = await deleted();
    const config = { sessions: { retention: { webchat: { maxAgeDays } } } };
    conversation.setConfig(config);
    time.jump(2 * DAY_MS);
    await say(conversation, 'b', 'other');
    time.jump(1);
    await conversation.sessions.restore(key);
    expect(await titles(conversation)).toEqual(order);
    const store = await openStore({ home: conversation.home });
    for (const step of retentionSteps(configSchema.parse(config), time.now())) await store.write(step);
    expect(await titles(conversation)).toEqual(order);
  });

  test('replaces no other session; of several deleted ones the last comes back', async () => {
    const { conversation, time } = await deleted();
    await say(conversation, 'a', 'second');
    await expect(conversation.sessions.restore(key)).rejects.toMatchObject({ code: 'CONFLICT' });
    time.jump(1);
    await conversation.sessions.delete(key);
    await conversation.sessions.restore(key);
    expect((await conversation.sessions.get(key)).messages.map(({ content }) => content)).toEqual(['second']);
    await expect(conversation.sessions.restore(key)).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});
