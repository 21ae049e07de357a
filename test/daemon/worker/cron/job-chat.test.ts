import { expect, test } from 'vitest';
import { JobChats } from '../../../../daemon/worker/cron/job-chat.js';
import { GatewayError } from '../../../../shared/errors.js';
import { makeConversation } from '../../../helpers/make-conversation.js';
import { testConfig } from '../../../helpers/test-config.js';

test('a message whose receiver and agent are both missing names the receiver, and a turn the agent', () => {
  const channel = {
    name: 'webhook',
    checkReceiver(): void {
      throw new GatewayError('INVALID_REQUEST', { message: 'the account has no url' });
    },
    describeChat: () => ({ peerKind: 'direct', agentId: 'gone' }),
  };
  const channels = { getAccount: () => ({ channel, accountId: 'default' }) } as never;
  const chats = new JobChats({ channels, outbox: {} as never, config: () => testConfig() });
  const chat = { channel: 'webhook', accountId: null, chat_id: 'me' };
  expect(() => chats.find({ ...chat, mode: 'direct' })).toThrow('the account has no url');
  expect(() => chats.find({ ...chat, mode: 'agent' })).toThrow("'gone'");
});

test.each([
  ['the message', { mode: 'direct' }, { role: 'assistant', content: '/models' }],
  ['the reply', { mode: 'agent' }, { role: 'assistant', content: expect.stringContaining('xopc/guide') as string }],
  [
    'a notice about a failure',
    { mode: 'agent', agentId: 'second' },
    { content: expect.stringContaining('has failed: there is no agent') as string },
  ],
] as const)('%s of a job appears in a chat that is open', async (_what, given, message) => {
  const conversation = await makeConversation({ config: { agents: { list: [{ id: 'main' }, { id: 'second' }] } } });
  const chat = { channel: 'webchat', chat_id: 'me' };
  await conversation.messages.accept({ ...chat, content: 'hello' });
  const ending = new AbortController();
  const events = conversation.chat.watch('main:webchat:default:direct:me', {}, ending.signal)[Symbol.asyncIterator]();
  expect((await events.next()).value).toMatchObject({ type: 'message', message: { content: 'hello' } });
  expect((await events.next()).value).toMatchObject({ type: 'current' });
  const next = events.next();
  const job = await conversation.cron.create({ schedule: '0 0 1 1 *', message: '/models', notifyAfter: 1, ...chat, ...given });
  conversation.setConfig({ agents: { list: [{ id: 'main' }] } });
  await conversation.cron.trigger(job.id);
  expect((await next).value).toMatchObject({ type: 'message', message });
  ending.abort();
});
