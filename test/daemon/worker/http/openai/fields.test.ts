/** What programs send that the gateway has no name for reaches providers of the same API unchanged. */
import type OpenAI from 'openai';
import { expect, test } from 'vitest';
import { startOpenAiGateway } from '../../../../helpers/openai-gateway.js';

type Params = OpenAI.ChatCompletionCreateParamsNonStreaming;

const user = (content: string) => [{ role: 'user' as const, content }];

const WEATHER = { type: 'function' as const, function: { name: 'weather', parameters: { type: 'object', properties: {} } } };

test('fields of the same API that the gateway has no name for reach the provider', async () => {
  const { client, upstream } = await startOpenAiGateway();
  const schema = { type: 'object', properties: { a: { type: 'number' } }, required: ['a'], additionalProperties: false };
  const response_format = { type: 'json_schema' as const, json_schema: { name: 'thing', strict: true, schema } };
  const extra = {
    max_completion_tokens: 9,
    reasoning_effort: 'low' as const,
    parallel_tool_calls: false,
    logit_bias: { '5': -100 },
    response_format,
  };
  await client.chat.completions.create({ model: 'up/one', messages: user('x'), ...extra });
  expect(upstream.bodies[0]).toMatchObject(extra);
  expect(upstream.bodies[0]).not.toHaveProperty('max_tokens');
});

test('fields of messages, parts and calls that the gateway has no name for reach the provider', async () => {
  const { client, upstream } = await startOpenAiGateway();
  const cache_control = { type: 'ephemeral' };
  const call = { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{}' }, extra_content: { google: { x: 1 } } };
  const messages = [
    { role: 'system', content: [{ type: 'text', text: 'Be brief.', cache_control }] },
    { role: 'user', name: 'ada', content: 'x' },
    { role: 'user', content: [{ type: 'text', text: 'y', cache_control }] },
    { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.com/cat.png', detail: 'low' } }] },
    { role: 'assistant', content: 'z', reasoning_content: 'thought', tool_calls: [call] },
    { role: 'tool', tool_call_id: 'c1', content: 'w', name: 'weather' },
  ] as const;
  const sent = messages as unknown as Params['messages'];
  await client.chat.completions.create({ model: 'up/one', messages: sent, verbosity: 'low', parallel_tool_calls: false, tools: [WEATHER] });
  expect(upstream.bodies[0]).toMatchObject({ messages, verbosity: 'low', parallel_tool_calls: false });
});
