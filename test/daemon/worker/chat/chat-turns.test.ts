import { expect, test } from 'vitest';
import { textOf } from '../../../../daemon/worker/chat/answer-text.js';
import { ChatTurns, type ChatTurnsOptions } from '../../../../daemon/worker/chat/chat-turns.js';
import { NOTICES } from '../../../../daemon/worker/delivery/inbox-queue.js';
import { insertInboxMessage, readInboxHead, setInboxPreview } from '../../../../daemon/worker/store/delivery/inbox.js';
import { GatewayError } from '../../../../shared/errors.js';
import { openStore } from '../../../helpers/open-store.js';

const stopping = new GatewayError('STOPPING', { message: 'restart' });
const stopped = new GatewayError('CONFLICT', { message: 'stop' });

const ENDINGS: { title: string; end: Partial<Parameters<typeof textOf>[0]>; isSeen: boolean; text: string }[] = [
  { title: 'a stopped answer', end: { stopReason: stopped }, isSeen: true, text: 'Begun\n\n_Stopped._' },
  { title: 'a stopped answer that nobody has seen', end: { stopReason: stopped }, isSeen: false, text: '' },
  { title: 'an answer stopped before its second attempt', end: { stopReason: stopped, reply: '' }, isSeen: true, text: '_Stopped._' },
  { title: 'an interrupted answer', end: { stopReason: stopping }, isSeen: true, text: `Begun\n\n${NOTICES.interrupted}` },
  { title: 'an interrupted answer that nobody has seen', end: { stopReason: stopping }, isSeen: false, text: NOTICES.interrupted },
  { title: 'a whole answer', end: {}, isSeen: true, text: 'Begun' },
  {
    title: 'a failed answer',
    end: { error: new GatewayError('UNAVAILABLE', { message: 'gone' }) },
    isSeen: false,
    text: 'Begun\n\n⚠️ gone',
  },
];

test.each(ENDINGS)('the text for a chat of $title: $text', ({ end, isSeen, text }) => {
  expect(textOf({ reply: 'Begun', error: null, stopReason: null, ...end }, isSeen)).toBe(text);
});

test('a notice takes the place of the preview of the answer that is given up', async () => {
  const store = await openStore();
  const sent: object[] = [];
  const outbox = { enqueue: async (_tx: unknown, message: object) => void sent.push(message) };
  const turns = new ChatTurns({ outbox, channels: { isConfigured: () => false } } as unknown as ChatTurnsOptions);
  const lane = { channel: 'telegram', accountId: 'default', chatId: '42' };
  await store.write(async (tx) => {
    await insertInboxMessage(tx, { ...lane, id: 'msg_1', scope: 's', updateId: '1', peerKind: 'direct', content: 'hi', nowMs: 1 });
    const message = await readInboxHead(tx, lane);
    if (message === undefined) throw new Error('nothing was stored');
    await setInboxPreview(tx, { seq: message.seq, previewId: '7' });
    await turns.notify(tx, message, 'given up');
  });
  expect(sent).toMatchObject([{ ...lane, content: 'given up', previewId: '7' }]);
});
