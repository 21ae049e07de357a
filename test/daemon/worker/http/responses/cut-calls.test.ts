/** A call of a tool that the limit of tokens cuts off, in `/v1/responses`: nobody can run it, so nobody owes its result. */
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import type { ApiKind } from '../../../../../shared/config/models-schema.js';
import { calls, says, type StreamReply } from '../../../../fakes/vendors/vendor-reply.js';
import { TOKEN } from '../../../../helpers/http-app.js';
import { startMessagesGateway } from '../../../../helpers/messages-gateway.js';

const CUT = '{"city": "Pa';
const cutOff: StreamReply = {
  ...calls({ id: 'c1', name: 'get', input: { city: 'Rome' } }, { id: 'c2', name: 'get', input: {}, text: CUT }),
  end: 'length',
};
const request = {
  model: 'up/fake-model',
  tools: [{ type: 'function' as const, name: 'get', parameters: { type: 'object', properties: {} }, strict: false }],
};
const result = (id: string) => ({ type: 'function_call_output' as const, call_id: id, output: 'sunny' });

async function start(api: ApiKind) {
  const { baseURL, vendor } = await startMessagesGateway(api);
  return { vendor, client: new OpenAI({ baseURL: `${baseURL}/v1`, apiKey: TOKEN, maxRetries: 0 }) };
}

const KINDS: readonly ApiKind[] = ['openai-completions', 'openai-responses', 'anthropic-messages'];

test.each(KINDS)('a call by %s that is cut off is incomplete, and the conversation goes on without it', async (api) => {
  const { client, vendor } = await start(api);
  vendor.reply(cutOff, says('Sunny.'), cutOff);
  const { id: conversation } = await client.conversations.create();
  const first = await client.responses.create({ ...request, conversation, input: 'a' });
  expect(first).toMatchObject({
    status: 'incomplete',
    output: [
      { call_id: 'c1', status: 'completed' },
      { call_id: 'c2', status: 'incomplete', arguments: CUT },
    ],
  });
  await client.responses.create({ ...request, conversation, input: [result('c1')] });
  expect(vendor.requests[1]?.text).not.toContain('c2');
  // Its caller keeps the items itself.
  const streamed = await client.responses.stream({ ...request, input: 'a', store: false }).finalResponse();
  expect(streamed.output.at(-1)).toMatchObject({ call_id: 'c2', status: 'incomplete' });
  const kept = [{ role: 'user' as const, content: 'a' }, ...streamed.output, result('c1')] as OpenAI.Responses.ResponseInput;
  await client.responses.create({ ...request, input: kept });
  expect(vendor.requests.at(-1)?.text).not.toContain('c2');
});

test('a call that is cut off keeps the result that its caller sends, and a complete one must have one', async () => {
  const { client, vendor } = await start('openai-responses');
  vendor.reply(cutOff);
  const { id } = await client.responses.create({ ...request, input: 'a' });
  await expect(client.responses.create({ ...request, previous_response_id: id, input: 'b' })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('No tool output found for function call c1') as string,
  });
  await client.responses.create({ ...request, previous_response_id: id, input: [result('c1'), result('c2')] });
  expect(vendor.requests.at(-1)?.body['input']).toMatchObject([
    {},
    { call_id: 'c1' },
    { call_id: 'c2', arguments: CUT },
    { call_id: 'c1', output: 'sunny' },
    { call_id: 'c2', output: 'sunny' },
  ]);
});

test.each<[ApiKind, object, string]>([
  ['openai-responses', { openai: { itemId: 'rs_1', reasoningEncryptedContent: 'SEAL' } }, 'input'],
  ['anthropic-messages', { anthropic: { signature: 'SEAL' } }, 'messages'],
])('reasoning that nothing follows does not go back to %s, which refuses it', async (api, vendorData, place) => {
  const { client, vendor } = await start(api);
  const encrypted_content = Buffer.from(JSON.stringify(vendorData)).toString('base64url');
  const reasoning = { type: 'reasoning' as const, id: 'rs_1', summary: [], encrypted_content };
  const cut = { type: 'function_call' as const, call_id: 'c2', name: 'get', arguments: CUT, status: 'incomplete' as const };
  for (const items of [[reasoning, cut], [reasoning]]) {
    const input = [{ role: 'user' as const, content: 'a' }, ...items, { role: 'user' as const, content: 'b' }];
    await client.responses.create({ ...request, input });
    expect(JSON.stringify(vendor.requests.at(-1)?.body[place])).not.toContain('SEAL');
  }
});

test('arguments that are no JSON of a call that the model ended are its caller’s to answer', async () => {
  const { client, vendor } = await start('openai-completions');
  vendor.reply(calls({ id: 'c2', name: 'get', input: {}, text: CUT }), calls({ id: 'c3', name: 'get', input: {}, text: '' }));
  expect((await client.responses.create({ ...request, input: 'a' })).output).toMatchObject([{ call_id: 'c2', status: 'completed' }]);
  expect((await client.responses.create({ ...request, input: 'a' })).output).toMatchObject([{ call_id: 'c3', status: 'completed' }]);
});
