import { expect, test } from 'vitest';
import { anthropic } from '../../../fakes/vendors/anthropic.js';
import { calls, says } from '../../../fakes/vendors/vendor-reply.js';
import { startVendor } from '../../../fakes/vendors/vendor-server.js';
import { ask, makeConversation } from '../../../helpers/make-conversation.js';
import { tempDir } from '../../../helpers/temp-dir.js';

test.each([
  {
    what: 'has sent a message is told of, and not run again',
    call: { id: 'a', name: 'send', input: { channel: 'webhook', chat_id: 'room', content: 'Tea?' } },
    isAgain: false,
  },
  { what: 'has only looked is run again', call: { id: 'a', name: 'time', input: { timezone: 'UTC' } }, isAgain: true },
])('a turn with a key that $what after its worker was killed', async ({ call, isAgain }) => {
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
  if (isAgain) expect(last).toMatchObject({ type: 'done', reply: 'Done.' });
  else expect(last).toMatchObject({ type: 'error', code: 'CONFLICT', message: expect.stringContaining('must not be repeated') as string });
  expect(fake.requests).toHaveLength(isAgain ? 3 : 2);
  expect((await second.outgoing.list({})).messages).toHaveLength(isAgain ? 0 : 1);
  const { messages } = await second.sessions.get('main:api:default:direct:default');
  expect(messages.filter(({ role }) => role === 'user')).toHaveLength(1);
});
