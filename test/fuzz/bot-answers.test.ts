import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { RESULTS, type BotMethod } from '../../daemon/worker/channels/telegram/api/bot-answers.js';
import { BotApi, classifyFailure, describeFailure } from '../../daemon/worker/channels/telegram/api/bot-api.js';
import { gatherAlbums } from '../../daemon/worker/channels/telegram/albums.js';
import { readPress } from '../../daemon/worker/channels/telegram/buttons.js';
import { readUpdate } from '../../daemon/worker/channels/telegram/read-update.js';
import { enabledAccounts } from '../../daemon/worker/channels/configured-accounts.js';
import type { TelegramSettings } from '../../daemon/worker/channels/telegram/settings.js';
import { TOKEN } from '../fakes/telegram/server.js';
import { fuzz } from './fuzz.js';
import { oddAnswer, oddDocument, startOddServer } from './odd-answers.js';
import { testConfig } from '../helpers/test-config.js';

const PERSON = { id: 42, is_bot: false, first_name: 'Ann', last_name: 'Lee', username: 'ann' };
const CHAT = { id: -100, type: 'supergroup', title: 'Group', username: 'group' };
const FILE = { file_id: 'AgACAgIAAxk', file_name: 'a.pdf', file_size: 12 };
const MESSAGE = {
  message_id: 5, date: 1, chat: CHAT, from: PERSON, sender_chat: CHAT, text: '@Helper_bot hello', caption: 'look', media_group_id: 'a1',
  message_thread_id: 7, is_topic_message: true, entities: [{ type: 'text_mention', offset: 0, length: 5, user: PERSON }],
  photo: [FILE, FILE], document: FILE, voice: { ...FILE, duration: 3 }, sticker: { emoji: 'x' }, location: { latitude: 1, longitude: 2 },
  contact: { first_name: 'B', phone_number: '1' }, venue: { title: 'T', address: 'A', location: { latitude: 1, longitude: 2 } },
  poll: { question: 'Q', options: [{ text: 'one' }] }, dice: { emoji: 'd', value: 3 }, quote: { text: 'q' },
  forward_origin: { type: 'user', sender_user: PERSON }, reply_to_message: { message_id: 4, chat: CHAT, from: { ...PERSON, id: 99 }, text: 'before' },
}; // prettier-ignore
const PRESS = { id: '1', from: PERSON, message: MESSAGE, data: 'ap:12:y' };
const ERROR = { ok: false, error_code: 429, description: `no /bot${TOKEN}/`, parameters: { retry_after: 3, migrate_to_chat_id: -1001 } };

const accounts = { default: { botToken: TOKEN, groupPolicy: 'open' } };
const ACCOUNT = {
  accountId: 'default',
  settings: enabledAccounts(testConfig({ channels: { telegram: { accounts } } }), 'telegram')['default'] as TelegramSettings,
};

const VALID: Readonly<Record<BotMethod, unknown>> = {
  getMe: { ...PERSON, is_bot: true },
  deleteWebhook: true,
  getMyCommands: [{ command: 'help', description: 'lists' }],
  setMyCommands: true,
  getFile: { file_id: 'x', file_path: 'photos/1.jpg' },
  getUpdates: [
    { update_id: 1, message: MESSAGE },
    { update_id: 2, message: MESSAGE },
    { update_id: 3 },
    { update_id: 4, callback_query: PRESS },
  ],
  sendMessage: MESSAGE,
  editMessageText: MESSAGE,
  sendChatAction: true,
  answerCallbackQuery: true,
};
const METHODS = Object.keys(VALID) as BotMethod[];

const server = await startOddServer();
afterAll(() => server.close());

test('whatever the Bot API answers, a call succeeds with a value of its schema or fails with words', () =>
  fuzz(300, () => {
    const api = new BotApi({ token: TOKEN, apiRoot: server.origin });
    const bodyOf = (method: BotMethod): fc.Arbitrary<string> =>
      fc.oneof({ weight: 4, arbitrary: oddDocument({ ok: true, result: VALID[method] }) }, { weight: 1, arbitrary: oddDocument(ERROR) });
    const call = fc.oneof(...METHODS.map((method) => fc.tuple(fc.constant(method), oddAnswer(bodyOf(method), 'application/json'))));
    return fc.asyncProperty(call, async ([method, answer]) => {
      server.answer = answer;
      const result = await api.call(method, { chat_id: 42, text: 'x' }, new AbortController().signal);
      if (result.ok) {
        // A value that was read fits when it is read again.
        if (method !== 'getUpdates') expect(RESULTS[method].safeParse(result.value).success).toBe(true);
        else
          for (const gathered of gatherAlbums(result.value as never)) {
            readUpdate(gathered, { bot: { id: 99, username: 'Helper_bot' }, commands: [], linkTo: ({ id, name }) => `${id}${name}` });
            const press = readPress(gathered.update, ACCOUNT);
            if (press !== undefined) expect(press.approvalId).toBeLessThan(1e9);
          }
        return;
      }
      const words = describeFailure(result.failure);
      expect(words).toMatch(/Telegram/);
      expect(words.length).toBeLessThan(600);
      expect(words).not.toMatch(/AAE-fake-token|\n/);
      if (result.failure.type === 'answered') expect(result.failure.retryAfterMs ?? 0).toBeLessThanOrEqual(86_400_000);
      for (const kind of ['sendMessage', 'editMessageText'] as const) {
        const outcome = classifyFailure(result.failure, kind);
        expect(['refused', 'failed', 'unknown', 'interrupted']).toContain(outcome.type);
      }
    });
  }));
