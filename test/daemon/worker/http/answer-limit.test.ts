/** Anthropic's API requires a limit of tokens. The SDK's own, 4,096, is too low for models that reason. */
import { expect, test } from 'vitest';
import { ask } from '../../../helpers/make-conversation.js';
import { startMessagesGateway } from '../../../helpers/messages-gateway.js';

test('a model that is not Claude gets its limit, that of the caller, or enough to answer', async () => {
  const { vendor, conversation, send } = await startMessagesGateway('anthropic-messages');
  const chat = async (fields: object): Promise<void> => {
    const body = { messages: [{ role: 'user', content: 'Hi' }], ...fields };
    expect((await send('/v1/chat/completions', { method: 'POST', body })).status).toBe(200);
  };
  await chat({ model: 'up/plain' });
  await chat({ model: 'up/plain', max_tokens: 9 });
  await chat({ model: 'up/fake-model' });
  await ask(conversation, { message: 'Hi', model: 'up/plain' });
  expect(vendor.requests.map(({ body }) => body['max_tokens'])).toEqual([8_192, 9, 777, 8_192]);
});

test('a long request leaves room for less, and its tokens may be more than estimated', async () => {
  const { vendor, conversation, send } = await startMessagesGateway('anthropic-messages');
  const content = 'word '.repeat(17_000);
  await send('/v1/chat/completions', { method: 'POST', body: { model: 'up/plain', messages: [{ role: 'user', content }] } });
  await ask(conversation, { message: content, model: 'up/plain', session: 'long' });
  const limits = vendor.requests.map(({ body }) => body['max_tokens']);
  // 21,256 tokens of 32,768 are estimated.
  expect(limits).toEqual([7_760, expect.any(Number)]);
  expect(limits[1]).toBeLessThan(7_760);
  expect(limits[1]).toBeGreaterThan(7_000);
});
