import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import type { Channel, SendOutcome } from '../../../../../daemon/worker/channels/channel.js';
import { createWebhookChannel } from '../../../../../daemon/worker/channels/webhook/webhook.js';
import { systemClock } from '../../../../../shared/clock.js';
import { startWebhookReceiver, type Reaction, type WebhookReceiver } from '../../../../fakes/webhook-receiver/receiver.js';
import { testHost } from '../../../../helpers/host-memory.js';
import { logMemory } from '../../../../helpers/log-memory.js';
import { webhookConfig } from '../../../../helpers/test-config.js';
import { describeChannel, isReady, sendOnce } from '../channel-contract.js';

const SECRET = `whsec_${Buffer.from('a secret of twenty-four by').toString('base64')}`;

function makeChannel(account: Record<string, unknown>, timeoutMs = 5_000): Channel {
  const channel = createWebhookChannel({
    config: () => webhookConfig(account),
    clock: systemClock,
    logger: logMemory(),
    timeoutMs,
  });
  onTestFinished(() => channel.stop());
  return channel;
}

async function startChannel(account: Record<string, unknown>, timeoutMs?: number): Promise<Channel> {
  const channel = makeChannel(account, timeoutMs);
  await channel.start(testHost());
  return channel;
}

interface TestMessage {
  content?: string;
  id?: string;
  signal?: AbortSignal;
}

async function send(
  channel: Channel,
  { content = 'hello', id = 'msg_1', signal = new AbortController().signal }: TestMessage = {},
): Promise<SendOutcome> {
  const message = { accountId: 'default', chatId: 'chat' };
  const [body = ''] = channel.compose({ ...message, id, content, nowMs: Date.now() });
  return sendOnce(channel, { ...message, id, body }, signal);
}

describeChannel('webhook', async () => {
  const receiver = await startWebhookReceiver();
  return {
    channel: makeChannel({ url: receiver.url }),
    host: testHost(),
    accountId: 'default',
    chatId: 'chat',
    received: () => receiver.received.map(({ content }) => content),
    untilReady: async () => {},
  };
});

test('a message is a signed POST that the library of Standard Webhooks accepts', async () => {
  const receiver = await startWebhookReceiver();
  const channel = await startChannel({ url: receiver.url, secret: SECRET });
  const content = 'Grüße \u{1F600} "quoted" \u0000 \\ \n done';
  expect(await send(channel, { content, id: 'msg_42' })).toEqual({ type: 'delivered' });
  const [webhook] = receiver.received;
  expect(webhook).toMatchObject({ id: 'msg_42', method: 'POST', content, chatId: 'chat' });
  expect(webhook?.headers).toMatchObject({
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(webhook?.body ?? '')),
  });
  const verified = new Webhook(SECRET).verify(webhook?.body ?? '', webhook?.headers as Record<string, string>);
  expect(verified).toMatchObject({ type: 'message', data: { message_id: 'msg_42', accountId: 'default', chat_id: 'chat', content } });
});

test('during a rotation a message is signed with both secrets, and a receiver with either one accepts it', async () => {
  const receiver = await startWebhookReceiver();
  const previousSecret = `whsec_${Buffer.from('the secret before that one').toString('base64')}`;
  await send(await startChannel({ url: receiver.url, secret: SECRET, previousSecret }));
  const [webhook] = receiver.received;
  expect(webhook?.headers['webhook-signature']).toMatch(/^v1,\S{44} v1,\S{44}$/);
  for (const secret of [SECRET, previousSecret])
    expect(new Webhook(secret).verify(webhook?.body ?? '', webhook?.headers as Record<string, string>)).toBeDefined();
});

test('a message without a secret carries its id and time but no signature', async () => {
  const receiver = await startWebhookReceiver();
  await send(await startChannel({ url: receiver.url }));
  expect(receiver.received[0]?.headers).toMatchObject({ 'webhook-id': 'msg_1', 'webhook-timestamp': expect.stringMatching(/^\d{10}$/) });
  expect(receiver.received[0]?.headers['webhook-signature']).toBeUndefined();
});

const ANSWERS: { reaction: Reaction; expected: SendOutcome | { type: string } }[] = [
  { reaction: { status: 200, body: 'x'.repeat(100_000) }, expected: { type: 'delivered' } },
  { reaction: { status: 202 }, expected: { type: 'delivered' } },
  { reaction: { status: 301, headers: { Location: '/elsewhere' } }, expected: { type: 'refused' } },
  {
    reaction: { status: 400, body: 'no\n\u0007such chat' },
    expected: { type: 'refused', reason: 'the receiver answered 400: no such chat' },
  },
  { reaction: { status: 401 }, expected: { type: 'refused', reason: 'the receiver answered 401' } },
  { reaction: { status: 404 }, expected: { type: 'refused' } },
  { reaction: { status: 408 }, expected: { type: 'failed' } },
  { reaction: { status: 429, headers: { 'Retry-After': '7' } }, expected: { type: 'failed', retryAfterMs: 7_000 } },
  { reaction: { status: 503, headers: { 'Retry-After': 'soon' } }, expected: { type: 'failed', reason: 'the receiver answered 503' } },
  { reaction: { status: 500 }, expected: { type: 'failed' } },
  { reaction: { status: 502 }, expected: { type: 'unknown' } },
  { reaction: { status: 504, body: '<html>' }, expected: { type: 'unknown', reason: 'the receiver answered 504: <html>' } },
  { reaction: 'drop', expected: { type: 'unknown' } },
];

test.each(ANSWERS)('an answer of $reaction means $expected.type', async ({ reaction, expected }) => {
  const receiver = await startWebhookReceiver();
  receiver.react = () => reaction;
  const channel = await startChannel({ url: receiver.url, idempotent: false });
  expect(await send(channel)).toMatchObject(expected);
  expect(receiver.received).toHaveLength(1);
  // A message that is never sent again must not leave a failing account behind.
  expect(channel.health()).toEqual({ default: { state: 'running' } });
});

test('a receiver that is down does not have the message', async () => {
  const receiver = await startWebhookReceiver();
  await receiver.close();
  const channel = await startChannel({ url: receiver.url });
  expect(await send(channel)).toMatchObject({ type: 'failed', reason: expect.stringContaining('ECONNREFUSED') });
});

test('a receiver that never answers may have the message', async () => {
  const receiver = await startWebhookReceiver();
  receiver.react = () => 'hang';
  const channel = await startChannel({ url: receiver.url }, 500);
  expect(await send(channel)).toEqual({ type: 'unknown', reason: 'no response within 500 ms' });
});

test('a send that is aborted after the request has gone out has an unknown outcome', async () => {
  const receiver = await startWebhookReceiver();
  receiver.react = () => 'hang';
  const channel = await startChannel({ url: receiver.url });
  const cut = new AbortController();
  const outcome = send(channel, { signal: cut.signal });
  await receiver.until((received) => received.length === 1);
  cut.abort();
  expect(await outcome).toMatchObject({ type: 'unknown' });
  expect(await send(channel, { id: 'msg_2', signal: cut.signal })).toEqual({ type: 'interrupted' });
  expect(receiver.received).toHaveLength(1);
});

test('what a receiver quotes of the secret and of the URL is left out of the reason', async () => {
  const receiver = await startWebhookReceiver();
  const path = 'T0001-B0002-abcdefghijkl';
  receiver.react = () => ({ status: 400, body: `no hook ${path} with ${SECRET}` });
  const channel = await startChannel({ url: receiver.url.replace('hook', path), secret: SECRET });
  expect(await send(channel)).toEqual({ type: 'refused', reason: 'the receiver answered 400: no hook [redacted] with [redacted]' });
});

test('410 disables the account until its configuration changes', async () => {
  const receiver: WebhookReceiver = await startWebhookReceiver();
  receiver.react = () => ({ status: 410 });
  let account: Record<string, unknown> = { url: receiver.url };
  const channel = createWebhookChannel({
    config: () => webhookConfig(account),
    clock: systemClock,
    logger: logMemory(),
  });
  onTestFinished(() => channel.stop());
  await channel.start(testHost());
  expect(await send(channel)).toMatchObject({ type: 'refused' });
  expect(isReady(channel)).toBe(false);
  expect(channel.health()).toMatchObject({ default: { state: 'failed', message: expect.stringContaining('410 Gone') } });
  account = { url: `${receiver.url}/new` };
  receiver.react = () => ({ status: 200 });
  await channel.reconfigure();
  expect(isReady(channel)).toBe(true);
  expect(await send(channel)).toEqual({ type: 'delivered' });
});

test('a secret that is not Base64 makes the account fail with the reason', async () => {
  const channel = await startChannel({ url: 'http://127.0.0.1:9/', secret: 'whsec_!!!' });
  expect(isReady(channel)).toBe(false);
  expect(channel.health()).toMatchObject({ default: { state: 'failed', message: expect.stringContaining('whsec_') } });
});

test('connections are kept only for idempotent receivers', async () => {
  const kept = await startWebhookReceiver();
  const keeping = await startChannel({ url: kept.url });
  const fresh = await startWebhookReceiver();
  const careful = await startChannel({ url: fresh.url, idempotent: false });
  for (let count = 0; count < 3; count += 1) {
    await send(keeping);
    await send(careful);
  }
  expect(kept.connections).toBe(1);
  expect(fresh.connections).toBe(3);
});

test('a kept connection that the receiver has closed is replaced without a failed attempt', async () => {
  const receiver = await startWebhookReceiver();
  const channel = await startChannel({ url: receiver.url });
  await send(channel);
  receiver.react = (_webhook, count) => (count === 1 ? 'drop' : { status: 200 });
  expect(await send(channel, { id: 'msg_2' })).toEqual({ type: 'delivered' });
  expect(receiver.received.map(({ id }) => id)).toEqual(['msg_1', 'msg_2', 'msg_2']);
});
