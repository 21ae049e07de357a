import { expect, onTestFinished, test } from 'vitest';
import type { Channel } from '../../../../daemon/worker/channels/channel.js';
import { SEND_GRACE_MS } from '../../../../daemon/worker/channels/sends.js';
import { createWebhookChannel } from '../../../../daemon/worker/channels/webhook/webhook.js';
import type { Config } from '../../../../shared/config/schema.js';
import { startWebhookReceiver } from '../../../fakes/webhook-receiver/receiver.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { testHost } from '../../../helpers/host-memory.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { makeTelegram } from '../../../helpers/telegram-fixture.js';
import { webhookConfig } from '../../../helpers/test-config.js';
import { sendOnce } from './channel-contract.js';

interface Started {
  readonly channel: Channel;
  readonly clock: FakeClock;
  /** Resolves when the other side has the request, which it does not answer. */
  readonly hasRequest: () => Promise<unknown>;
  readonly change: () => void;
}

async function startTelegram(): Promise<Started> {
  const clock = new FakeClock();
  const { channel, host, fake, untilReady, setConfig } = await makeTelegram({ clock });
  await channel.start(host);
  await untilReady();
  fake.fault('sendMessage', 'hang');
  const hasRequest = (): Promise<void> => fake.until(() => fake.calls.includes('sendMessage'));
  return { channel, clock, hasRequest, change: () => setConfig({ dmPolicy: 'disabled' }) };
}

async function startWebhook(): Promise<Started> {
  const clock = new FakeClock();
  const receiver = await startWebhookReceiver();
  receiver.react = () => 'hang';
  let config: Config = webhookConfig({ url: receiver.url });
  const channel = createWebhookChannel({ config: () => config, clock, logger: logMemory() });
  onTestFinished(() => channel.stop());
  await channel.start(testHost());
  const hasRequest = (): Promise<unknown> => receiver.until((received) => received.length === 1);
  return { channel, clock, hasRequest, change: () => void (config = webhookConfig({ url: receiver.url, idempotent: false })) };
}

test.each([
  ['telegram', startTelegram],
  ['webhook', startWebhook],
])('a send of %s continues for a while when its account changes, and nothing waits for it', async (_name, begin) => {
  const { channel, clock, hasRequest, change } = await begin();
  const message = { accountId: 'default', chatId: '42', id: 'msg_1' };
  const [body = ''] = channel.compose({ ...message, content: 'slow', nowMs: 0 });
  let isEnded = false;
  const sending = sendOnce(channel, { ...message, body }).finally(() => (isEnded = true));
  await hasRequest();
  change();
  await channel.reconfigure();
  clock.advance(SEND_GRACE_MS - 1);
  await new Promise(setImmediate);
  expect(isEnded).toBe(false);
  clock.advance(1);
  const reason = 'its account was disabled or changed during the send; the message may have arrived';
  expect(await sending).toEqual({ type: 'unknown', reason });
});
