import { expect, test } from 'vitest';
import { eventually } from '../../../../helpers/eventually.js';
import { makeTelegram } from '../../../../helpers/telegram-fixture.js';
import { isReady, sendOnce } from '../channel-contract.js';

test('an account that is handed over reads nothing more, ends what it sends, and reads again when it has the lease', async () => {
  const { channel, host, fake, intake, untilReady } = await makeTelegram();
  await channel.start(host);
  await untilReady();
  await fake.until(() => fake.openPolls === 1);
  fake.fault('sendMessage', 'hang');
  let isSent = false;
  const message = { accountId: 'default', chatId: '42', id: 'msg_1' };
  const [body = ''] = channel.compose({ ...message, content: 'slow', nowMs: 0 });
  const cut = new AbortController();
  const sending = sendOnce(channel, { ...message, body }, cut.signal).then(() => (isSent = true));
  await fake.until(() => fake.calls.includes('sendMessage'));

  const isMoved = await channel.account('default')?.handOver?.(async () => {
    await eventually(() => expect(fake.openPolls).toBe(0));
    intake.foreign.add('telegram/default');
    return true;
  });
  expect([isMoved, isReady(channel), channel.account('default')?.canServe?.()]).toEqual([true, false, true]);
  expect(channel.health()).toMatchObject({ default: { state: 'starting' } });
  fake.say('while it is elsewhere');
  expect(intake.taken).toEqual([]);

  intake.foreign.clear();
  await eventually(() => expect(intake.taken.map(({ content }) => content)).toEqual(['while it is elsewhere']));
  // The lease stays here.
  expect(await channel.account('default')?.handOver?.(async () => false)).toBe(false);
  await eventually(() => expect([fake.openPolls, isReady(channel)]).toEqual([1, true]));
  expect([fake.conflicts, isSent]).toEqual([0, false]);
  await channel.stop();
  cut.abort();
  await sending;
  expect(channel.account('default')).toBeUndefined();
});

test('what a dead worker was sending can be sent again if it is an edit', async () => {
  const { channel } = await makeTelegram();
  const message = { id: 'msg_1', accountId: 'default', chatId: '42', content: 'x', nowMs: 0 };
  const [sent = ''] = channel.compose(message);
  const [edit = ''] = channel.compose({ ...message, previewId: '7' });
  const mayRepeat = (body?: string): boolean => channel.isIdempotent('default', body);
  expect([mayRepeat(sent), mayRepeat(edit), mayRepeat()]).toEqual([false, true, false]);
  expect(mayRepeat('{"method":')).toBe(false);
});

test.each(['42', '-5'])(
  'an edit that is impossible in %s sends nothing: it becomes a new message, which is not sent twice',
  async (chatId) => {
    const { channel, host, fake, untilReady } = await makeTelegram();
    await channel.start(host);
    await untilReady();
    fake.bot.migrated.set(-5, -1005);
    const message = { id: 'msg_1', accountId: 'default', chatId };
    const [body = ''] = channel.compose({ ...message, content: 'x', nowMs: 0, previewId: '99' });
    const outcome = await sendOnce(channel, { ...message, body });
    const next = outcome.type === 'changed' ? outcome.body : '';
    expect([JSON.parse(next), fake.bot.sent]).toMatchObject([{ method: 'sendMessage', payload: { text: 'x' } }, []]);
    expect(channel.isIdempotent('default', next)).toBe(false);
  },
);
