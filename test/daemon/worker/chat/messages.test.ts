import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { IDEMPOTENCY_TTL_MS } from '../../../../daemon/worker/store/idempotency.js';
import { startFakeOpenAi } from '../../../fakes/openai/server.js';
import { rateLimited, unauthorized } from '../../../fakes/openai/reply.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { ask, fakeModels, makeConversation } from '../../../helpers/make-conversation.js';
import { isOnPostgres } from '../../../helpers/store-engine.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { eventually } from '../../../helpers/eventually.js';

const KEY = 'main:webchat:default:direct:chat';
const message = { channel: 'webchat', chat_id: 'chat', content: 'hello there' };
const never = new AbortController().signal;

test('an accepted message is in its chat’s session, and still there after a restart', async () => {
  const home = tempDir();
  const first = await makeConversation({ home, instanceId: 'wk_1' });
  const { messageId, replayed } = await first.messages.accept(message);
  expect(replayed).toBe(false);
  await first.close();
  const second = await makeConversation({ home, instanceId: 'wk_2' });
  const { session, messages } = await second.sessions.get(KEY);
  expect(session).toMatchObject({ key: KEY, channel: 'webchat', title: 'hello there', messageCount: 1 });
  expect(messages).toEqual([
    expect.objectContaining({ id: messageId, role: 'assistant', content: 'hello there', model: null, status: 'complete' }),
  ]);
});

test('messages that come at once are kept in their order', async () => {
  const conversation = await makeConversation();
  const contents = Array.from({ length: 300 }, (_, index) => `number ${index}`);
  await Promise.all(contents.map((content) => conversation.messages.accept({ ...message, content })));
  expect((await conversation.sessions.get(KEY)).messages.map(({ content }) => content)).toEqual(contents);
});

test('the same idempotency key gives the first answer again, for another body a conflict', async () => {
  const conversation = await makeConversation();
  const accept = (content: string, key: string) => conversation.messages.accept({ ...message, content }, { key });
  const atOnce = await Promise.all(Array.from({ length: 10 }, () => accept('a', 'k1')));
  expect(new Set(atOnce.map(({ messageId }) => messageId)).size).toBe(1);
  expect(atOnce.filter(({ replayed }) => !replayed)).toHaveLength(1);
  expect(await accept('a', 'k1')).toEqual({ messageId: atOnce[0]?.messageId, replayed: true });
  await expect(accept('b', 'k1')).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining("'k1'") as string });
  expect((await accept('b', 'k2')).replayed).toBe(false);
  expect((await conversation.sessions.get(KEY)).messages.map(({ content }) => content)).toEqual(['a', 'b']);
});

// On PostgreSQL the time is that of the database.
test.skipIf(isOnPostgres)('a key is free again after a day, also for another body', async () => {
  const clock = new FakeClock();
  const conversation = await makeConversation({ clock, isActive: false });
  await conversation.messages.accept(message, { key: 'k' });
  clock.jump(IDEMPOTENCY_TTL_MS);
  expect((await conversation.messages.accept({ ...message, content: 'other' }, { key: 'k' })).replayed).toBe(false);
});

test.each([
  { name: 'an unknown channel', message: { ...message, channel: 'pigeon' }, code: 'CHANNEL_NOT_FOUND' },
  { name: 'an account that is not set up', message: { ...message, accountId: 'work' }, code: 'CHANNEL_NOT_FOUND' },
  { name: 'an empty text', message: { ...message, content: '' }, code: 'INVALID_REQUEST' },
  { name: 'a text of blanks', message: { ...message, content: ' \n\u200b' }, code: 'INVALID_REQUEST' },
  { name: 'a chat id with a line break', message: { ...message, chat_id: 'a\nb' }, code: 'INVALID_REQUEST' },
])('$name is refused and leaves nothing', async ({ message: wrong, code }) => {
  const conversation = await makeConversation();
  await expect(conversation.messages.accept(wrong, { key: 'k' })).rejects.toMatchObject({ code });
  await expect(conversation.messages.sync(wrong, { deliver: true, signal: never })).rejects.toMatchObject({ code });
  expect((await conversation.sessions.list({})).sessions).toEqual([]);
});

test('a message that nobody would receive is refused; the answer of an account without a receiver stays in its session', async () => {
  const config = { channels: { webhook: { accounts: { inbound: { preset: 'github', inboundToken: 'a-token-of-sixteen' } } } } };
  const { messages, cron, sessions } = await makeConversation({ config });
  const toWebhook = { ...message, channel: 'webhook' };
  const refusal = { code: 'INVALID_REQUEST', hint: expect.stringContaining('channels.webhook.accounts.inbound.url URL') as string };
  await expect(messages.accept(toWebhook)).rejects.toMatchObject(refusal);
  const job = { schedule: '0 0 1 1 *', message: 'x', channel: 'webhook', chat_id: 'chat' };
  await expect(cron.create({ ...job, mode: 'direct' })).rejects.toMatchObject(refusal);
  await cron.create({ ...job, mode: 'agent' });
  await messages.sync({ ...toWebhook, content: '/help' }, { deliver: true, signal: never });
  expect((await sessions.list({})).sessions).toMatchObject([{ channel: 'webhook', messageCount: 2 }]);
});

test('without a model, people in chats are told so, but not the paths of the owner', async () => {
  const conversation = await makeConversation();
  const { reply } = await conversation.messages.sync({ ...message, content: 'hi' }, { deliver: false, signal: never });
  expect(reply).toContain('no language model is configured yet');
  expect(reply).not.toContain(conversation.home);
  expect((await ask(conversation, 'hi')).text).toContain(conversation.home);
});

test("a synchronous message is a turn in the chat, with the chat's earlier messages as context", async () => {
  const fake = await startFakeOpenAi();
  const conversation = await makeConversation({ models: fakeModels(fake.baseUrl) });
  await conversation.messages.accept({ ...message, content: 'Reminder: tea' });
  expect(await conversation.messages.sync({ ...message, content: 'Done, thanks' }, { deliver: true, signal: never })).toEqual({
    reply: 'Done, thanks',
  });
  expect(fake.requests[0]?.messages).toEqual([
    { role: 'assistant', content: 'Reminder: tea' },
    { role: 'user', content: 'Done, thanks' },
  ]);
  expect((await conversation.sessions.get(KEY)).messages).toHaveLength(3);
  fake.reply(unauthorized());
  await expect(conversation.messages.sync(message, { deliver: false, signal: never })).rejects.toMatchObject({ code: 'AGENT_ERROR' });
  fake.reply(rateLimited('120'));
  await expect(conversation.messages.sync(message, { deliver: false, signal: never })).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    details: { retryAfterSeconds: 120 },
  });
  await fake.close();
});

test('in a chat a slash command is for the gateway, over the API it is for the model', async () => {
  const fake = await startFakeOpenAi();
  const conversation = await makeConversation({ models: fakeModels(fake.baseUrl) });
  const chat = async (content: string) =>
    (await conversation.messages.sync({ ...message, content }, { deliver: false, signal: never })).reply;
  const help = await chat('/help@my_bot');
  expect(help.split('\n').map((line) => line.split(' ')[0])).toEqual(
    expect.arrayContaining(['/help', '/status', '/models', '/model', '/stop', '/new']),
  );
  expect(await chat('/models two')).toBe('fake/two');
  expect(await chat('/status')).toMatch(/^Agent: main\nModel: fake\/one\nSession: main:webchat:default:direct:chat \(5 messages\)/);
  expect(fake.requests).toHaveLength(0);
  expect(await chat('/etc/hosts is a file')).toBe('/etc/hosts is a file');
  expect(await chat('remember: blue')).toBe('remember: blue');
  expect(await chat('/new')).toBe('New conversation started.');
  await chat('what?');
  expect(fake.requests.at(-1)?.messages).toEqual([{ role: 'user', content: 'what?' }]);
  expect((await conversation.sessions.get(KEY)).messages.length).toBe(14);
  for await (const event of conversation.agent.run({ message: '/help' }, never))
    if (event.type === 'done') expect(event.reply).toBe('/help');
  await fake.close();
});

test('while the store fails everything is UNAVAILABLE with the reason, and recovers by itself', async ({ skip }) => {
  skip(isOnPostgres, 'puts a directory in the place of the file of SQLite');
  const home = tempDir();
  const database = join(home, 'state', 'gateway.db');
  mkdirSync(database, { recursive: true });
  const clock = new FakeClock();
  const conversation = await makeConversation({ home, clock });
  const reason = { code: 'UNAVAILABLE', message: expect.stringContaining('is a directory') as string };
  await expect(conversation.messages.accept(message)).rejects.toMatchObject(reason);
  await expect(conversation.sessions.list({})).rejects.toMatchObject(reason);
  await expect(conversation.messages.sync(message, { deliver: false, signal: never })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(conversation.warnings()).toEqual([expect.objectContaining({ code: 'STORE_UNAVAILABLE' })]);
  rmSync(database, { recursive: true });
  clock.advance(500);
  await eventually(() => expect(conversation.warnings()).toEqual([]));
  expect((await conversation.messages.accept(message)).replayed).toBe(false);
});

test('a channel runs only while its worker is the active one', async () => {
  const conversation = await makeConversation({ isActive: false });
  expect(conversation.channels()).toEqual({ webchat: { state: 'off' } });
  await conversation.activate();
  expect(conversation.channels()).toEqual({ webchat: { state: 'running' } });
  await conversation.quiesce();
  expect(conversation.channels()).toEqual({ webchat: { state: 'off' } });
  expect((await conversation.messages.accept(message)).messageId).toMatch(/^msg_/);
});
