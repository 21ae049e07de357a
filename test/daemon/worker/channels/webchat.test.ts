import { createWebchat } from '../../../../daemon/worker/channels/webchat.js';
import { describeChannel } from './channel-contract.js';

describeChannel('webchat', async () => ({
  channel: createWebchat(),
  accountId: 'default',
  chatId: 'chat',
  received: (sent) => sent,
  untilReady: async () => {},
}));
