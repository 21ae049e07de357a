/** Anthropic and Google refuse texts without a word, which programs that speak OpenAI's API send all the time. */
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import type { ApiKind } from '../../../../shared/config/models-schema.js';
import { TOKEN } from '../../../helpers/http-app.js';
import { startMessagesGateway } from '../../../helpers/messages-gateway.js';

const model = 'up/plain';
const tools = [{ type: 'function' as const, function: { name: 'get', parameters: { type: 'object', properties: {} } } }];
const call = { id: 'c1', type: 'function' as const, function: { name: 'get', arguments: '{}' } };

async function start(api: ApiKind = 'anthropic-messages') {
  const gateway = await startMessagesGateway(api);
  return { ...gateway, openAi: new OpenAI({ baseURL: `${gateway.baseURL}/v1`, apiKey: TOKEN, maxRetries: 0 }) };
}

const historyWith = (empty: string): OpenAI.ChatCompletionMessageParam[] => [
  { role: 'system', content: empty },
  { role: 'user', content: empty },
  {
    role: 'user',
    content: [
      { type: 'text', text: empty },
      { type: 'text', text: 'x' },
    ],
  },
  { role: 'assistant', content: empty },
  { role: 'assistant', content: empty, tool_calls: [call] },
  { role: 'tool', tool_call_id: 'c1', content: empty },
  { role: 'user', content: 'y' },
];

const KEPT: readonly [ApiKind, object][] = [
  [
    'anthropic-messages',
    {
      messages: [
        { role: 'user', content: [{ text: 'x' }] },
        { role: 'assistant', content: [{ type: 'tool_use' }] },
        { role: 'user', content: [{ type: 'tool_result' }, { text: 'y' }] },
      ],
    },
  ],
  [
    'google-generative-ai',
    {
      contents: [
        { role: 'user', parts: [{ text: 'x' }] },
        { role: 'model', parts: [{ functionCall: { name: 'get' } }] },
        { role: 'user', parts: [{ functionResponse: { name: 'get' } }] },
        { role: 'user', parts: [{ text: 'y' }] },
      ],
    },
  ],
];

test.each(KEPT.flatMap(([api, kept]) => ['', '\n\n'].map((empty) => [api, empty, kept] as const)))(
  'for %s, a text of %j is left out, and a message of it',
  async (api, empty, kept) => {
    const { openAi, vendor } = await start(api);
    await openAi.chat.completions.create({ model, tools, messages: historyWith(empty) });
    const { body } = vendor.requests[0] ?? {};
    expect([body?.['system'], body?.['systemInstruction']]).toEqual([undefined, undefined]);
    expect(body).toMatchObject(kept);
  },
);

test('in the result of a tool, a picture stays without its empty text', async () => {
  const { openAi, client, vendor } = await start();
  const source = { type: 'base64' as const, media_type: 'image/png' as const, data: 'AAAA' };
  const content = [
    { type: 'text' as const, text: '' },
    { type: 'image' as const, source },
  ];
  await client.messages.create({
    model,
    max_tokens: 9,
    messages: [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'get', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content }] },
    ],
  });
  expect(vendor.requests[0]?.body['messages']).toMatchObject([{}, {}, { content: [{ content: [{ type: 'image' }] }] }]);
  const url = 'data:image/png;base64,AAAA';
  await openAi.responses.create({
    model,
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_text', text: '' },
          { type: 'input_image', image_url: url, detail: 'auto' },
        ],
      },
    ],
  });
  expect(vendor.requests[1]?.body['messages']).toMatchObject([{ content: [{ type: 'image' }] }]);
});

test('a question without a word is told as the vendor tells it', async () => {
  const { openAi } = await start();
  const asked = openAi.chat.completions.create({
    model,
    messages: [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: 'y' },
      { role: 'user', content: '' },
    ],
  });
  await expect(asked).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('must contain non-whitespace text') as string,
  });
});
