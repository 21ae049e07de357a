import { expect, test } from 'vitest';
import type { SendOutcome } from '../../../../../daemon/worker/channels/channel.js';
import { type Fault, failure, TOKEN } from '../../../../fakes/telegram/server.js';
import { makeTelegram, type TelegramFixture } from '../../../../helpers/telegram-fixture.js';
import { describeChannel, isReady, sendOnce } from '../channel-contract.js';

describeChannel('telegram', async () => {
  const { channel, host, fake, untilReady } = await makeTelegram();
  return { channel, host, accountId: 'default', chatId: '42', received: () => fake.bot.sent.map(({ text }) => text), untilReady };
});

async function start(options?: Parameters<typeof makeTelegram>[0]): Promise<TelegramFixture> {
  const fixture = await makeTelegram(options);
  await fixture.channel.start(fixture.host);
  await fixture.untilReady();
  return fixture;
}

async function send(
  { channel }: TelegramFixture,
  content: string,
  { chatId = '42', previewId }: { chatId?: string; previewId?: string } = {},
): Promise<SendOutcome[]> {
  const message = { accountId: 'default', chatId };
  const outcomes: SendOutcome[] = [];
  const sendBody = (body: string) => sendOnce(channel, { ...message, id: 'msg_1', body });
  for (const body of channel.compose({ ...message, id: 'msg_1', content, nowMs: 0, previewId })) {
    const outcome = await sendBody(body);
    outcomes.push(outcome.type === 'changed' ? await sendBody(outcome.body) : outcome);
  }
  return outcomes;
}

test('Markdown arrives as text with entities, also in a topic of a forum', async () => {
  const fixture = await start();
  await send(fixture, '**Done** in `main.ts` \u{1F600}', { chatId: '-100123:7' });
  expect(fixture.fake.bot.sent).toMatchObject([
    {
      chatId: -100_123,
      topic: 7,
      text: 'Done in main.ts \u{1F600}',
      entities: [
        { type: 'bold', offset: 0, length: 4 },
        { type: 'code', offset: 8, length: 7 },
      ],
    },
  ]);
});

test('a long text arrives in parts that Telegram takes, in order and whole', async () => {
  const fixture = await start();
  const words = Array.from({ length: 3_000 }, (_, index) => `word${index}`);
  const outcomes = await send(fixture, words.join(' '));
  expect(outcomes.map(({ type }) => type)).toEqual(Array(outcomes.length).fill('delivered'));
  expect(outcomes.length).toBeGreaterThan(5);
  expect(fixture.fake.bot.sent.map(({ text }) => text).join(' ')).toBe(words.join(' '));
});

test.each(['', ' \n', '```\n```'])('a text with nothing to show (%j) is refused before it is stored', async (content) => {
  const { channel } = await makeTelegram();
  const message = { id: 'msg_1', accountId: 'default', chatId: '42', content, nowMs: 0 };
  expect(() => channel.compose(message)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
});

test('more that is marked than Telegram shows in one message goes into several', async () => {
  const fixture = await start();
  await send(fixture, Array.from({ length: 250 }, (_, index) => `**b${index}** and \`c${index}\``).join('\n'));
  const { sent } = fixture.fake.bot;
  expect(sent.every(({ entities }) => entities.length <= 100)).toBe(true);
  expect(sent.reduce((sum, { entities }) => sum + entities.length, 0)).toBe(500);
});

test('a list with more marks than one message takes goes into two of like size', async () => {
  const fixture = await start();
  await send(fixture, Array.from({ length: 60 }, (_, index) => `- **Point ${index}**: what \`it${index}\` says`).join('\n'));
  const lengths = fixture.fake.bot.sent.map(({ text }) => text.length);
  expect(lengths).toHaveLength(2);
  expect(Math.min(...lengths)).toBeGreaterThan(Math.max(...lengths) / 2);
});

test('a send that is answered with nonsense is of unknown outcome, and says nothing of the account', async () => {
  const fixture = await start();
  fixture.fake.fault('sendMessage', { ok: true, result: true });
  expect(await send(fixture, 'hello')).toMatchObject([{ type: 'unknown' }]);
  expect(fixture.channel.health()).toEqual({ default: { state: 'running' } });
});

test('a text that would keep a chat busy for minutes is refused', async () => {
  const { channel } = await makeTelegram();
  const message = { id: 'msg_1', accountId: 'default', chatId: '42', content: 'x'.repeat(300_000), nowMs: 0 };
  expect(() => channel.compose(message)).toThrow(
    expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringContaining('too long') }),
  );
});

const FAULTS: { title: string; fault: Fault; expected: SendOutcome | { type: string } }[] = [
  {
    title: 'a flood',
    fault: failure(429, 'Too Many Requests: retry after 7', { retry_after: 7 }),
    expected: { type: 'failed', retryAfterMs: 7_000 },
  },
  { title: 'an error of Telegram', fault: failure(500, 'Internal Server Error'), expected: { type: 'failed' } },
  { title: 'a blocked bot', fault: failure(403, 'Forbidden: bot was blocked by the user'), expected: { type: 'refused' } },
  {
    title: 'a chat that is not there',
    fault: failure(400, 'Bad Request: chat not found'),
    expected: { type: 'refused', reason: 'Telegram answered 400: Bad Request: chat not found' },
  },
  { title: 'a cut connection', fault: 'drop', expected: { type: 'unknown' } },
  { title: 'an answer of a proxy', fault: 'html', expected: { type: 'unknown' } },
];

test.each(FAULTS)('$title makes a send $expected.type', async ({ fault, expected }) => {
  const fixture = await start();
  fixture.fake.fault('sendMessage', fault);
  expect(await send(fixture, 'hello')).toMatchObject([expected]);
  expect(isReady(fixture.channel)).toBe(true);
});

test('a send is never repeated by itself', async () => {
  const fixture = await start();
  await send(fixture, 'one');
  fixture.fake.fault('sendMessage', 'drop');
  expect(await send(fixture, 'two')).toMatchObject([{ type: 'unknown' }]);
  expect(fixture.fake.bot.sent.map(({ text }) => text)).toEqual(['one', 'two']);
});

test('a group that has become a supergroup is followed, once', async () => {
  const fixture = await start();
  fixture.fake.bot.migrated.set(-5, -100_5).set(-6, -7).set(-7, -6);
  expect(await send(fixture, 'hello', { chatId: '-5' })).toMatchObject([{ type: 'delivered' }]);
  expect(await send(fixture, 'hello', { chatId: '-6' })).toMatchObject([{ type: 'refused' }]);
  expect(fixture.fake.bot.sent).toMatchObject([{ chatId: -100_5, text: 'hello' }]);
});

test('a preview in a group that has become a supergroup is sent there again', async () => {
  const fixture = await start();
  fixture.fake.bot.migrated.set(-5, -100_5);
  expect(await send(fixture, 'hello', { chatId: '-5', previewId: '3' })).toMatchObject([{ type: 'delivered' }]);
  expect(fixture.fake.bot.sent).toMatchObject([{ chatId: -100_5, text: 'hello' }]);
});

test('an edit whose answer is lost is repeated, which has no effect', async () => {
  const fixture = await start();
  const { bot } = fixture.fake;
  await send(fixture, 'preview …');
  const previewId = String(bot.sent[0]?.messageId);
  fixture.fake.fault('editMessageText', 'drop');
  expect(await send(fixture, 'whole', { previewId })).toMatchObject([{ type: 'failed' }]);
  expect(await send(fixture, 'whole', { previewId })).toMatchObject([{ type: 'delivered' }]);
  expect(bot.sent).toMatchObject([{ text: 'whole', edits: 1 }]);
});

test('a preview becomes the answer, is left if it already is, and is replaced if it is gone', async () => {
  const fixture = await start();
  const { bot } = fixture.fake;
  await send(fixture, 'preview …');
  const previewId = String(bot.sent[0]?.messageId);
  expect(await send(fixture, 'whole', { previewId })).toMatchObject([{ type: 'delivered' }]);
  expect(await send(fixture, 'whole', { previewId })).toMatchObject([{ type: 'delivered' }]);
  expect(bot.sent).toMatchObject([{ text: 'whole', edits: 1 }]);
  expect(await send(fixture, 'again', { previewId: '99' })).toMatchObject([{ type: 'delivered' }]);
  expect(bot.sent.map(({ text }) => text)).toEqual(['whole', 'again']);
});

test('a preview that is gone is replaced in its topic', async () => {
  const fixture = await start();
  expect(await send(fixture, 'whole', { chatId: '-100123:7', previewId: '99' })).toMatchObject([{ type: 'delivered' }]);
  expect(fixture.fake.bot.sent).toMatchObject([{ text: 'whole', topic: 7 }]);
});

test.each([
  { title: 'that Telegram does not know', botToken: TOKEN.replace('AAE', 'BBB') },
  { title: 'that is none', botToken: 'nonsense' },
])('a token $title makes the account fail, and appears nowhere', async ({ botToken }) => {
  const { channel, fake, log, host } = await makeTelegram({ account: { botToken } });
  await channel.start(host);
  await fake.until(() => fake.calls.includes('getMe'));
  while (channel.health()['default']?.state === 'starting') await new Promise(setImmediate);
  expect(channel.health()).toMatchObject({ default: { state: 'failed', message: expect.stringContaining('@BotFather') } });
  expect(JSON.stringify([log.entries, channel.health()])).not.toContain(botToken);
  expect(fake.calls.filter((method) => method === 'getMe')).toHaveLength(1);
});

test('an account that cannot start is logged with the reason', async () => {
  const { channel, fake, host, log } = await makeTelegram();
  fake.fault('getMe', failure(502, 'Bad Gateway'));
  await channel.start(host);
  const message = 'the account cannot start: Telegram answered 502: Bad Gateway';
  const entry = { level: 'warn', message, fields: { channel: 'telegram', accountId: 'default', failures: 1 } };
  await expect.poll(() => log.entries).toEqual([entry]);
});

test('a token that is refused later stops the account and spends no attempt; a new one revives it', async () => {
  const fixture = await start();
  const { channel, fake, setConfig, untilReady } = fixture;
  fake.fault('sendMessage', failure(401, 'Unauthorized'));
  expect(await send(fixture, 'hello')).toEqual([{ type: 'interrupted' }]);
  expect(isReady(channel)).toBe(false);
  const botToken = '7000000001:AAE-another-token-for-tests_0123456789';
  fake.addBot(botToken, 'fake_bot');
  setConfig({ botToken });
  await channel.reconfigure();
  await untilReady();
  expect(await send(fixture, 'hello')).toMatchObject([{ type: 'delivered' }]);
});

test('several accounts run side by side; a second one with the same bot fails and says so', async () => {
  const { channel, fake } = await makeTelegram();
  expect(channel.findAccount('default')).toBe('default');
  const accounts = {
    one: { botToken: TOKEN, apiRoot: fake.apiRoot },
    two: { botToken: TOKEN.replace('AAE', 'BBB'), apiRoot: fake.apiRoot },
    three: { botToken: '7000000003:AAE-third-token-for-tests_012345678', apiRoot: fake.apiRoot },
  };
  fake.addBot(accounts.three.botToken, 'third_bot');
  const several = await makeTelegram({ accounts });
  await several.channel.start(several.host);
  await fake.until(() => fake.openPolls === 2);
  expect(several.channel.health()).toMatchObject({
    one: { state: 'running' },
    two: { state: 'failed', message: "it uses the same bot as the account 'one'" },
    three: { state: 'running' },
  });
  expect(several.channel.findAccount(undefined)).toBeUndefined();
  // Once the first is gone, the second has the bot.
  several.setAccounts({ two: accounts.two });
  fake.addBot(accounts.two.botToken, 'fake_bot');
  await several.channel.reconfigure();
  await fake.until(() => fake.openPolls === 1);
  expect(several.channel.health()).toEqual({ two: { state: 'running' } });
});

test('a Bot API behind a proxy may have a path', async () => {
  const { fake, channel } = await makeTelegram();
  const proxied = await makeTelegram({ account: { apiRoot: `${fake.apiRoot}/telegram/api/` } });
  await proxied.channel.start(proxied.host);
  await fake.until(() => fake.openPolls === 1);
  expect(proxied.channel.health()).toEqual({ default: { state: 'running' } });
  expect(channel.health()).toEqual({ default: { state: 'off' } });
});

test('a migrated group is logged, because allowFrom may name it', async () => {
  const { fake, log } = await start();
  fake.say('', { chat: { id: -5, type: 'group' }, message: { migrate_to_chat_id: -1005 } });
  await fake.until(() => fake.bot.pendingUpdates === 0);
  expect(log.entries.map(({ message }) => message)).toContain(
    'the group -5 has become the supergroup -1005; update allowFrom if it names the old id',
  );
});
