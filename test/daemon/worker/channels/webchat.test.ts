import { createWebchat } from '../../../../daemon/worker/channels/webchat.js';
import { testHost } from '../../../helpers/host-memory.js';
import { describeChannel } from './channel-contract.js';

describeChannel('webchat', async () => ({
  channel: createWebchat(),
  host: testHost(),
  accountId: 'default',
  chatId: 'chat',
  received: (sent) => sent,
  untilReady: async () => {},
}));
