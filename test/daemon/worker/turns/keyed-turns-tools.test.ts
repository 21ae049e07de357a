import { expect, test } from 'vitest';
import { anthropic } from '../../../fakes/vendors/anthropic.js';
import { calls, says } from '../../../fakes/vendors/vendor-reply.js';
import { startVendor } from '../../../fakes/vendors/vendor-server.js';
import { ask, makeConversation } from '../../../helpers/make-conversation.js';
import { tempDir } from '../../../helpers/temp-dir.js';

test.each([
  {
    what: 'has sent a message',
    call: { id: 'a', name: 'send', input: { channel: 'webhook', chat_id: 'room', content: 'Tea?' } },
    sent: 1,
  },
  { what: 'has only looked', call: { id: 'a', name: 'time', input: { timezone: 'UTC' } }, sent: 0 },
])('a turn with a key that $what goes on from there after its worker was killed', async ({ call, sent }) => {
  const fake = await startVendor(anthropic);
  const home = tempDir();
  const config = { channels: { webhook: { accounts: { default: { url: 'http://127.0.0.1:9/', inboundToken: 'a-token-of-sixteen' } } } } };
  const models = {
    providers: { fake: { baseUrl: fake.baseUrl, apiKey: 'key-of-the-fake', api: 'anthropic-messages', models: [{ id: 'fake-model' }] } },
  };
  const request = { message: 'invite them', idempotency: { key: 'k' } };
  const first = await makeConversation({ home, config, models, instanceId: 'wk_1' });
  fake.reply(calls(call), { ...says('Sent', '.'), gate: { before: 1, until: new Promise(() => undefined) } });
  void ask(first, request).catch(() => undefined);
  await expect.poll(() => fake.requests.length).toBe(2);
  const second = await makeConversation({ home, config, models, instanceId: 'wk_2' });
  fake.reply(says('Done.'));
  const { last } = await ask(second, request);
  expect(last).toMatchObject({ type: 'done', reply: 'Done.' });
  // The step that called the tool is not asked again.
  expect(fake.requests).toHaveLength(3);
  expect(JSON.stringify(fake.requests[2]?.body)).toContain('tool_result');
  expect((await second.outgoing.list({})).messages).toHaveLength(sent);
  const { messages } = await second.sessions.get('main:api:default:direct:default');
  expect(messages.filter(({ role }) => role === 'user')).toHaveLength(1);
});
