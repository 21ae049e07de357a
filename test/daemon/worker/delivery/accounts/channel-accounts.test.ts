import { expect, test } from 'vitest';
import type { Channel } from '../../../../../daemon/worker/channels/channel.js';
import { ChannelRegistry } from '../../../../../daemon/worker/channels/registry.js';
import { createChannelService } from '../../../../../daemon/worker/delivery/accounts/channel-accounts.js';
import { requestPairing } from '../../../../../daemon/worker/store/delivery/pairings.js';
import { systemClock } from '../../../../../shared/clock.js';
import { openStore } from '../../../../helpers/open-store.js';
import { testConfig } from '../../../../helpers/test-config.js';

const telegram: Partial<Channel> = { name: 'telegram', findAccount: () => 'default', health: () => ({}) };

test('the approval of a sender whom the configuration lists is not revoked: they could write on', async () => {
  const store = await openStore();
  const config = testConfig({ channels: { telegram: { accounts: { default: { botToken: '1:a', allowFrom: [42] } } } } });
  const service = createChannelService({
    store,
    clock: systemClock,
    channels: new ChannelRegistry([telegram as Channel]),
    config: () => config,
    outbox: { enqueue: () => Promise.reject(new Error('nothing is sent')), wake: () => undefined },
  });
  const keyOf = (senderId: string) => ({ channel: 'telegram', accountId: 'default', senderId });
  for (const [senderId, code] of [
    ['42', 'A'],
    ['7', 'B'],
  ] as const)
    await store.write((tx) => requestPairing(tx, { ...keyOf(senderId), senderName: 'Ada', code, nowMs: systemClock.now() }));
  await expect(service.revoke('telegram', { senderId: '42' })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('channels.telegram.accounts.default.allowFrom') as string,
  });
  await service.revoke('telegram', { senderId: '7' });
  const { pairings } = await service.list();
  expect(pairings.map(({ senderId }) => senderId)).toEqual(['42']);
});
