import { expect, test } from 'vitest';
import { ChannelRegistry } from '../../../../daemon/worker/channels/registry.js';
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

test('its account is never one that a worker serves with a lease', async () => {
  const channels = new ChannelRegistry([createWebchat()]);
  await channels.start(testHost());
  expect([channels.isReady('webchat', 'default'), channels.servable()]).toEqual([true, []]);
});
