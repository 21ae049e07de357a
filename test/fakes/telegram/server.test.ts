import { Bot, GrammyError } from 'grammy';
import { expect, onTestFinished, test } from 'vitest';
import { failure, startFakeTelegram, TOKEN, type FakeTelegram } from './server.js';

/** grammY's stock bot, as its users have it. */
function makeBot(fake: FakeTelegram, token = TOKEN): Bot {
  return new Bot(token, { client: { apiRoot: fake.apiRoot } });
}

async function errorOf(promise: Promise<unknown>): Promise<GrammyError> {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  if (error instanceof GrammyError) return error;
  throw new Error(`grammY's error was expected, not ${String(error)}`);
}

test("grammY's stock bot answers what it is told", async () => {
  const fake = await startFakeTelegram();
  const bot = makeBot(fake);
  bot.on('message:text', (ctx) => ctx.reply(`You said: ${ctx.message.text}`));
  bot.command('start', (ctx) => ctx.reply('never reached'));
  const running = bot.start();
  onTestFinished(() => bot.stop());
  fake.say('hello');
  fake.say('again', { chat: { id: -100, type: 'supergroup', title: 'Group' } });
  await fake.until(() => fake.bot.sent.length === 2);
  expect(fake.bot.sent.map(({ chatId, text }) => [chatId, text])).toEqual([
    [42, 'You said: hello'],
    [-100, 'You said: again'],
  ]);
  await bot.stop();
  await running;
  expect(fake.bot.pendingUpdates).toBe(0);
});

test('an update is there until a higher offset confirms it', async () => {
  const fake = await startFakeTelegram();
  const { api } = makeBot(fake);
  const first = fake.say('1');
  fake.say('2');
  expect((await api.getUpdates()).map(({ message }) => message?.text)).toEqual(['1', '2']);
  expect(await api.getUpdates({ limit: 1 })).toHaveLength(1);
  expect((await api.getUpdates({ offset: first + 1 })).map(({ message }) => message?.text)).toEqual(['2']);
  expect(await api.getUpdates({ offset: first + 2 })).toEqual([]);
  expect(fake.bot.pendingUpdates).toBe(0);
});

test('a second poll ends the first one with 409', async () => {
  const fake = await startFakeTelegram();
  const { api } = makeBot(fake);
  const first = errorOf(api.getUpdates({ timeout: 30 }));
  await fake.until(() => fake.openPolls === 1);
  const second = api.getUpdates({ timeout: 30 });
  expect(await first).toMatchObject({ error_code: 409, description: expect.stringContaining('terminated by other getUpdates') });
  fake.say('for the second');
  expect(await second).toHaveLength(1);
  expect(fake.conflicts).toBe(1);
});

test('a webhook stands in the way of polls until it is deleted', async () => {
  const fake = await startFakeTelegram();
  const { api } = makeBot(fake);
  fake.bot.webhookUrl = 'https://example.com';
  expect(await errorOf(api.getUpdates())).toMatchObject({ error_code: 409, description: expect.stringContaining('webhook is active') });
  await api.deleteWebhook();
  expect(await api.getUpdates()).toEqual([]);
});

test.each([
  {
    title: 'an unknown token',
    run: (fake: FakeTelegram) => makeBot(fake, TOKEN.replace('AAE', 'BBB')).api.getMe(),
    code: 401,
    description: 'Unauthorized',
  },
  { title: 'no token at all', run: (fake: FakeTelegram) => makeBot(fake, 'nonsense').api.getMe(), code: 404, description: 'Not Found' },
  { title: 'an empty text', run: (fake: FakeTelegram) => makeBot(fake).api.sendMessage(1, ' '), code: 400, description: 'empty' },
  {
    title: 'a text that is too long',
    run: (fake: FakeTelegram) => makeBot(fake).api.sendMessage(1, 'x'.repeat(4_097)),
    code: 400,
    description: 'too long',
  },
  {
    title: 'a message that is not there',
    run: (fake: FakeTelegram) => makeBot(fake).api.editMessageText(1, 99, 'x'),
    code: 400,
    description: 'not found',
  },
])('$title is refused as Telegram does', async ({ run, code, description }) => {
  const fake = await startFakeTelegram();
  expect(await errorOf(run(fake))).toMatchObject({ error_code: code, description: expect.stringContaining(description) });
});

test('blocked and unknown chats, migrated groups and floods are told apart', async () => {
  const fake = await startFakeTelegram();
  const { api } = makeBot(fake);
  fake.bot.blockedBy.add(1);
  fake.bot.unknownChats.add(2);
  fake.bot.migrated.set(-3, -1_003);
  expect(await errorOf(api.sendMessage(1, 'x'))).toMatchObject({ error_code: 403 });
  expect(await errorOf(api.sendMessage(2, 'x'))).toMatchObject({ error_code: 400, description: 'Bad Request: chat not found' });
  expect(await errorOf(api.sendMessage(-3, 'x'))).toMatchObject({ parameters: { migrate_to_chat_id: -1_003 } });
  fake.fault('sendMessage', failure(429, 'Too Many Requests: retry after 7', { retry_after: 7 }));
  expect(await errorOf(api.sendMessage(4, 'x'))).toMatchObject({ error_code: 429, parameters: { retry_after: 7 } });
});

test('a message can be edited, but not into what it is', async () => {
  const fake = await startFakeTelegram();
  const { api } = makeBot(fake);
  const message = await api.sendMessage(1, 'one');
  await api.editMessageText(1, message.message_id, 'two');
  expect(fake.bot.sent).toMatchObject([{ text: 'two', edits: 1 }]);
  expect(await errorOf(api.editMessageText(1, message.message_id, 'two'))).toMatchObject({
    description: expect.stringContaining('not modified'),
  });
});

test("a file is found by its id and read from where grammY's users read it", async () => {
  const fake = await startFakeTelegram();
  const { api } = makeBot(fake);
  const content = Buffer.from('what is in it');
  const { file_path: path, file_size: size } = await api.getFile(fake.bot.addFile('documents/file 1.txt', content));
  expect([path, size]).toEqual(['documents/file 1.txt', content.length]);
  const addressOf = (token: string): string => `${fake.apiRoot}/file/bot${token}/${encodeURI(path ?? '')}`;
  expect(await (await fetch(addressOf(TOKEN))).text()).toBe(content.toString());
  expect((await fetch(addressOf('7000000009:AAE-somebody-elses-token_0123456789'))).status).toBe(404);
  expect(await errorOf(api.getFile('none'))).toMatchObject({ error_code: 400, description: expect.stringContaining('wrong file_id') });
  const large = fake.bot.addFile('documents/large', Buffer.alloc(21 * 1_048_576));
  expect(await errorOf(api.getFile(large))).toMatchObject({ error_code: 400, description: 'Bad Request: file is too big' });
});
