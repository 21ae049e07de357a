/** Vercel's AI SDK, as it is published, against `/v1`. */
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import { expect, test } from 'vitest';
import { calling, saying } from '../../../../fakes/openai/replay.js';
import { TOKEN } from '../../../../helpers/http-app.js';
import { startOpenAiGateway } from '../../../../helpers/openai-gateway.js';

const providers = [
  [
    'openai-compatible',
    (baseURL: string) => createOpenAICompatible({ name: 'xopc', baseURL, apiKey: TOKEN, includeUsage: true }).chatModel('up/one'),
  ],
  ['openai chat', (baseURL: string) => createOpenAI({ baseURL, apiKey: TOKEN }).chat('up/one')],
  ['openai', (baseURL: string) => createOpenAI({ baseURL, apiKey: TOKEN })('up/one')],
] as const;

test.each(providers)('%s: a text is streamed with its usage', async (_name, connect) => {
  const { upstream, baseURL } = await startOpenAiGateway();
  upstream.play(saying('Hel', 'lo'));
  const result = streamText({ model: connect(baseURL), prompt: 'Hi' });
  const parts = [];
  for await (const part of result.textStream) parts.push(part);
  expect(parts).toEqual(['Hel', 'lo']);
  expect(await result.finishReason).toBe('stop');
  expect(await result.usage).toMatchObject({ inputTokens: 7, outputTokens: 3 });
});

test.each(providers)('%s: a tool is called, run by the caller, and its result read', async (_name, connect) => {
  const { upstream, baseURL } = await startOpenAiGateway();
  upstream.play(calling({ id: 'call_1', name: 'weather', arguments: '{"city":"Bern"}' }), saying('Sunny'));
  const asked: unknown[] = [];
  const weather = tool({
    description: 'The weather',
    inputSchema: jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } }),
    execute: (input) => (asked.push(input), 'sun'),
  });
  const { text } = await generateText({ model: connect(baseURL), prompt: 'Weather?', tools: { weather }, stopWhen: stepCountIs(3) });
  expect([text, asked]).toEqual(['Sunny', [{ city: 'Bern' }]]);
  expect(upstream.bodies[1]).toMatchObject({
    messages: [{ role: 'user' }, { role: 'assistant' }, { role: 'tool', tool_call_id: 'call_1', content: 'sun' }],
  });
});

test.each(providers)('%s: an error is what the SDK expects, and a retry gets through', async (_name, connect) => {
  const { upstream, baseURL } = await startOpenAiGateway();
  const busy = { status: 429, headers: { 'retry-after-ms': '10' }, body: { error: { message: 'Slow down' } } };
  upstream.play(busy, saying('now'), busy);
  expect((await generateText({ model: connect(baseURL), prompt: 'x', maxRetries: 1 })).text).toBe('now');
  await expect(generateText({ model: connect(baseURL), prompt: 'x', maxRetries: 0 })).rejects.toMatchObject({
    statusCode: 429,
    isRetryable: true,
  });
});

test('openai: a response is continued by its id', async () => {
  const { upstream, baseURL } = await startOpenAiGateway();
  upstream.play(saying('one'), saying('two'));
  const model = createOpenAI({ baseURL, apiKey: TOKEN })('up/one');
  const first = await generateText({ model, prompt: 'a' });
  const previousResponseId = first.providerMetadata?.['openai']?.['responseId'] as string;
  const second = await generateText({ model, prompt: 'b', providerOptions: { openai: { previousResponseId } } });
  expect(second.text).toBe('two');
  expect(upstream.bodies[1]).toMatchObject({ messages: [{ content: 'a' }, { content: 'one' }, { content: 'b' }] });
});
