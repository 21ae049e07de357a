import { expect, test } from 'vitest';
import { decisionButtons, readPress } from '../../../../../daemon/worker/channels/telegram/buttons.js';
import type { Update } from '../../../../../daemon/worker/channels/telegram/api/bot-answers.js';
import { enabledAccounts } from '../../../../../daemon/worker/channels/configured-accounts.js';
import type { TelegramSettings } from '../../../../../daemon/worker/channels/telegram/settings.js';
import { testConfig } from '../../../../helpers/test-config.js';

function accountOf(change: object): { accountId: string; settings: TelegramSettings } {
  const config = testConfig({ channels: { telegram: { accounts: { bot: { botToken: '1:x', ...change } } } } });
  const settings = enabledAccounts(config, 'telegram')['bot'];
  if (settings === undefined) throw new Error('there is no account');
  return { accountId: 'bot', settings };
}

const open = accountOf({ dmPolicy: 'open', groupPolicy: 'open' });
const ann = { id: 42, first_name: 'Ann' };
const direct = { message_id: 5, chat: { id: 42, type: 'private' } };
const topic = { message_id: 5, chat: { id: -100, type: 'supergroup' }, message_thread_id: 7, is_topic_message: true };

const update = (change: object): Update => ({
  update_id: 1,
  callback_query: { id: 'q', from: ann, message: direct, data: 'ap:12:y', ...change },
});
const press = { channel: 'telegram', accountId: 'bot', chatId: '42', id: 'q', messageId: '5', approvalId: 12, senderName: 'Ann' };

test('each button fits into what Telegram carries, and its press says the decision', () => {
  const [row = []] = decisionButtons(999_999_999).inline_keyboard;
  expect(row.map(({ text }) => text)).toEqual(['Approve', 'Deny', 'Always here']);
  for (const { callback_data: data } of row) expect(Buffer.byteLength(data)).toBeLessThanOrEqual(64);
  const decisions = row.map(({ callback_data: data }) => readPress(update({ data }), open));
  const big = { ...press, approvalId: 999_999_999 };
  expect(decisions).toEqual([
    { ...big, decision: 'approve' },
    { ...big, decision: 'deny' },
    { ...big, decision: 'approve', remember: 'session' },
  ]);
  expect(readPress(update({ message: topic }), open)).toMatchObject({ chatId: '-100:7' });
});

test('a press counts only of people who may write there', () => {
  const policies = [
    [accountOf({ dmPolicy: 'disabled' }), direct],
    [accountOf({ dmPolicy: 'allowlist', allowFrom: [43] }), direct],
    [accountOf({ groupPolicy: 'disabled', allowFrom: [42] }), topic],
    [accountOf({ groupPolicy: 'allowlist', allowFrom: [43] }), topic],
  ] as const;
  for (const [account, message] of policies) expect(readPress(update({ message }), account)?.isRefused).toBe(true);
  for (const message of [direct, topic]) expect(readPress(update({ message }), open)?.isRefused).toBeUndefined();
  expect(readPress(update({}), accountOf({ dmPolicy: 'pairing' }))?.pairing).toEqual({ senderId: '42', senderName: 'Ann' });
  expect(readPress(update({ message: topic }), accountOf({ groupPolicy: 'allowlist', allowFrom: [42] }))?.approvalId).toBe(12);
  expect(readPress(update({ from: { ...ann, is_bot: true } }), open)).toBeUndefined();
});

test('Telegram confirms whether the message has the button', () => {
  const shown = (...data: (string | undefined)[]): object => ({
    message: { ...direct, reply_markup: { inline_keyboard: [data.map((one) => ({ callback_data: one }))] } },
  });
  expect(readPress(update(shown(undefined, 'ap:12:y')), open)).toEqual({ ...press, decision: 'approve', hasButton: true });
  for (const other of [shown(), shown('ap:12:n', 'ap:13:y'), {}])
    expect(readPress(update(other), open)).toEqual({ ...press, decision: 'approve' });
});

test.each([undefined, '', 'ap:12', 'ap:12:x', 'ap:-1:y', 'ap:1.5:y', 'ap:1234567890:y', 'ap:12:y ', 'AP:12:y', ' ap:12:y'])(
  '%j is no decision',
  (data) => {
    expect(readPress(update({ data }), open)).toBeUndefined();
  },
);

test('an update without a message, or without a press, is no decision', () => {
  expect([readPress(update({ message: undefined }), open), readPress({ update_id: 1 }, open)]).toEqual([undefined, undefined]);
});
