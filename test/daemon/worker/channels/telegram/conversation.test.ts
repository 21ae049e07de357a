import { expect, onTestFinished, test } from 'vitest';
import { callsTools, says } from '../../../../fakes/openai/reply.js';
import { startFakeOpenAi, type FakeOpenAi } from '../../../../fakes/openai/server.js';
import { failure, startFakeTelegram, type FakeTelegram } from '../../../../fakes/telegram/server.js';
import { fakeModels, makeConversation, type ConversationOptions, type TestConversation } from '../../../../helpers/make-conversation.js';
import { telegramConfig } from '../../../../helpers/telegram-fixture.js';

interface Setup {
  readonly fake: FakeTelegram;
  readonly model: FakeOpenAi;
  readonly start: (account?: Record<string, unknown>, options?: ConversationOptions) => Promise<TestConversation>;
}

async function setUp(): Promise<Setup> {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const fake = await startFakeTelegram();
  return {
    fake,
    model,
    start: (account = {}, options = {}) =>
      makeConversation({ config: telegramConfig(fake, account), models: fakeModels(model.baseUrl), ...options }),
  };
}

const texts = (fake: FakeTelegram): string[] => fake.bot.sent.map(({ text }) => text);

test('a message from Telegram is answered there, in the session of its chat and by the agent of its account', async () => {
  const { fake, model, start } = await setUp();
  model.reply(says('Good ', '*morning*'));
  const conversation = await start();
  fake.say('hello');
  await fake.until(() => fake.bot.sent.length === 1);
  expect(fake.bot.sent).toMatchObject([{ chatId: 42, text: 'Good morning', entities: [{ type: 'italic', offset: 5, length: 7 }] }]);
  const { messages } = await conversation.sessions.get('main:telegram:default:direct:42');
  expect(messages.map(({ content }) => content)).toEqual(['hello', 'Good *morning*']);
  expect(conversation.channels()).toMatchObject({ telegram: { state: 'running' } });
});

test('a tool that asks waits for a button or a command, also through a restart; one that is denied is not known to the model', async () => {
  const { fake, model, start } = await setUp();
  const time = callsTools({ name: 'time', input: { timezone: 'UTC' } });
  model.reply(time, says('It is late.'), time, says('Who knows.'));
  const config = { ...telegramConfig(fake), agents: { defaults: { permissions: { time: 'ask', fetch: 'deny' } } } };
  const old = await start({}, { config, instanceId: 'wk_old' });
  fake.say('how late is it?');
  await fake.until(() => fake.bot.sent.length === 1);
  await old.quiesce();
  await old.close();
  await start({}, { config, home: old.home, instanceId: 'wk_next' });
  const [question] = fake.bot.sent;
  if (question !== undefined) fake.press(question, 'Approve');
  await fake.until(() => texts(fake).includes('It is late.') && question?.edits === 1);
  expect(question?.text).toMatch(/the tool time:\n[^]*\nApproved by Ann \(telegram\)\.$/);
  fake.say('and now?');
  await fake.until(() => fake.bot.sent.length === 3);
  fake.say('/deny 2 not again');
  await fake.until(() => texts(fake).includes('Who knows.') && texts(fake).includes('Denied: 2 (time).'));
  const { requests } = model;
  expect(requests.map(({ body }) => JSON.stringify(body).includes('"fetch"'))).toEqual([false, false, false, false]);
  expect(JSON.stringify(requests.at(-1)?.body)).toContain('not again');
});

test('a message for a chat waits without an attempt until Telegram can be reached', async () => {
  const { fake, start } = await setUp();
  fake.fault('getMe', failure(500, 'Internal Server Error'));
  const { messages, outgoing } = await start();
  const { messageId } = await messages.accept({ channel: 'telegram', chat_id: '42', content: 'patience' });
  expect(await outgoing.get(messageId)).toMatchObject({ status: 'queued', attempts: 0 });
  await fake.until(() => fake.bot.sent.length === 1);
  while ((await outgoing.get(messageId)).status !== 'delivered') await new Promise(setImmediate);
  expect(await outgoing.get(messageId)).toMatchObject({ attempts: 1, channel: 'telegram', chat_id: '42', error: null });
});

test('a blocked bot makes one message dead, and it can be sent again or dropped', async () => {
  const { fake, start } = await setUp();
  const { messages, outgoing } = await start();
  fake.bot.blockedBy.add(42);
  const { messageId } = await messages.accept({ channel: 'telegram', chat_id: '42', content: 'hello?' });
  while ((await outgoing.get(messageId)).status !== 'dead') await new Promise(setImmediate);
  expect(await outgoing.list({ status: 'dead' })).toMatchObject({
    messages: [{ id: messageId, error: 'Telegram answered 403: Forbidden: bot was blocked by the user' }],
  });
  fake.bot.blockedBy.clear();
  await outgoing.retry(messageId);
  await fake.until(() => fake.bot.sent.length === 1);
  while ((await outgoing.get(messageId)).status !== 'delivered') await new Promise(setImmediate);
  await expect(outgoing.retry(messageId)).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(outgoing.drop(messageId)).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(outgoing.drop('msg_none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test.each([
  [{ channel: 'nowhere', chat_id: '1', content: 'x' }, "there is no channel 'nowhere'"],
  [{ channel: 'telegram', chat_id: '1', content: 'x', accountId: 'other' }, "the channel 'telegram' has no account 'other'"],
  [{ channel: 'webhook', chat_id: '1', content: 'x' }, "the channel 'webhook' has no account 'default'"],
])('a message for %j is refused', async (message, expected) => {
  const { start } = await setUp();
  const { messages } = await start();
  await expect(messages.accept(message)).rejects.toMatchObject({ code: 'CHANNEL_NOT_FOUND', message: expected });
});

test('a message for a disabled account is refused with the key that disables it', async () => {
  const { start } = await setUp();
  const { messages } = await start({ enabled: false });
  const refusal = {
    code: 'CHANNEL_NOT_FOUND',
    message: "the account 'default' of the channel 'telegram' is disabled: channels.telegram.accounts.default.enabled is false",
    hint: 'Enable it with: xopc config set channels.telegram.accounts.default.enabled true',
  };
  for (const accountId of [undefined, 'default'])
    await expect(messages.accept({ channel: 'telegram', accountId, chat_id: '1', content: 'x' })).rejects.toMatchObject(refusal);
  const other = messages.accept({ channel: 'telegram', accountId: 'other', chat_id: '1', content: 'x' });
  await expect(other).rejects.toMatchObject({ message: "the channel 'telegram' has no account 'other'" });
});

test('a stranger gets a code once; an approved sender is answered, and can be revoked', async () => {
  const { fake, start } = await setUp();
  const { channelAccounts } = await start({ dmPolicy: 'pairing' });
  fake.say('hello');
  fake.say('hello??');
  await fake.until(() => fake.bot.sent.length === 1 && fake.bot.pendingUpdates === 0);
  const code = /approve telegram (\w{8})/.exec(texts(fake)[0] ?? '')?.[1] ?? '';
  expect((await channelAccounts.list()).pairings).toMatchObject([{ senderId: '42', senderName: 'Ann', state: 'pending', code }]);
  await expect(channelAccounts.approve('telegram', 'AAAAAAAA')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await channelAccounts.approve('telegram', code.toLowerCase());
  await expect(channelAccounts.approve('telegram', code)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  fake.say('and now?');
  await fake.until(() => fake.bot.sent.length === 3);
  expect(texts(fake).slice(1).toSorted()).toEqual(['You can write to me now. /help lists my commands.', 'and now?'].toSorted());
  await channelAccounts.revoke('telegram', { senderId: '42' });
  await expect(channelAccounts.revoke('telegram', { senderId: '42' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  fake.say('still there?');
  await fake.until(() => fake.bot.sent.length === 4);
  expect(texts(fake)[3]).toContain('You are not approved yet');
});

test('while twenty strangers wait for approval, others get no code, and the log says so once', async () => {
  const { fake, start } = await setUp();
  const { log } = await start({ dmPolicy: 'pairing' });
  for (let id = 101; id <= 122; id += 1) fake.say('hello', { from: { id, first_name: 'Bob' } });
  await fake.until(() => fake.bot.sent.length === 20 && fake.bot.pendingUpdates === 0);
  const expected = { level: 'warn', message: expect.stringMatching(/^20 senders wait for approval: others get no code/) as string };
  expect(log.entries).toMatchObject([{ ...expected, fields: { channel: 'telegram', accountId: 'default' } }]);
});

test('a preview becomes the one message of the answer, also after the death of its worker', async () => {
  const { fake, model, start } = await setUp();
  const never = new Promise<void>(() => undefined);
  model.reply({ ...says('A long answer ', 'is never finished'), gate: { before: 1, until: never } }, says('A long answer is finished'));
  const old = await start({ streamMode: 'partial' }, { instanceId: 'wk_old' });
  fake.say('tell me');
  await fake.until(() => fake.bot.sent.length === 1);
  expect(texts(fake)).toEqual(['A long answer …']);
  await old.quiesce();
  await old.close();
  await start({ streamMode: 'partial' }, { home: old.home, instanceId: 'wk_next' });
  await fake.until(() => texts(fake)[0] === 'A long answer is finished');
  expect(fake.bot.sent).toHaveLength(1);
});

test('/stop finishes the preview of the answer that it stops', async () => {
  const { fake, model, start } = await setUp();
  model.reply({ ...says('A long answer ', 'is never finished'), gate: { before: 1, until: new Promise<void>(() => undefined) } });
  await start({ streamMode: 'partial' });
  fake.say('tell me');
  await fake.until(() => fake.bot.sent.length === 1);
  fake.say('/stop');
  await fake.until(() => fake.bot.sent.length === 2 && fake.bot.sent[0]?.edits === 1);
  expect(texts(fake)).toEqual([expect.stringMatching(/^A long answer\s+Stopped\.$/), expect.stringMatching(/^Stopped\. What/)]);
});

test('twenty restarts: polls never overlap, and every message is answered once', { tags: ['long'] }, async () => {
  const { fake, start } = await setUp();
  const first = await start({}, { instanceId: 'wk_0' });
  let running = first;
  for (let round = 1; round <= 20; round += 1) {
    fake.say(`message ${round}`);
    await running.quiesce();
    await running.close();
    running = await start({}, { home: first.home, instanceId: `wk_${round}` });
  }
  fake.say('last');
  await fake.until(() => texts(fake).includes('last'));
  await fake.until(() => fake.bot.sent.length >= 21);
  expect(texts(fake).toSorted()).toEqual([...Array.from({ length: 20 }, (_, index) => `message ${index + 1}`), 'last'].toSorted());
  expect(fake.conflicts).toBe(0);
});

test('a turn that waits for a decision finishes its preview, and what follows is a message of its own, also after a restart', async () => {
  const { fake, model, start } = await setUp();
  let ask = (): void => undefined;
  const until = new Promise<void>((resolve) => (ask = resolve));
  model.reply({ ...says('Let me look.'), gate: { before: 1, until }, calls: [{ name: 'time', input: {} }] }, says('It is late.'));
  const config = { ...telegramConfig(fake, { streamMode: 'partial' }), agents: { defaults: { permissions: { time: 'ask' } } } };
  const old = await start({}, { config, instanceId: 'wk_old' });
  fake.say('how late is it?');
  await fake.until(() => texts(fake)[0] === 'Let me look. …');
  ask();
  await fake.until(() => fake.bot.sent.length === 2 && fake.bot.sent[0]?.edits === 1);
  expect(texts(fake)[0]).toBe('Let me look.');
  await old.quiesce();
  await old.close();
  await start({}, { config, home: old.home, instanceId: 'wk_next' });
  const [, question] = fake.bot.sent;
  if (question !== undefined) fake.press(question, 'Approve');
  await fake.until(() => texts(fake)[2]?.endsWith('late.') === true);
  expect([texts(fake)[0], fake.bot.sent[0]?.edits, texts(fake)[2]]).toEqual(['Let me look.', 1, 'It is late.']);
});
