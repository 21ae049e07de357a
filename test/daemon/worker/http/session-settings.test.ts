/** Calls with `X-Xopc-Session`. Settings that would change what the answer means are refused, never left out in silence. */
import Anthropic from '@anthropic-ai/sdk';
import type OpenAI from 'openai';
import { expect, test } from 'vitest';
import { saying } from '../../../fakes/openai/replay.js';
import { FAKE_USAGE } from '../../../fakes/vendors/vendor-reply.js';
import { TOKEN } from '../../../helpers/http-app.js';
import { startMessagesGateway } from '../../../helpers/messages-gateway.js';
import { type OpenAiGateway, startOpenAiGateway } from '../../../helpers/openai-gateway.js';

const model = 'main';
const inSession = { headers: { 'X-Xopc-Session': 'desk' } };
const question = { role: 'user' as const, content: 'x' };
const schema = { type: 'object' };

const start = (): Promise<OpenAiGateway> => startOpenAiGateway({ agents: { defaults: { model: 'up/one' } } });
const anthropicOf = ({ baseURL }: OpenAiGateway): Anthropic =>
  new Anthropic({ baseURL: baseURL.replace('/v1', ''), apiKey: TOKEN, maxRetries: 0 });

type Chat = Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>;
test.each<[string, Chat]>([
  ['messages', { messages: [{ role: 'system', content: 'Be brief.' }, question] }],
  ['messages', { messages: [{ role: 'developer', content: 'Be brief.' }, question] }],
  ['stop', { stop: 'END' }],
  ['response_format', { response_format: { type: 'json_object' } }],
  ['response_format', { response_format: { type: 'json_schema', json_schema: { name: 'a', schema } } }],
  ['reasoning_effort', { reasoning_effort: 'high' }],
  ['tools', { tools: [{ type: 'function', function: { name: 'get', parameters: schema } }] }],
])('a chat completion with %s is refused: %j', async (param, settings) => {
  const { client, upstream } = await start();
  await expect(client.chat.completions.create({ model, messages: [question], ...settings }, inSession)).rejects.toMatchObject({
    status: 400,
    param,
  });
  expect(upstream.bodies).toEqual([]);
});

test.each<[string, Partial<OpenAI.Responses.ResponseCreateParamsNonStreaming>]>([
  ['input', { input: [{ role: 'assistant', content: 'x' }] }],
  ['instructions', { instructions: 'Be brief.' }],
  ['instructions', { input: [{ role: 'developer', content: 'Be brief.' }, question] }],
  ['text.format', { text: { format: { type: 'json_object' } } }],
  ['text.format', { text: { format: { type: 'json_schema', name: 'a', schema } } }],
  ['reasoning', { reasoning: { effort: 'high' } }],
  ['reasoning', { reasoning: { summary: 'auto' } }],
])('a response with %s is refused: %j', async (param, settings) => {
  const { client } = await start();
  await expect(client.responses.create({ model, input: 'x', ...settings }, inSession)).rejects.toMatchObject({ status: 400, param });
});

test.each<[string, Partial<Anthropic.MessageCreateParamsNonStreaming>]>([
  ['system', { system: 'Be brief.' }],
  ['stop_sequences', { stop_sequences: ['END'] }],
  ['thinking', { thinking: { type: 'enabled', budget_tokens: 1_024 } }],
  ['output_config', { output_config: { effort: 'high' } }],
  ['output_config.format', { output_config: { format: { type: 'json_schema', schema } } }],
])('a message with %s is refused', async (param, settings) => {
  const client = anthropicOf(await start());
  const asked = client.messages.create({ model, max_tokens: 9, messages: [question], ...settings }, inSession);
  await expect(asked).rejects.toMatchObject({ status: 400, message: expect.stringContaining(`'${param}'`) as string });
});

test('what programs send with every call is no offence; a response does not say that it was used', async () => {
  const gateway = await start();
  const { client, upstream } = gateway;
  upstream.play(...['a', 'b', 'c', 'd'].map((text) => saying(text)));
  const sampling = { temperature: 0.5, top_p: 0.5 };
  const chat = {
    max_tokens: 9,
    seed: 1,
    presence_penalty: 1,
    stop: [],
    response_format: { type: 'text' as const },
    reasoning_effort: null,
  };
  await client.chat.completions.create({ model, messages: [{ role: 'system', content: '' }, question], ...sampling, ...chat }, inSession);
  const response = await client.responses.create(
    { model, input: 'x', ...sampling, max_output_tokens: 9, text: { verbosity: 'low' }, reasoning: { effort: null }, instructions: '' },
    inSession,
  );
  expect(response).toMatchObject({
    temperature: null,
    top_p: null,
    max_output_tokens: null,
    text: { format: { type: 'text' } },
    output_text: 'b',
  });
  expect(response.text).not.toHaveProperty('verbosity');
  const stateless = await client.responses.create({ model, input: 'x', ...sampling });
  expect(stateless).toMatchObject(sampling);
  const message = { max_tokens: 9, temperature: 0.5, thinking: { type: 'disabled' as const }, system: '', stop_sequences: [] };
  await anthropicOf(gateway).messages.create({ model, messages: [question], ...message }, inSession);
  expect(upstream.bodies).toHaveLength(4);
});

const { input, cacheRead, cacheWrite, output } = FAKE_USAGE;
test.each([
  ['/v1/chat/completions', { messages: [question] }, { prompt_tokens: input, prompt_tokens_details: { cached_tokens: cacheRead } }],
  ['/v1/responses', { input: 'x' }, { input_tokens: input, input_tokens_details: { cached_tokens: cacheRead } }],
  [
    '/v1/messages',
    { messages: [question], max_tokens: 9 },
    { input_tokens: input - cacheRead - cacheWrite, cache_read_input_tokens: cacheRead, cache_creation_input_tokens: cacheWrite },
  ],
  ['/api/agent', { model: undefined, message: 'x' }, { inputTokens: input, outputTokens: output, costUsd: null }],
])('the usage of %s has the cached tokens, also for a repeated key', async (path, body, usage) => {
  const { send, vendor } = await startMessagesGateway('anthropic-messages', { agents: { defaults: { model: 'up/plain' } } });
  const ask = () => send(path, { method: 'POST', headers: { ...inSession.headers, 'Idempotency-Key': 'k' }, body: { model, ...body } });
  const [first, again] = [await ask(), await ask()];
  expect([first.json?.['usage'], again.headers['idempotent-replayed']]).toEqual([expect.objectContaining(usage), 'true']);
  expect(again.json?.['usage']).toEqual(first.json?.['usage']);
  expect(vendor.requests).toHaveLength(1);
});
