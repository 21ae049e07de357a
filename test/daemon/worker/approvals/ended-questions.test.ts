/** What a chat shows of a question once its approval has ended, however that was. */
import { expect, onTestFinished, test } from 'vitest';
import { callsTools, says } from '../../../fakes/openai/reply.js';
import { startFakeOpenAi } from '../../../fakes/openai/server.js';
import { failure, type FakeTelegram, type SentMessage, startFakeTelegram } from '../../../fakes/telegram/server.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { type ConversationOptions, fakeModels, makeConversation, type TestConversation } from '../../../helpers/make-conversation.js';
import { telegramConfig } from '../../../helpers/telegram-fixture.js';

const BY_PAGE = { id: 1, decision: 'deny', by: { via: 'page', name: null } } as const;

/** A chat in which a person has asked for something that needs an approval. */
async function start(options: ConversationOptions = {}): Promise<{ fake: FakeTelegram; conversation: TestConversation }> {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  model.reply(callsTools({ name: 'time', input: { timezone: 'UTC' } }), says('Well.'));
  const fake = await startFakeTelegram();
  const config = { ...telegramConfig(fake), agents: { defaults: { permissions: { time: 'ask' } } } };
  return { fake, conversation: await makeConversation({ config, models: fakeModels(model.baseUrl), ...options }) };
}

async function question({ fake, conversation }: Awaited<ReturnType<typeof start>>): Promise<SentMessage> {
  fake.say('how late is it?');
  await fake.until(() => fake.bot.sent.length === 1);
  const [message] = fake.bot.sent;
  if (message === undefined) throw new Error('nothing was asked');
  expect(message.buttons).toHaveLength(3);
  await expect.poll(async () => (await conversation.outgoing.list({})).messages.map(({ status }) => status)).toEqual(['delivered']);
  return message;
}

async function end(fake: FakeTelegram, message: SentMessage): Promise<[string | undefined, number]> {
  await fake.until(() => message.edits === 1);
  return [message.text.split('\n').at(-1), message.buttons.length];
}

test('a decision that is made elsewhere', async () => {
  const world = await start();
  const message = await question(world);
  await world.conversation.approvals.decide(BY_PAGE, undefined);
  expect(await end(world.fake, message)).toEqual(['Denied by page.', 0]);
});

test('a question that is withdrawn', async () => {
  const world = await start();
  const message = await question(world);
  world.fake.say('/stop');
  expect(await end(world.fake, message)).toEqual(['Not needed any more.', 0]);
});

test('a question that nobody has answered in time', async () => {
  const clock = new FakeClock();
  const world = await start({ clock });
  const message = await question(world);
  clock.jump(86_400_000);
  clock.advance(60_000);
  expect(await end(world.fake, message)).toEqual(['Nobody decided in time.', 0]);
});

test('a button that is pressed: the message is changed once', async () => {
  const world = await start();
  const message = await question(world);
  world.fake.press(message, 'Deny');
  expect(await end(world.fake, message)).toEqual(['Denied by Ann (telegram).', 0]);
  await world.fake.until(() => world.fake.bot.sent.some(({ text }) => text === 'Well.'));
  const { messages } = await world.conversation.outgoing.list({});
  expect(messages.filter(({ content }) => content.includes('Denied by Ann'))).toHaveLength(1);
});

test('a question that is still to be sent is not sent any more', async () => {
  const { fake, conversation } = await start();
  fake.fault('sendMessage', failure(429, 'Too Many Requests: retry after 3600', { retry_after: 3_600 }));
  fake.say('how late is it?');
  const waiting = async (): Promise<unknown[]> => (await conversation.outgoing.list({ status: 'retry_wait' })).messages;
  await expect.poll(async () => (await waiting()).length).toBe(1);
  await conversation.approvals.decide(BY_PAGE, undefined);
  await fake.until(() => fake.bot.sent.length === 1);
  expect(fake.bot.sent.map(({ text }) => text)).toEqual(['Well.']);
});
