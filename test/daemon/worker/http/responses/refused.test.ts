import { expect, test } from 'vitest';
import { startOpenAiGateway } from '../../../../helpers/openai-gateway.js';

const WEATHER = {
  type: 'function' as const,
  name: 'weather',
  description: 'The weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  strict: false,
};

test.each([
  ['tools.0.type', { tools: [{ type: 'web_search' }] }],
  ['tools.0.name', { tools: [{ ...WEATHER, name: 'no good name' }] }],
  ['tool_choice', { tools: [WEATHER], tool_choice: { type: 'function', name: 'other' } }],
  ['truncation', { truncation: 'auto' }],
  ['top_logprobs', { top_logprobs: 3 }],
  ['include.0', { include: ['message.output_text.logprobs'] }],
  ['prompt', { prompt: { id: 'pmpt_1' } }],
  ['input', { input: [] }],
  ['input', { input: [{ type: 'function_call', call_id: 'c', name: 'weather', arguments: '{}' }] }],
  ['input.0.type', { input: [{ type: 'computer_call', id: 'x' }] }],
  ['input.0.call_id', { input: [{ type: 'function_call_output', call_id: 'c', output: 'sun' }] }],
  ['input.0.content.0.type', { input: [{ role: 'user', content: [{ type: 'input_audio' }] }] }],
  ['input.0.content.0', { input: [{ role: 'system', content: [{ type: 'input_image', image_url: 'https://example.com/a.png' }] }] }],
])('what cannot be done is refused and named: %s', async (param, params) => {
  const { send, upstream } = await startOpenAiGateway();
  const { status, json } = await send('/v1/responses', { method: 'POST', body: { model: 'up/one', input: 'x', ...params } });
  expect([status, (json?.['error'] as { param?: string } | undefined)?.param]).toEqual([400, param]);
  expect(upstream.bodies).toEqual([]);
});

test('what has no effect here is accepted', async () => {
  const { send } = await startOpenAiGateway();
  const harmless = {
    include: ['reasoning.encrypted_content'],
    truncation: 'disabled',
    prompt_cache_key: 'k',
    safety_identifier: 's',
    service_tier: 'auto',
    stream_options: { include_obfuscation: false },
    max_tool_calls: 3,
    something: 'new',
  };
  expect((await send('/v1/responses', { method: 'POST', body: { model: 'up/one', input: 'x', ...harmless } })).status).toBe(200);
});
