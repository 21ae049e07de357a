/** Models behind chat completions that demand something of their own, behind each of the APIs for programs. */
import { expect, onTestFinished, test, vi } from 'vitest';
import * as ai from '../../../../daemon/worker/lazy/ai.js';
import type { AiModule } from '../../../../daemon/worker/providers/provider.js';
import { GPT_5 } from '../../../fakes/vendors/particular-models.js';
import { startMessagesGateway } from '../../../helpers/messages-gateway.js';

const { createProvider }: AiModule = ai;
const QUESTION = [{ role: 'user' as const, content: 'Weather?' }];

test.each([
  ['/v1/messages', { messages: QUESTION, max_tokens: 50 }],
  ['/v1/responses', { input: 'Weather?', max_output_tokens: 50 }],
  ['/v1/chat/completions', { messages: QUESTION, max_tokens: 50 }],
  ['/v1/chat/completions', { messages: QUESTION, max_completion_tokens: 50 }],
])('a limit of tokens reaches GPT-5 under the name that it takes (%s)', async (path, body) => {
  const { vendor, send } = await startMessagesGateway('openai-completions');
  const answer = await send(path, { method: 'POST', body: { ...body, model: `up/${GPT_5}` } });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  expect(vendor.requests[0]?.body).toMatchObject({ max_completion_tokens: 50 });
});

test.each([
  ['https://api.openai.com/v1', 'gpt-4o-mini', 'max_completion_tokens'],
  ['https://eu.api.openai.com/v1', 'gpt-4o-mini', 'max_completion_tokens'],
  ['https://me.openai.azure.com/openai/v1', 'my-deployment', 'max_completion_tokens'],
  ['https://proxy.example/v1', 'openai/o3', 'max_completion_tokens'],
  ['https://proxy.example/v1', 'openai/gpt-oss-120b', 'max_tokens'],
  ['https://api.openai.com.example/v1', 'x', 'max_tokens'],
])('%s is told the limit for %s as %s', async (baseUrl, modelId, field) => {
  const sent = vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('', { status: 500 }));
  onTestFinished(() => sent.mockRestore());
  const provider = createProvider({ id: 'f', name: 'F', api: 'openai-completions', baseUrl });
  const request = { modelId, maxOutputTokens: 9, messages: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }] };
  for await (const _event of provider.complete?.(request, new AbortController().signal) ?? []);
  const body = JSON.parse(sent.mock.calls[0]?.[1]?.body as string) as object;
  expect(Object.entries(body).filter(([name]) => name.startsWith('max_'))).toEqual([[field, 9]]);
});
