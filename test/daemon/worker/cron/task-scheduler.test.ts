/** What people and agents schedule from within a chat. */
import { expect, test } from 'vitest';
import { createRemindCommand, createTaskScheduler } from '../../../../daemon/worker/cron/task-scheduler.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { makeConversation } from '../../../helpers/make-conversation.js';

const START = Date.parse('2026-01-01T08:00:00Z');
const chat = { channel: 'webchat', chat_id: 'me' };
const CHAT_KEY = 'main:webchat:default:direct:me';

/** Returns the command as that chat gives it. */
function remindIn(sessionKey: string, options: Parameters<typeof createRemindCommand>[0]) {
  const command = createRemindCommand(options);
  const place = { name: 'remind', sessionId: 1, sessionKey, agentId: 'main', model: 'xopc/guide', hasStopped: false };
  return (args: string, callKey = `command:${args}`): Promise<string> => command.run({ ...place, args, callKey });
}

test('/remind makes a job for the chat in which it was given', async () => {
  const clock = new FakeClock(START);
  const conversation = await makeConversation({ clock, isActive: false, config: { cron: { defaultTimezone: 'Europe/Berlin' } } });
  const signal = new AbortController().signal;
  const say = async (content: string): Promise<string> =>
    (await conversation.messages.sync({ channel: 'webchat', chat_id: 'me', content }, { deliver: false, signal })).reply;
  expect(await say('/remind 20m take the cake out')).toContain('at 2026-01-01T09:20:00+01:00 (');
  expect(await say('/remind tomorrow')).toContain('Write e.g.');
  const usage = 'Write e.g. /remind 20m take the cake out, or /remind 2026-01-03T09:00 call Ann.';
  expect(await say('/remind 2020-01-01T09:00 too late')).toBe(`That time is in the past. ${usage}`);
  expect(await say('/remind 2020-13-01T09:00 never')).toMatch(/^schedule 'at 2020-13-01T09:00' .+\. Write e\.g\. \/remind 20m /);
  expect(await conversation.cron.list()).toMatchObject([
    { message: '⏰ take the cake out', channel: 'webchat', chat_id: 'main:webchat:default:direct:me', mode: 'direct' },
  ]);
});

test('/remind that runs again because its worker was killed makes one reminder, at the time of the first run', async () => {
  const clock = new FakeClock(START);
  const { cron } = await makeConversation({ clock, isActive: false, config: { cron: { defaultTimezone: 'UTC' } } });
  const say = remindIn(CHAT_KEY, { jobs: cron, clock });
  const remind = (callKey: string): Promise<string> => say('20m cake', callKey);
  const first = await remind('command:msg_1');
  clock.jump(60_000);
  expect(await remind('command:msg_1')).toBe(first);
  expect(await cron.list()).toHaveLength(1);
  expect(await remind('command:msg_2')).toContain('2026-01-01T08:21:00+00:00');
  expect(await cron.list()).toHaveLength(2);
});

test('/remind lists what a chat waits for, and cancels nothing of others', async () => {
  const clock = new FakeClock(START);
  const conversation = await makeConversation({ clock, isActive: false, config: { cron: { defaultTimezone: 'UTC' } } });
  const { cron } = conversation;
  const signal = new AbortController().signal;
  const say = async (content: string): Promise<string> =>
    (await conversation.messages.sync({ channel: 'webchat', chat_id: 'me', content }, { deliver: false, signal })).reply;
  expect(await say('/remind list')).toContain('Nothing is scheduled for this chat.');
  await say('/remind 20m cake');
  const other = await cron.create({ schedule: 'every 1h', message: 'y', channel: 'webchat', chat_id: 'you' });
  const daily = await cron.create({ schedule: '0 9 * * *', message: 'Stand up', timezone: 'UTC', ...chat });
  const [reminder] = (await cron.list()).filter(({ message }) => message.includes('cake'));
  expect(await say('/remind list')).toBe(
    [
      `2026-01-01T08:20:00+00:00 ⏰ cake ${reminder?.id}`,
      `2026-01-01T09:00:00+00:00 Stand up (0 9 * * *) ${daily.id}`,
      'Cancel one with: /remind cancel ID',
    ].join('\n'),
  );
  expect(await say(`/remind cancel ${other.id}`)).toContain('Nothing with the id');
  expect(await say('/remind cancel')).toContain('Which one?');
  expect(await say(`/remind cancel ${reminder?.id}`)).toBe('Cancelled: ⏰ cake');
  expect((await cron.list()).map(({ id }) => id)).toEqual([other.id, daily.id]);
});

test('what is scheduled in a chat of the page comes to that chat, whichever agent answers there', async () => {
  const conversation = await makeConversation({ config: { agents: { list: [{ id: 'main' }, { id: 'other' }] } } });
  const { cron, sessions } = conversation;
  const sessionKey = 'other:webchat:default:direct:me';
  const say = remindIn(sessionKey, { jobs: cron, clock: new FakeClock(START) });
  await createTaskScheduler(cron).schedule({
    schedule: 'every 1h',
    message: 'hi',
    mode: 'direct',
    sessionKey,
    key: 'k',
  });
  await say('2099-01-01T09:00 cake');
  expect(await say('list')).toMatch(/hi .*\n.*cake/);
  for (const { id } of await cron.list()) await cron.trigger(id);
  await expect
    .poll(async () => (await sessions.list({})).sessions.map(({ key, messageCount }) => [key, messageCount]))
    .toEqual([[sessionKey, 2]]);
});

test('the default agent’s chat lists jobs that name it by its short id, and no chat of another agent does', async () => {
  const { cron } = await makeConversation({ isActive: false, config: { agents: { list: [{ id: 'main' }, { id: 'other' }] } } });
  await cron.create({ schedule: 'every 1h', message: 'x', ...chat });
  const count = async (agentId: string): Promise<number> =>
    (await cron.listOfChat({ channel: 'webchat', accountId: 'default', chatId: `${agentId}:webchat:default:direct:me` })).length;
  expect([await count('main'), await count('other')]).toEqual([1, 0]);
});

test('a chat lists and cancels nothing of the same chat of another account', async () => {
  const account = { botToken: '1:x', apiRoot: 'http://127.0.0.1:9' };
  const accounts = { default: account, second: { ...account, botToken: '2:x' } };
  const { cron } = await makeConversation({ isActive: false, config: { channels: { telegram: { accounts } } } });
  const ofNone = await cron.create({ schedule: 'every 1h', message: 'x', channel: 'telegram', chat_id: 42 });
  const ofSecond = await cron.create({ schedule: 'every 1h', message: 'y', channel: 'telegram', chat_id: 42, accountId: 'second' });
  const idsOf = async (accountId: string): Promise<string[]> =>
    (await cron.listOfChat({ channel: 'telegram', accountId, chatId: '42' })).map(({ id }) => id);
  expect([await idsOf('default'), await idsOf('second')]).toEqual([[ofNone.id], [ofSecond.id]]);
});

test.each([
  ['1h 30m call Ann', '2026-01-01T09:30:00', 'call Ann'],
  ['in 1h30m call Ann', '2026-01-01T09:30:00', 'call Ann'],
  ['1d 2H  5s 3 eggs', '2026-01-02T10:00:05', '3 eggs'],
  ['20m\n5minutes later', '2026-01-01T08:20:00', '5minutes later'],
])('/remind %j reminds at %s of %j', async (args, at, text) => {
  const clock = new FakeClock(START);
  const { cron } = await makeConversation({ clock, isActive: false, config: { cron: { defaultTimezone: 'UTC' } } });
  const answer = await remindIn(CHAT_KEY, { jobs: cron, clock })(args);
  expect(answer).toContain(`at ${at}+00:00 (`);
  expect((await cron.list())[0]?.message).toBe(`⏰ ${text}`);
});

const USAGE = 'Write e.g. /remind 20m take the cake out, or /remind 2026-01-03T09:00 call Ann.';

test.each([
  ['20m30 x', USAGE],
  ['1h 30m', USAGE],
  ['2027-02-30T09:00Z call', expect.stringMatching(/^schedule 'at 2027-02-30T09:00Z' needs a time .+\. Write e\.g\. /) as string],
  ['99999d far', `A reminder can be at most 3660 days away. ${USAGE}`],
  ['9999999999m far', `A reminder can be at most 3660 days away. ${USAGE}`],
])('/remind %j makes nothing and says how', async (args, expected) => {
  const clock = new FakeClock(START);
  const { cron } = await makeConversation({ clock, isActive: false });
  const answer = await remindIn(CHAT_KEY, { jobs: cron, clock })(args);
  expect(answer).toEqual(expected);
  expect(await cron.list()).toEqual([]);
});

test('/remind does not search a long gap again and again', async () => {
  const clock = new FakeClock(START);
  const { cron } = await makeConversation({ clock, isActive: false });
  expect(await remindIn(CHAT_KEY, { jobs: cron, clock })(`1s${' '.repeat(500_000)}1m`)).toBe(USAGE);
});

test('nothing is promised while scheduled jobs are disabled', async () => {
  const clock = new FakeClock(START);
  const conversation = await makeConversation({ clock, isActive: false });
  const { cron } = conversation;
  const say = remindIn(CHAT_KEY, { jobs: cron, clock });
  await say('20m cake');
  conversation.setConfig({ cron: { enabled: false } });
  const why = 'scheduled jobs are disabled. Enable them with: xopc config set cron.enabled true';
  expect(await say('30m tea')).toBe(`Nothing was scheduled: ${why}`);
  expect(await say('list')).toContain(`None of these will be sent: ${why}`);
  const task = { schedule: 'every 1h', message: 'x', mode: 'direct', sessionKey: CHAT_KEY, key: 'k' } as const;
  await expect(createTaskScheduler(cron).schedule(task)).rejects.toMatchObject({ message: 'scheduled jobs are disabled' });
  expect(await cron.list()).toHaveLength(1);
});
