import { expect, test } from 'vitest';
import type { Channel } from '../../../../../daemon/worker/channels/channel.js';
import { ChannelRegistry } from '../../../../../daemon/worker/channels/registry.js';
import { createChannelService } from '../../../../../daemon/worker/delivery/accounts/channel-accounts.js';
import { requestPairing } from '../../../../../daemon/worker/store/delivery/pairings.js';
import { systemClock } from '../../../../../shared/clock.js';
import { openStore } from '../../../../helpers/open-store.js';
import { testConfig } from '../../../../helpers/test-config.js';

const telegram: Partial<Channel> = { name: 'telegram', findAccount: () => 'default', health: () => ({}) };

const keyOf = (senderId: string) => ({ channel: 'telegram', accountId: 'default', senderId });

/** A service whose account has two requests to write. */
async function serviceOf(account: object) {
  const store = await openStore();
  const config = testConfig({ channels: { telegram: { accounts: { default: { botToken: '1:a', ...account } } } } });
  for (const [senderId, code] of [
    ['42', 'A'],
    ['7', 'B'],
  ] as const)
    await store.write((tx) => requestPairing(tx, { ...keyOf(senderId), senderName: 'Ada', code, nowMs: systemClock.now() }));
  return createChannelService({
    store,
    clock: systemClock,
    channels: new ChannelRegistry([telegram as Channel]),
    config: () => config,
    outbox: { enqueue: () => Promise.reject(new Error('nothing is sent')), wake: () => undefined },
  });
}

test('the approval of a sender whom the configuration lists is not revoked: they could still write', async () => {
  const service = await serviceOf({ allowFrom: [42] });
  await expect(service.revoke('telegram', { senderId: '42' })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('channels.telegram.accounts.default.allowFrom') as string,
  });
  expect(await service.revoke('telegram', { senderId: '7' })).toEqual({});
  const { pairings } = await service.list();
  expect(pairings.map(({ senderId }) => senderId)).toEqual(['42']);
});

test('nobody is revoked while everyone may write, and a listed user name may be that of the sender', async () => {
  const open = await serviceOf({ dmPolicy: 'open' });
  await expect(open.revoke('telegram', { senderId: '42' })).rejects.toMatchObject({
    code: 'CONFLICT',
    hint: expect.stringContaining('xopc config set channels.telegram.accounts.default.dmPolicy pairing') as string,
  });
  const named = await serviceOf({ allowFrom: [9, '@bob'] });
  expect((await named.revoke('telegram', { senderId: '42' })).warning).toContain('allowFrom lists user names (@bob)');
});
