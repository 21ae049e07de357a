/** What goes through `/v1/messages` unchanged, or is refused by its name. */
import type Anthropic from '@anthropic-ai/sdk';
import { expect, test } from 'vitest';
import type { ApiKind } from '../../../../../shared/config/models-schema.js';
import { calls, FAKE_USAGE, says } from '../../../../fakes/vendors/vendor-reply.js';
import { startMessagesGateway } from '../../../../helpers/messages-gateway.js';

const QUESTION: Anthropic.MessageParam = { role: 'user', content: 'x' };
const PARAMS = { model: 'up/fake-model', max_tokens: 2_048, messages: [QUESTION] };
const CACHE = { cache_control: { type: 'ephemeral' as const } };
const SCHEMA = { type: 'object' as const, properties: {} };

test('marks for the cache, settings and unknown fields reach a provider of the same API as they were written', async () => {
  const { client, vendor } = await startMessagesGateway('anthropic-messages');
  const settings = {
    temperature: 0.5,
    top_p: 0.9,
    top_k: 3,
    stop_sequences: ['END'],
    metadata: { user_id: 'u-1' },
    service_tier: 'auto' as const,
  };
  const unknown = { context_management: { edits: [] }, output_config: { effort: 'low' as const } };
  const tools = [{ name: 'look', description: 'Looks', input_schema: SCHEMA, defer_loading: true, input_examples: [{ a: 1 }], ...CACHE }];
  const result = { type: 'tool_result' as const, tool_use_id: 't1', content: 'seen', ...CACHE };
  const messages: Anthropic.MessageParam[] = [
    { role: 'user', content: [{ type: 'text', text: 'y', ...CACHE }] },
    { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'look', input: {} }] },
    { role: 'user', content: [result] },
  ];
  const system = [
    { type: 'text' as const, text: 'One.' },
    { type: 'text' as const, text: 'Two.', ...CACHE },
  ];
  const choice = { type: 'auto' as const, disable_parallel_tool_use: true };
  const params = { ...PARAMS, ...settings, ...unknown, tools, messages, system, tool_choice: choice };
  vendor.reply({ ...says('a'), stopSequence: 'END' });
  const { usage, ...answer } = await client.messages.create(params, { headers: { 'anthropic-beta': 'one-2025-01-01,two-2025-01-01' } });
  const [request] = vendor.requests;
  expect(request?.body).toMatchObject({ ...params, model: 'fake-model' });
  expect(request?.headers['anthropic-beta']).toMatch(/one-2025-01-01,two-2025-01-01/);
  expect(answer).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'END' });
  expect(usage).toMatchObject({
    input_tokens: FAKE_USAGE.input - FAKE_USAGE.cacheRead - FAKE_USAGE.cacheWrite,
    cache_read_input_tokens: FAKE_USAGE.cacheRead,
    cache_creation_input_tokens: FAKE_USAGE.cacheWrite,
    output_tokens: FAKE_USAGE.output,
  });
});

test('the settings that every provider has reach one of another API, and nothing else', async () => {
  const { client, vendor } = await startMessagesGateway('openai-completions');
  const settings = { temperature: 0.5, top_p: 0.9, top_k: 3, stop_sequences: ['END'], metadata: { user_id: 'u-1' } };
  await client.messages.create({ ...PARAMS, ...settings });
  const { messages: _messages, stream_options: _options, ...sent } = vendor.requests[0]?.body ?? {};
  expect(sent).toEqual({ model: 'fake-model', max_tokens: 2_048, temperature: 0.5, top_p: 0.9, top_k: 3, stop: ['END'], stream: true });
});

const THINKING = { thinking: { type: 'enabled' as const, budget_tokens: 1_024 } };
const THOUGHTS = [{ text: 'Hm.', signature: 'sig-1' }, { redacted: 'hidden' }];
const LOOK = { tools: [{ name: 'look', input_schema: SCHEMA }] };

test.each([[false], [true]])('thinking goes back and forth with its signatures (streamed: %s)', async (isStream) => {
  const { client, vendor } = await startMessagesGateway('anthropic-messages');
  vendor.reply({ ...calls({ id: 't1', name: 'look', input: {} }), thoughts: THOUGHTS });
  const ask = (params: Anthropic.MessageCreateParamsNonStreaming) =>
    isStream ? client.messages.stream(params).finalMessage() : client.messages.create(params);
  const params = { ...PARAMS, ...THINKING, ...LOOK };
  const { content } = await ask(params);
  const thoughts = [
    { type: 'thinking', thinking: 'Hm.', signature: 'sig-1' },
    { type: 'redacted_thinking', data: 'hidden' },
  ];
  expect(content).toEqual([...thoughts, { type: 'tool_use', id: 't1', name: 'look', input: {} }]);
  await ask({
    ...params,
    messages: [
      QUESTION,
      { role: 'assistant', content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'seen' }] },
    ],
  });
  expect(vendor.requests[1]?.body).toMatchObject({ ...THINKING, messages: [{}, { content: [...thoughts, { type: 'tool_use' }] }, {}] });
});

const DISPLAYED: [ApiKind, Anthropic.ThinkingConfigParam | undefined, string[], RegExp | undefined][] = [
  ['google-generative-ai', THINKING.thinking, ['Hm.'], /"thinkingBudget":1024.*"thought":true,"thoughtSignature":"sig-1"/],
  ['openai-completions', THINKING.thinking, ['Hm.'], /"reasoning_content":"Hm\."/],
  ['openai-completions', { type: 'adaptive', display: 'omitted' }, [''], /"reasoning_content":"Hm\."/],
  ['openai-completions', undefined, [], undefined],
  ['anthropic-messages', undefined, ['Hm.'], /"signature":"sig-1"/],
];

test.each(DISPLAYED)('what %s reasons is told as it was asked for (%o), and goes back', async (...[api, thinking, told, back]) => {
  const { client, vendor } = await startMessagesGateway(api);
  vendor.reply({ ...calls({ id: 't1', name: 'look', input: {} }), thoughts: THOUGHTS.slice(0, 1) });
  const params = { ...PARAMS, ...LOOK, ...(thinking === undefined ? {} : { thinking }) };
  const { content } = await client.messages.create(params);
  expect(content.flatMap((block) => (block.type === 'thinking' ? [block.thinking] : []))).toEqual(told);
  const use = content.find((block) => block.type === 'tool_use');
  const result = { type: 'tool_result' as const, tool_use_id: use?.id ?? '', content: 'seen' };
  await client.messages.create({ ...params, messages: [QUESTION, { role: 'assistant', content }, { role: 'user', content: [result] }] });
  const sent = JSON.stringify({ ...vendor.requests[0]?.body, after: vendor.requests[1]?.body });
  if (back === undefined) expect(sent).not.toContain('Hm.');
  else expect(sent).toMatch(back);
});

const distant = { type: 'url' as const, url: 'https://example.com/a.pdf' };
const UNSUPPORTED: [ApiKind, string, object, string][] = [
  ['openai-completions', 'thinking of a model that is not known to reason', { model: 'up/plain', ...THINKING }, 'thinking'],
  [
    'openai-completions',
    'a document elsewhere',
    { messages: [{ role: 'user', content: [{ type: 'document', source: distant }] }] },
    'messages.0.content.0.source',
  ],
  ['openai-responses', 'top_k', { top_k: 3 }, 'top_k'],
  ['openai-responses', 'stop sequences', { stop_sequences: ['END'] }, 'stop_sequences'],
  ['anthropic-messages', 'a tool of the vendor', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, 'tools.0.type'],
  ['anthropic-messages', 'MCP servers', { mcp_servers: [{ type: 'url', url: 'https://example.com', name: 'x' }] }, 'mcp_servers'],
  ['anthropic-messages', 'no limit', { max_tokens: undefined }, 'max_tokens'],
  ['anthropic-messages', 'a choice of a tool that is not sent', { ...LOOK, tool_choice: { type: 'tool', name: 'hear' } }, 'tool_choice'],
  [
    'anthropic-messages',
    'the result of a call that nobody made',
    { messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c' }] }] },
    'messages.0.content.0.tool_use_id',
  ],
  [
    'anthropic-messages',
    'a picture from a file',
    { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'file:///etc/passwd' } }] }] },
    'messages.0.content.0.source.url',
  ],
];

test.each(UNSUPPORTED)('%s: %s is refused before anybody is asked, and the field named', async (...[api, , fields, param]) => {
  const { send, vendor } = await startMessagesGateway(api);
  const answer = await send('/v1/messages', { method: 'POST', body: { ...PARAMS, ...fields } });
  expect(answer).toMatchObject({ status: 400, json: { type: 'error', error: { type: 'invalid_request_error' } } });
  expect((answer.json as { error: { message: string } }).error.message).toContain(param);
  expect(vendor.requests).toEqual([]);
});
