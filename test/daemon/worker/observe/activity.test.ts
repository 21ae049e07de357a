import { expect, test } from 'vitest';
import type { GatewayEvent } from '../../../../shared/api/gateway/events.js';
import { Activity } from '../../../../daemon/worker/observe/activity.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { startWebhookReceiver } from '../../../fakes/webhook-receiver/receiver.js';
import { ask, makeConversation } from '../../../helpers/make-conversation.js';

test('sessions and turns are published as they come to be on disk', async () => {
  const events: GatewayEvent[] = [];
  const conversation = await makeConversation({ publish: (event) => events.push(event) });
  const { session } = await conversation.sessions.create({ channel: 'webchat' });
  await conversation.sessions.create({ channel: 'webchat' });
  await ask(conversation, { message: 'hello', session: session.key });
  await conversation.sessions.delete(session.key);
  const turn = { type: 'turn', session: session.key, agentId: 'main' };
  expect(events).toEqual([
    { type: 'session', session: session.key, change: 'created' },
    { ...turn, state: 'started', model: null, usage: null },
    expect.objectContaining({ ...turn, state: 'done', model: 'xopc/guide' }),
    { type: 'session', session: session.key, change: 'deleted' },
  ]);
});

test('a message is published once when it is accepted and once when it is delivered', async () => {
  const receiver = await startWebhookReceiver();
  const events: GatewayEvent[] = [];
  const config = { channels: { webhook: { accounts: { default: { url: receiver.url } } } } };
  const conversation = await makeConversation({ config, publish: (event) => events.push(event) });
  const message = { channel: 'webhook', chat_id: '7', content: 'hi' };
  const { messageId } = await conversation.messages.accept(message, { key: 'k' });
  await conversation.messages.accept(message, { key: 'k' });
  await expect.poll(() => events.length).toBe(2);
  const event = { type: 'message', id: messageId, channel: 'webhook', accountId: 'default', chat_id: '7' };
  expect(events).toEqual([
    { ...event, status: 'queued' },
    { ...event, status: 'delivered' },
  ]);
  const gauges = await conversation.gauges();
  expect(gauges.map(({ name }) => name)).toEqual(['xopc_channel_up', 'xopc_outbox_messages', 'xopc_approvals_pending']);
});

test('a channel is published when its state changes, and not otherwise', async () => {
  const activity = new Activity({ instanceId: 'wk_a', build: { version: '1', buildId: 'b' }, clock: new FakeClock() });
  const stop = new AbortController();
  const following = activity.events.follow(undefined, stop.signal)[Symbol.asyncIterator]();
  await following.next();
  activity.noteChannels({ telegram: { state: 'starting' } });
  activity.noteChannels({ telegram: { state: 'starting' } });
  activity.noteChannels({ telegram: { state: 'failed', message: 'no token' } });
  activity.publish({ type: 'draining' });
  const events = [];
  for (let next = await following.next(); next.done !== true; next = await following.next()) events.push(next.value);
  expect(events.map(({ type, data }) => [type, data['state'], data['message']])).toEqual([
    ['channel', 'starting', null],
    ['channel', 'failed', 'no token'],
    ['draining', undefined, undefined],
  ]);
});
