import { expect, test } from 'vitest';
import { deliverReply } from '../../../../../daemon/worker/turns/steps/reply-delivery.js';
import type { TurnEnding } from '../../../../../daemon/worker/turns/turn-journal.js';
import { GatewayError } from '../../../../../shared/errors.js';
import { says, type FakeCall } from '../../../../fakes/vendors/vendor-reply.js';
import { makeAskingAgent } from '../../../../helpers/asking-agent.js';
import { logMemory } from '../../../../helpers/log-memory.js';

const LONG = { timeout: 10_000 };
const never = new AbortController().signal;
const send: FakeCall = { id: 's', name: 'send', input: { channel: 'webhook', chat_id: 'room', content: '1' } };
const message = { channel: 'webhook', chat_id: 'desk', content: 'invite' };

test('the reply of a turn that waited goes to its chat, once, whatever worker ends in between', async () => {
  const { fake, models, chat, config } = await makeAskingAgent();
  const start = (instanceId: string, home?: string) => chat.start({ models, config, instanceId, ...(home === undefined ? {} : { home }) });
  const first = await start('wk_1');
  const hangs = { ...says('Se', 'nt.'), gate: { before: 1, until: new Promise(() => undefined) } };
  fake.reply({ ...says('I ask.'), calls: [send] }, hangs, says('Sent.'));
  const answer = await first.messages.sync(message, { deliver: true, signal: never });
  expect(answer).toMatchObject({ reply: 'I ask.', approvals: [{ tool: 'send', state: 'pending' }] });
  // The worker that was asked ends, and so does the one that continues the turn.
  await first.close();
  const second = await start('wk_2', first.home);
  const by = { via: 'page', name: null };
  await second.approvals.decide({ id: answer.approvals?.[0]?.id ?? 0, decision: 'approve', by }, undefined);
  await expect.poll(() => fake.requests.length, LONG).toBe(2);
  const third = await start('wk_3', first.home);
  const told = () =>
    [...new Map(chat.receiver.received.map(({ id, chatId, content }) => [id, `${chatId}: ${content}`])).values()].toSorted();
  await expect.poll(told, LONG).toEqual(['desk: I ask.\n\nSent.', 'room: 1']);
  expect((await third.outgoing.list({})).messages).toHaveLength(2);
});

const end = { turnId: 'turn_1', state: 'done', reply: 'Sent.', replyId: 'msg_1' } as TurnEnding;

test('a reply that its channel cannot send is replaced by a notice', async () => {
  const sent: string[] = [];
  const outbox = {
    async enqueue(_tx: unknown, { content }: { readonly content: string }) {
      if (content === 'Sent.') throw new GatewayError('INVALID_REQUEST', { message: 'too long' });
      sent.push(content);
    },
    wake: () => undefined,
  };
  const { ended } = deliverReply({ outbox, logger: logMemory() }, { channel: 'webhook', accountId: 'a', chatId: 'desk' });
  expect(await ended?.(undefined as never, end)).toBe(true);
  expect(sent).toEqual(['The answer cannot be shown here. It is kept in the session of this chat.']);
});

test('a reply that its channel no longer takes does not keep the turn from its end', async () => {
  const logger = logMemory();
  const outbox = {
    enqueue: () => Promise.reject(new GatewayError('CHANNEL_NOT_FOUND', { message: 'no such account' })),
    wake: () => undefined,
  };
  const { ended } = deliverReply({ outbox, logger }, { channel: 'webhook', accountId: 'gone', chatId: 'desk' });
  expect(await ended?.(undefined as never, end)).toBe(true);
  const failure = { level: 'error', message: 'failed to deliver a reply' };
  expect(logger.entries).toMatchObject([failure, failure]);
});
