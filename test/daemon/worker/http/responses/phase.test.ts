/** OpenAI's newer models say what a message is for, and want to hear it again. */
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import type { ApiKind } from '../../../../../shared/config/models-schema.js';
import { TOKEN } from '../../../../helpers/http-app.js';
import { startMessagesGateway } from '../../../../helpers/messages-gateway.js';

const says = (id: string, text: string, phase?: string) => ({
  id,
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text, annotations: [] }],
  ...(phase === undefined ? {} : { phase }),
});
const answer = {
  type: 'document' as const,
  body: {
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    model: 'm',
    status: 'completed',
    output: [says('msg_1', 'I look.', 'commentary'), says('msg_2', 'Sunny.', 'final_answer')],
    usage: { input_tokens: 1, output_tokens: 1 },
  },
};
const phases = [
  { content: [{ text: 'I look.' }], phase: 'commentary' },
  { content: [{ text: 'Sunny.' }], phase: 'final_answer' },
];

async function start(api: ApiKind, config: object = {}) {
  const { baseURL, vendor } = await startMessagesGateway(api, config);
  return { vendor, client: new OpenAI({ baseURL: `${baseURL}/v1`, apiKey: TOKEN, maxRetries: 0 }) };
}

test.each([false, true])('the phase of a message reaches the caller and goes back (streamed: %s)', async (isStream) => {
  const { client, vendor } = await start('openai-responses');
  vendor.reply(answer);
  const request = { model: 'up/fake-model', input: 'x' };
  const first = isStream ? await client.responses.stream(request).finalResponse() : await client.responses.create(request);
  expect(first.output).toMatchObject(phases);
  await client.responses.create({ ...request, previous_response_id: first.id, input: 'y' });
  expect(vendor.requests.at(-1)?.body['input']).toMatchObject([{ role: 'user' }, ...phases, { role: 'user' }]);
});

test('another vendor gets the words, and a message without a phase has none', async () => {
  const { client, vendor } = await start('openai-completions');
  const input = [{ role: 'user', content: 'x' }, says('msg_1', 'I look.', 'commentary'), { role: 'user', content: 'y' }];
  const { output } = await client.responses.create({ model: 'up/plain', input: input as OpenAI.Responses.ResponseInput });
  expect(vendor.requests[0]?.body['messages']).toEqual([
    { role: 'user', content: 'x' },
    { role: 'assistant', content: 'I look.' },
    { role: 'user', content: 'y' },
  ]);
  expect(output[0]).not.toHaveProperty('phase');
});
