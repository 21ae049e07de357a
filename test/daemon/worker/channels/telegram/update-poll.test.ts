import { expect, test } from 'vitest';
import { UpdatePoll } from '../../../../../daemon/worker/channels/telegram/update-poll.js';
import type { Update } from '../../../../../daemon/worker/channels/telegram/api/bot-answers.js';
import type { BotResult } from '../../../../../daemon/worker/channels/telegram/api/bot-api.js';
import { failure } from '../../../../fakes/telegram/server.js';
import { advanceUntil } from '../../../../helpers/advance-until.js';
import { eventually } from '../../../../helpers/eventually.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { IntakeMemory } from '../../../../helpers/host-memory.js';
import { logMemory } from '../../../../helpers/log-memory.js';
import { makeTelegram, type TelegramFixture } from '../../../../helpers/telegram-fixture.js';
import { isReady } from '../channel-contract.js';

const SCOPE = 'telegram:7000000001';

async function start(options?: Parameters<typeof makeTelegram>[0]): Promise<TelegramFixture> {
  const fixture = await makeTelegram(options);
  await fixture.channel.start(fixture.host);
  await fixture.untilReady();
  return fixture;
}

test('an update is stored once, before it is confirmed', async () => {
  const { fake, intake } = await start();
  const first = fake.say('one');
  fake.say('two');
  await fake.until(() => fake.bot.pendingUpdates === 0);
  expect(intake.taken.map(({ content, updateId, chatId, scope }) => ({ content, updateId, chatId, scope }))).toEqual([
    { content: 'one', updateId: String(first), chatId: '42', scope: SCOPE },
    { content: 'two', updateId: String(first + 1), chatId: '42', scope: SCOPE },
  ]);
  expect(intake.cursors.get(SCOPE)).toBe(first + 1);
});

test('updates that cannot be stored are not confirmed, and are read again', async () => {
  const clock = new FakeClock();
  const { fake, intake, channel } = await start({ clock });
  intake.failures = 2;
  fake.say('precious');
  await advanceUntil(clock, () => channel.health()['default']?.state === 'backoff');
  expect(channel.health()).toEqual({ default: { state: 'backoff', message: 'updates cannot be stored' } });
  expect(fake.bot.pendingUpdates).toBe(1);
  await advanceUntil(clock, () => intake.taken.length === 1);
  await fake.until(() => fake.bot.pendingUpdates === 0);
  expect(channel.health()).toEqual({ default: { state: 'running' } });
});

test('a restart continues after the stored updates, without a second poll', async () => {
  const { fake, intake, channel, untilReady, host } = await start();
  for (let round = 0; round < 20; round += 1) {
    fake.say(`before ${round}`);
    await fake.until(() => fake.openPolls === 1 || fake.bot.pendingUpdates === 0);
    await channel.stop();
    expect(intake.owned.size).toBe(0);
    fake.say(`while away ${round}`);
    await channel.start(host);
    await untilReady();
  }
  await fake.until(() => fake.bot.pendingUpdates === 0);
  expect(new Set(intake.taken.map(({ updateId }) => updateId)).size).toBe(40);
  expect(fake.conflicts).toBe(0);
});

test('while another live worker reads, nothing is asked', async () => {
  const clock = new FakeClock();
  const { fake, channel, intake, untilReady, host } = await makeTelegram({ clock });
  intake.foreign.add('telegram/default');
  await channel.start(host);
  clock.advance(1_000);
  expect(fake.calls).toEqual([]);
  const message = expect.stringContaining('another gateway on the same database') as string;
  await eventually(() => expect(channel.health()).toEqual({ default: { state: 'starting', message } }));
  intake.foreign.clear();
  const ready = untilReady();
  await advanceUntil(clock, () => isReady(channel));
  await ready;
});

test('another program that reads the same bot is explained, and reading goes on when it is gone', async () => {
  const clock = new FakeClock();
  const { fake, channel, log } = await start({ clock });
  await fake.until(() => fake.openPolls === 1);
  const other = fetch(`${fake.apiRoot}/bot7000000001:AAE-fake-token-for-tests_0123456789abcd/getUpdates?timeout=30`);
  await fake.until(() => fake.conflicts === 1);
  await advanceUntil(clock, () => channel.health()['default']?.state === 'backoff');
  expect(channel.health()['default']?.message).toContain('another program reads the updates of this bot');
  expect(log.entries.at(-1)?.message).toContain('another program');
  expect(isReady(channel)).toBe(true);
  // Ours is the later one now.
  await advanceUntil(clock, () => fake.conflicts === 2);
  expect((await other).status).toBe(409);
  fake.say('hello');
  await advanceUntil(clock, () => channel.health()['default']?.state === 'running');
});

test('a webhook that is set on the bot is removed, also later', async () => {
  const clock = new FakeClock();
  const { fake, channel, untilReady, intake, host } = await makeTelegram({ clock });
  fake.bot.webhookUrl = 'https://elsewhere.example';
  await channel.start(host);
  await untilReady();
  expect(fake.bot.webhookUrl).toBe('');
  await fake.until(() => fake.openPolls === 1);
  fake.bot.webhookUrl = 'https://elsewhere.example';
  fake.say('first');
  fake.say('second');
  await advanceUntil(clock, () => channel.health()['default']?.state === 'backoff');
  expect(channel.health()['default']?.message).toMatch(/webhook on this bot; it was removed.*use a separate bot/);
  await advanceUntil(clock, () => intake.taken.length === 2);
  expect(fake.bot.webhookUrl).toBe('');
  expect(channel.health()['default']).toEqual({ state: 'running' });
});

test('the delay that Telegram asks for is kept', async () => {
  const clock = new FakeClock();
  const { fake, channel, host } = await makeTelegram({ clock });
  fake.fault('getUpdates', failure(429, 'Too Many Requests: retry after 30', { retry_after: 30 }));
  await channel.start(host);
  await advanceUntil(clock, () => channel.health()['default']?.state === 'backoff');
  const asked = fake.calls.length;
  const startedAtMs = clock.now();
  await advanceUntil(clock, () => fake.calls.length > asked);
  expect(clock.now() - startedAtMs).toBeGreaterThanOrEqual(29_000);
});

test('an account whose server cannot be reached is not ready, says why, and becomes so', async () => {
  const clock = new FakeClock();
  const { fake, channel, untilReady, host } = await makeTelegram({ clock });
  fake.fault('getMe', 'html', failure(500, 'Internal Server Error'), 'drop');
  await channel.start(host);
  await advanceUntil(clock, () => channel.health()['default']?.state === 'backoff');
  expect(isReady(channel)).toBe(false);
  expect(channel.health()['default']?.message).toContain('502 without JSON');
  const ready = untilReady();
  await advanceUntil(clock, () => isReady(channel));
  await ready;
});

test('an invalid update is skipped, and the others of its batch are stored', async () => {
  const { fake, intake, log, channel, host } = await makeTelegram();
  fake.say('before');
  fake.push({ message: { chat: null, from: { id: 1 } } });
  fake.push({ message: 'what?' });
  fake.push({ poll: {} });
  fake.say('after');
  await channel.start(host);
  await fake.until(() => fake.bot.pendingUpdates === 0);
  expect(intake.taken.map(({ content }) => content)).toEqual(['before', 'after']);
  const errors = log.entries.filter(({ level }) => level === 'error');
  expect(errors.map(({ message, fields }) => [message, fields['place']])).toEqual([
    ['Telegram sent an update that cannot be read; it was skipped', 'message.message_id'],
    ['Telegram sent an update that cannot be read; it was skipped', 'message'],
  ]);
});

const QUIET = {
  logger: logMemory(),
  scope: SCOPE,
  random: () => 0,
  read: () => undefined,
  readPress: () => undefined,
  answer: () => undefined,
  onState: () => undefined,
};

/** A poll against scripted answers. @returns when each request was made, in ms since the start */
async function pollTimes(answers: readonly BotResult<Update[]>[], options: { takesMs?: number; cursor?: number } = {}): Promise<number[]> {
  const clock = new FakeClock();
  const startedAtMs = clock.now();
  const stop = new AbortController();
  const times: number[] = [];
  const intake = new IntakeMemory();
  if (options.cursor !== undefined) intake.cursors.set(SCOPE, options.cursor);
  const poll = new UpdatePoll({
    api: {
      async call() {
        times.push(clock.now() - startedAtMs);
        clock.advance(options.takesMs ?? 0);
        if (times.length === answers.length) stop.abort();
        return answers[times.length - 1] as never;
      },
    },
    intake,
    clock,
    ...QUIET,
  });
  const ended = poll.run(stop.signal);
  for (;;) {
    await new Promise(setImmediate);
    if (stop.signal.aborted) break;
    clock.advance(250);
  }
  await ended;
  return times;
}

const none: BotResult<Update[]> = { ok: true, value: [] };
const same: BotResult<Update[]> = { ok: true, value: [{ update_id: 7 }] };
const answered = (code: number): BotResult<never> => ({ ok: false, failure: { type: 'answered', code, description: 'no' } });

test.each([
  { title: 'nothing', answers: [none, none, none], atMs: [0, 1_000, 2_000] },
  { title: 'the same update again', answers: [same, same, same], atMs: [0, 0, 1_000] },
  { title: 'an update that was stored before the start', answers: [same, same], cursor: 7, atMs: [0, 1_000] },
  { title: 'an error with status 200', answers: [answered(200), answered(200), answered(200)], atMs: [0, 1_000, 3_000] },
])('polls that return at once with $title are a second apart', async ({ answers, cursor, atMs }) => {
  expect(await pollTimes(answers, cursor === undefined ? {} : { cursor })).toEqual(atMs);
});

test('a poll that the server held open is followed by the next at once', async () => {
  expect(await pollTimes([none, none], { takesMs: 25_000 })).toEqual([0, 25_000]);
});

const WEEK_MS = 7 * 24 * 3_600_000;

test.each([
  { what: "this worker's last update", answers: [[{ update_id: 1_000 }], [], []], stored: undefined, sent: [undefined, 1_001, undefined] },
  { what: 'the last update of the worker before', answers: [[], [], []], stored: WEEK_MS / 2, sent: [1_001, 1_001, undefined] },
  { what: 'the last update, when the worker starts', answers: [[], []], stored: WEEK_MS, sent: [undefined, undefined] },
])('a week after $what, no offset is sent, because their ids may restart', async ({ answers, stored, sent }) => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const offsets: unknown[] = [];
  const replies: object[][] = [...answers];
  const intake = new IntakeMemory();
  if (stored !== undefined) intake.cursors.set(SCOPE, 1_000);
  intake.storedAtMs = clock.now() - (stored ?? 0);
  const poll = new UpdatePoll({
    api: {
      async call(_method, payload) {
        offsets.push((payload as { offset?: number }).offset);
        if (offsets.length === 2) clock.jump(WEEK_MS - (stored ?? 0));
        const value = replies.shift();
        if (replies.length === 0) stop.abort();
        return { ok: true, value: value as never };
      },
    },
    intake,
    clock,
    ...QUIET,
  });
  const ended = poll.run(stop.signal);
  while (!stop.signal.aborted) {
    await new Promise(setImmediate);
    clock.advance(250);
  }
  expect(await ended).toBe('stopped');
  expect(offsets).toEqual(sent);
});
