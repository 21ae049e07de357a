/** Gateways on one database share the accounts that they all have. */
import { expect, test, vi } from 'vitest';
import { startFakeTelegram, TOKEN } from '../../../fakes/telegram/server.js';
import { startWebhookReceiver } from '../../../fakes/webhook-receiver/receiver.js';
import { eventually } from '../../../helpers/eventually.js';
import { makeConversation } from '../../../helpers/make-conversation.js';
import { query, shareDatabase } from '../../../helpers/store-engine.js';
import { tempDir } from '../../../helpers/temp-dir.js';

test('a gateway that comes later gets its share of the accounts, and no message is lost or doubled meanwhile', async () => {
  const [telegram, receiver] = [await startFakeTelegram(), await startWebhookReceiver()];
  const [home, otherHome] = [tempDir(), tempDir()];
  const url = await shareDatabase(home, otherHome);
  const webhooks = ['one', 'two', 'three'];
  const channels = {
    telegram: { accounts: { default: { botToken: TOKEN, apiRoot: telegram.apiRoot, dmPolicy: 'open' } } },
    // Its receiver shows a repetition twice.
    webhook: { accounts: Object.fromEntries(webhooks.map((name) => [name, { url: receiver.url, idempotent: false }])) },
  };
  const start = (id: string, at: string) =>
    makeConversation({ home: at, instanceId: id, liveInstanceIds: () => [id], config: { channels } });
  const first = await start('wk_first', home);
  let rounds = 0;
  const talk = async (): Promise<void> => {
    rounds += 1;
    telegram.say(`/status ${rounds}`, { from: { id: rounds, first_name: 'P' }, chat: { id: rounds, type: 'private' } });
    for (const accountId of webhooks)
      await first.messages.accept({ channel: 'webhook', accountId, chat_id: 'chat', content: `${accountId} ${rounds}` });
  };
  const shares = async (): Promise<unknown> => {
    const rows = await query(url, "select count(*)::int as count from leases where key like 'account:%' group by owner");
    return rows.map(({ count }) => count);
  };
  await talk();
  await eventually(async () => expect(await shares()).toEqual([4]));

  await start('wk_second', otherHome);
  await query(url, "update instances set joined_at = joined_at - interval '1 minute'");
  const spread = async (): Promise<void> => {
    await talk();
    expect(await shares()).toEqual([2, 2]);
  };
  await vi.waitFor(spread, { timeout: 20_000, interval: 100 });
  await talk();
  const count = 3 * rounds;
  await receiver.until((received) => received.length >= count);
  await telegram.until(() => telegram.bot.sent.length >= rounds);
  for (const accountId of webhooks) {
    const told = receiver.received.map(({ content }) => content).filter((content) => content.startsWith(accountId));
    expect(told).toEqual(Array.from({ length: rounds }, (_, index) => `${accountId} ${index + 1}`));
  }
  expect([telegram.bot.sent.length, telegram.conflicts]).toEqual([rounds, 0]);
});
