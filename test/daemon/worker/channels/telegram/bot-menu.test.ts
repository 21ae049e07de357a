import { expect, test } from 'vitest';
import { failure } from '../../../../fakes/telegram/server.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { makeTelegram } from '../../../../helpers/telegram-fixture.js';

const OURS = [{ command: 'help', description: 'lists the commands' }];

test.each([
  { title: 'none', before: [], after: OURS, calls: 2 },
  { title: 'an older one of ours', before: [{ command: 'help', description: 'helps' }], after: OURS, calls: 2 },
  { title: 'the same', before: OURS, after: OURS, calls: 1 },
  {
    title: "the owner's own",
    before: [{ command: 'weather', description: 'x' }],
    after: [{ command: 'weather', description: 'x' }],
    calls: 1,
  },
])('a bot with a menu ($title) offers the commands that it should', async ({ before, after, calls }) => {
  const { fake, channel, untilReady, host } = await makeTelegram();
  fake.bot.menu = before;
  await channel.start(host);
  await untilReady();
  // The menu is offered once updates have been read.
  fake.say('hello');
  await fake.until(() => fake.calls.filter((method) => method.endsWith('MyCommands')).length === calls && fake.bot.pendingUpdates === 0);
  fake.say('again');
  await fake.until(() => fake.bot.pendingUpdates === 0);
  expect(fake.calls.filter((method) => method.endsWith('MyCommands'))).toHaveLength(calls);
  expect(fake.bot.menu).toEqual(after);
});

test.each(['getMyCommands', 'setMyCommands'])(
  'a menu that cannot be set, at %s, causes no error, and is set a minute later',
  async (method) => {
    const clock = new FakeClock();
    const { fake, channel, untilReady, log, host } = await makeTelegram({ clock });
    fake.fault(method, failure(500, 'Internal Server Error'));
    await channel.start(host);
    await untilReady();
    for (const text of ['hello', 'again']) {
      fake.say(text);
      await fake.until(() => fake.calls.includes(method) && fake.bot.pendingUpdates === 0);
    }
    expect([channel.health(), log.entries, fake.bot.menu]).toEqual([{ default: { state: 'running' } }, [], []]);
    await expect
      .poll(() => {
        clock.advance(60_000);
        fake.say('later');
        return fake.bot.menu;
      })
      .toEqual(OURS);
    expect(fake.calls.filter((name) => name === method)).toHaveLength(2);
  },
);

test('a menu that Telegram refuses is not offered again', async () => {
  const clock = new FakeClock();
  const { fake, channel, untilReady, host } = await makeTelegram({ clock });
  fake.fault('setMyCommands', failure(400, 'Bad Request: BOT_COMMAND_INVALID'));
  await channel.start(host);
  await untilReady();
  for (const text of ['hello', 'again', 'later']) {
    fake.say(text);
    await fake.until(() => fake.calls.includes('setMyCommands') && fake.bot.pendingUpdates === 0);
    clock.advance(60_000);
  }
  expect([fake.calls.filter((name) => name === 'setMyCommands'), fake.bot.menu]).toEqual([['setMyCommands'], []]);
});

test('a menu that is answered with nonsense fails that call alone: the account goes on', async () => {
  const { fake, channel, untilReady, log, host } = await makeTelegram();
  fake.fault('getMyCommands', { ok: true, result: true });
  await channel.start(host);
  await untilReady();
  fake.say('hello');
  await fake.until(() => fake.calls.includes('getMyCommands') && fake.bot.pendingUpdates === 0);
  fake.say('again');
  await fake.until(() => fake.bot.pendingUpdates === 0);
  expect(channel.health()).toEqual({ default: { state: 'running' } });
  expect(log.entries).toEqual([]);
});
