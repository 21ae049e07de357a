import { expect, test } from 'vitest';
import { systemClock } from '../../../../shared/clock.js';
import { configSchema } from '../../../../shared/config/schema.js';
import { textOf } from '../../../../daemon/worker/chat/answer-text.js';
import { ChatTurns, type ChatTurnsOptions } from '../../../../daemon/worker/chat/chat-turns.js';
import type { TakenMessage } from '../../../../daemon/worker/delivery/inbox-queue.js';
import type { BegunTurn } from '../../../../daemon/worker/turns/turn-journal.js';
import type { TurnRequest } from '../../../../daemon/worker/turns/turn-request.js';
import { insertInboxMessage, readInboxHead, setInboxPreview, setInboxSent } from '../../../../daemon/worker/store/delivery/inbox.js';
import type { Store } from '../../../../daemon/worker/store/store.js';
import { GatewayError } from '../../../../shared/errors.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { openStore } from '../../../helpers/open-store.js';

const stopped = new GatewayError('CONFLICT', { message: 'stop' });

const ENDINGS: { title: string; end: Partial<Parameters<typeof textOf>[0]>; isSeen: boolean; text: string }[] = [
  { title: 'a stopped answer', end: { stopReason: stopped }, isSeen: true, text: 'Begun\n\n_Stopped._' },
  { title: 'a stopped answer that nobody has seen', end: { stopReason: stopped }, isSeen: false, text: '' },
  { title: 'an answer stopped before its second attempt', end: { stopReason: stopped, reply: '' }, isSeen: true, text: '_Stopped._' },
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

/** Chats whose turns are those of the test. */
function makeTurns(store: Store, start: ChatTurnsOptions['turns']['start']): ChatTurns {
  return new ChatTurns({
    store,
    clock: systemClock,
    logger: logMemory(),
    config: () => configSchema.parse({ agents: { defaults: { model: 'fake/one' } } }),
    registry: () => ({ resolve: () => ({}) }),
    channels: { isConfigured: () => true, get: () => ({ describeChat: () => ({}) }), openPreview: () => undefined },
    titles: { cancel: () => undefined },
    voice: { questionOf: async () => ({ text: 'hi' }) },
    turns: { start },
  } as unknown as ChatTurnsOptions);
}

test.each([
  { channel: 'telegram', mustExist: false },
  { channel: 'webchat', mustExist: true },
])('a message of $channel whose session was deleted meanwhile needs it: $mustExist', async ({ channel, mustExist }) => {
  const asked: TurnRequest[] = [];
  const turns = makeTurns(await openStore(), async function* (request) {
    asked.push(request);
    yield* [];
  });
  const message = { id: 'msg_1', seq: 1, channel, accountId: 'default', chatId: '42', peerKind: 'direct', content: 'hi', tokenId: null };
  await turns.handle({ ...message, turnId: null, previewId: null, withdrawn: 0 } as unknown as TakenMessage);
  expect(asked.map((request) => request.mustExist)).toEqual([mustExist]);
});

test.each([
  { title: 'begins afresh has not been sent', steps: [], sentLength: 0 },
  { title: 'goes on has been sent so far', steps: [{ text: 'Let me look.' }], sentLength: 12 },
])('of a turn that waited, an answer that $title', async ({ steps, sentLength }) => {
  const store = await openStore();
  const lane = { channel: 'telegram', accountId: 'default', chatId: '42' };
  const row = { ...lane, id: 'msg_1', scope: 's', updateId: '1', peerKind: 'direct', content: 'hi', nowMs: 1 } as const;
  const turns = makeTurns(store, async function* ({ hooks }) {
    await store.write(async (tx) => hooks?.begun?.(tx, { id: 'turn_2', steps } as unknown as BegunTurn));
    yield* [];
  });
  const read = () => store.read((tx) => readInboxHead(tx, lane));
  await store.write((tx) => insertInboxMessage(tx, row));
  const { seq = 0 } = (await read()) ?? {};
  await store.write((tx) => setInboxSent(tx, { seq, sentLength: 12 }));
  await turns.handle({ ...(await read()), withdrawn: 0 } as unknown as TakenMessage);
  expect(await read()).toMatchObject({ turnId: 'turn_2', sentLength });
});
