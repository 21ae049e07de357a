import { expect, test } from 'vitest';
import { sentRequest } from '../../../../../helpers/sent-request.js';

const MISTRAL = 'https://api.mistral.ai/v1';

const limitsOf = (body: object): unknown[] => Object.entries(body).filter(([name]) => name.startsWith('max_'));

test.each([
  ['https://api.openai.com/v1', 'gpt-4o-mini', 'max_completion_tokens'],
  ['https://eu.api.openai.com/v1', 'gpt-4o-mini', 'max_completion_tokens'],
  ['https://me.openai.azure.com/openai/v1', 'my-deployment', 'max_completion_tokens'],
  ['https://proxy.example/v1', 'openai/o3', 'max_completion_tokens'],
  ['http://127.0.0.1:4000/v1', 'gpt-5-mini', 'max_completion_tokens'],
  ['https://proxy.example/v1', 'openai/gpt-oss-120b', 'max_tokens'],
  ['https://api.openai.com.example/v1', 'x', 'max_tokens'],
])('%s is told the limit for %s as %s', async (baseUrl, modelId, field) => {
  expect(limitsOf(await sentRequest({ baseUrl }, { modelId, maxOutputTokens: 9 }))).toEqual([[field, 9]]);
});

test.each([
  [{ baseUrl: 'https://proxy.example/v1' }, 'max_completion_tokens'],
  [{ baseUrl: 'http://127.0.0.1:4000/v1' }, 'max_completion_tokens'],
  [{ baseUrl: 'http://localhost/v1' }, 'max_completion_tokens'],
  [{ baseUrl: MISTRAL }, 'max_tokens'],
  [{ baseUrl: 'http://127.0.0.1:11434/v1' }, 'max_tokens'],
  [{ baseUrl: 'http://localhost:1234/v1' }, 'max_tokens'],
  [{ baseUrl: 'http://[::1]:8080/v1' }, 'max_tokens'],
  [{ id: 'ollama', baseUrl: 'http://nas.example:11434/v1' }, 'max_tokens'],
])("%o is told a limit under the caller's newer name as %s", async (settings, field) => {
  const extra = { api: 'chat-completions' as const, fields: { max_completion_tokens: 9 } };
  expect(limitsOf(await sentRequest(settings, { maxOutputTokens: 9, extra }))).toEqual([[field, 9]]);
});

test.each([
  [MISTRAL, { random_seed: 5 }],
  ['https://codestral.mistral.ai/v1', { random_seed: 5 }],
  ['https://api.mistral.ai.example/v1', { seed: 5, stream_options: { include_usage: true } }],
])('%s gets a seed under its own name, and is asked for the usage unless it is Mistral', async (baseUrl, fields) => {
  const { model: _model, messages: _messages, stream: _stream, ...others } = await sentRequest({ baseUrl }, { seed: 5 });
  expect(others).toEqual(fields);
});

test("a caller's own field of Mistral is sent to it", async () => {
  const extra = { api: 'chat-completions' as const, fields: { random_seed: 7 } };
  expect(await sentRequest({ baseUrl: MISTRAL }, { extra })).toMatchObject({ random_seed: 7 });
});

const OF_MESSAGES = { topK: 5, reasoning: { budgetTokens: 1_024 }, extra: { api: 'messages', fields: {} } } as const;
const SHARED = { user: 'me', safety_identifier: 'me', prompt_cache_retention: '24h', prompt_cache_key: 'k' };
const OF_RESPONSES = {
  extra: { api: 'responses', fields: { ...SHARED, reasoning: { effort: 'low' }, text: { verbosity: 'low' } } },
} as const;

test.each([
  [MISTRAL, OF_MESSAGES, { reasoning_effort: 'high' }],
  ['https://proxy.example/v1', OF_MESSAGES, { top_k: 5, reasoning_effort: 'low' }],
  [MISTRAL, OF_RESPONSES, { reasoning_effort: 'high', prompt_cache_key: 'k' }],
  ['https://proxy.example/v1', OF_RESPONSES, { ...SHARED, reasoning_effort: 'low', verbosity: 'low' }],
  [MISTRAL, { extra: { api: 'responses', fields: { reasoning: { effort: 'none' } } } }, { reasoning_effort: 'none' }],
  // What a caller of the same API writes is its own.
  [
    MISTRAL,
    { extra: { api: 'chat-completions', fields: { user: 'me', reasoning_effort: 'low' } } },
    { user: 'me', reasoning_effort: 'low' },
  ],
] as const)('%s gets of %j only fields that it accepts', async (baseUrl, request, fields) => {
  const body = await sentRequest({ baseUrl }, request);
  const { model: _model, messages: _messages, stream: _stream, stream_options: _usage, ...others } = body;
  expect(others).toEqual(fields);
});

test.each([
  [MISTRAL, 'some-model', ['user', 'assistant', 'tool', 'tool', 'assistant', 'user', 'user']],
  ['https://proxy.example/v1', 'mistralai/devstral-2512', ['user', 'assistant', 'tool', 'tool', 'assistant', 'user', 'user']],
  ['https://proxy.example/v1', 'qwen3', ['user', 'assistant', 'tool', 'tool', 'user', 'user']],
])('%s gets, for %s, the picture of a result and the next question in an order that it takes', async (baseUrl, modelId, roles) => {
  const question = { role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] };
  const calls = ['aaaaaaaaa', 'bbbbbbbbb'].map((id) => ({ type: 'toolCall' as const, id, name: 'look', arguments: '{}' }));
  const picture = { type: 'image' as const, url: 'data:image/png;base64,iVBORw0KGgo=' };
  const results = calls.map(({ id, name }) => ({ role: 'tool' as const, callId: id, name, content: [picture] }));
  const body = await sentRequest(
    { baseUrl },
    { modelId, messages: [question, { role: 'assistant', content: calls }, ...results, question] },
  );
  const messages = body['messages'] as { role: string; content: unknown }[];
  expect(messages.map(({ role }) => role)).toEqual(roles);
});
