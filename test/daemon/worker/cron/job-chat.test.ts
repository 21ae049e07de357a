import { expect, test } from 'vitest';
import { JobChats } from '../../../../daemon/worker/cron/job-chat.js';
import { GatewayError } from '../../../../shared/errors.js';
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
