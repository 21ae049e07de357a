import { expect, test } from 'vitest';
import { TelegramPreview } from '../../../../../daemon/worker/channels/telegram/preview.js';
import type { BotResult } from '../../../../../daemon/worker/channels/telegram/api/bot-api.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';

interface Call {
  readonly method: string;
  readonly text: string | undefined;
}

function makePreview(options: { mode?: 'off' | 'partial'; chatId?: string; previewId?: string; answers?: BotResult<unknown>[] } = {}) {
  const { mode = 'partial', chatId = '42', previewId, answers = [] } = options;
  const clock = new FakeClock();
  const calls: Call[] = [];
  const shown: string[] = [];
  const api = {
    async call(method: string, payload: { text?: string }) {
      calls.push({ method, text: payload.text });
      return (answers.shift() ?? { ok: true, value: method === 'sendMessage' ? { message_id: 7 } : true }) as never;
    },
  };
  const target = { accountId: 'a', chatId, previewId, onShown: (id: string) => void shown.push(id) };
  const preview = new TelegramPreview({
    api,
    background: { clock, run: (work) => work() },
    target,
    mode,
    signal: new AbortController().signal,
  });
  /** Lets time pass and what it started end. */
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await new Promise(setImmediate);
  };
  return { preview, calls, shown, pass };
}

test('an answer that is complete at once has no preview', async () => {
  const { preview, calls, pass } = makePreview();
  preview.update('quick');
  await pass(600);
  expect(await preview.end()).toBeUndefined();
  await pass(10_000);
  expect(calls).toEqual([]);
});

test('an answer grows in one message, not faster than Telegram likes', async () => {
  const { preview, calls, shown, pass } = makePreview();
  preview.update('One');
  await pass(700);
  preview.update('One two');
  await pass(500);
  preview.update('One two three');
  await pass(500);
  await pass(1_000);
  preview.update('One two three **four**');
  await pass(1_000);
  expect(calls).toEqual([
    { method: 'sendMessage', text: 'One …' },
    { method: 'editMessageText', text: 'One two three …' },
    { method: 'editMessageText', text: 'One two three four …' },
  ]);
  expect(shown).toEqual(['7']);
  expect(await preview.end()).toBe('7');
});

test('in a group a message is edited less often', async () => {
  const { preview, calls, pass } = makePreview({ chatId: '-100' });
  preview.update('One');
  await pass(700);
  preview.update('One two');
  await pass(3_000);
  expect(calls).toHaveLength(1);
  await pass(500);
  expect(calls).toHaveLength(2);
});

test('"typing" is shown before the first text, and when nothing is streamed', async () => {
  const streamed = makePreview();
  await streamed.pass(700);
  streamed.preview.update('word');
  await streamed.pass(1_000);
  expect(streamed.calls.map(({ method }) => method)).toEqual(['sendChatAction', 'sendMessage']);
  const off = makePreview({ mode: 'off' });
  off.preview.update('word');
  await off.pass(700);
  await off.pass(4_500);
  expect(off.calls.map(({ method }) => method)).toEqual(['sendChatAction', 'sendChatAction']);
  expect(await off.preview.end()).toBeUndefined();
});

test('the preview of an earlier attempt is edited further', async () => {
  const { preview, calls, shown, pass } = makePreview({ previewId: '5' });
  preview.update('again');
  await pass(700);
  expect(calls).toEqual([{ method: 'editMessageText', text: 'again …' }]);
  expect(shown).toEqual([]);
  expect(await preview.end()).toBe('5');
});

test('the delay that Telegram asks for is kept', async () => {
  const flood = { ok: false, failure: { type: 'answered', code: 429, description: 'Too Many Requests', retryAfterMs: 10_000 } } as const;
  const { preview, calls, pass } = makePreview({ answers: [flood] });
  preview.update('word');
  await pass(700);
  await pass(9_000);
  expect(calls).toHaveLength(1);
  await pass(1_000);
  expect(calls).toHaveLength(2);
});

test('a very long answer shows its beginning', async () => {
  const { preview, calls, pass } = makePreview();
  preview.update('word '.repeat(5_000));
  await pass(700);
  expect(calls[0]?.text?.length).toBeLessThanOrEqual(4_096);
});

test.each([
  ['lost', { type: 'network', sent: true, reason: 'no answer' }],
  ['unreadable', { type: 'invalid', reason: 'no message' }],
] as const)('a preview sends no second message after an answer to its first one that is %s', async (_title, failure) => {
  const { preview, calls, pass } = makePreview({ answers: [{ ok: false, failure }] });
  for (const text of ['One', 'One two', 'One two three']) {
    preview.update(text);
    await pass(1_000);
  }
  expect(calls.map(({ method }) => method)).toEqual(['sendMessage', 'sendChatAction']);
  expect(await preview.end()).toBeUndefined();
});

test('a first message that cannot have arrived is sent again', async () => {
  const { preview, calls, pass } = makePreview({ answers: [{ ok: false, failure: { type: 'network', sent: false, reason: 'refused' } }] });
  preview.update('One');
  await pass(1_000);
  await pass(1_000);
  expect(calls.map(({ method }) => method)).toEqual(['sendMessage', 'sendMessage']);
});
