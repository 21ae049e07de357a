import { expect, test } from 'vitest';
import * as ai from '../../../../../daemon/worker/lazy/ai.js';
import type { CompletionEvent, CompletionMessage, CompletionRequest } from '../../../../../daemon/worker/providers/completion.js';
import type { AiModule } from '../../../../../daemon/worker/providers/provider.js';
import type { ApiKind } from '../../../../../shared/config/models-schema.js';
import { fakeHttp } from '../../../../fakes/http-server.js';

const { createProvider }: AiModule = ai;

type VendorEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

const block = (index: number, start: object): VendorEvent[] => [
  { type: 'content_block_start', index, content_block: start },
  { type: 'content_block_stop', index },
];

/** Of Anthropic's API: an empty text, and a call. */
const CALLS: readonly VendorEvent[] = [
  {
    type: 'message_start',
    message: { id: 'm', type: 'message', role: 'assistant', model: 'one', content: [], usage: { input_tokens: 1 } },
  },
  ...block(0, { type: 'text', text: '' }),
  ...block(1, { type: 'tool_use', id: 'toolu_1', name: 'time', input: {} }),
  { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 1 } },
  { type: 'message_stop' },
];

const user: CompletionMessage = { role: 'user', content: [{ type: 'text', text: 'What time is it?' }] };

/** Asks a server that answers with {@link CALLS}. @returns the last event, and what the server was sent */
async function ask(api: ApiKind, request: Omit<CompletionRequest, 'modelId'>) {
  const server = await fakeHttp((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.end(CALLS.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));
  });
  const provider = createProvider({ id: 'fake', name: 'Fake', api, baseUrl: `http://127.0.0.1:${server.port}/v1`, apiKey: 'sk-secret' });
  let last: CompletionEvent | undefined;
  const call = { modelId: 'one', modelMaxTokens: 900, ...request };
  for await (const event of provider.complete(call, new AbortController().signal)) last = event;
  return { last, body: JSON.parse(server.seen[0]?.body ?? '') as Record<string, unknown> };
}

test('only a call with tools returns a step, without texts that are empty', async () => {
  const tools = [{ name: 'time', parameters: { type: 'object' } }];
  const { last } = await ask('anthropic-messages', { messages: [user], tools });
  expect(last).toMatchObject({ type: 'finish', reason: 'tool_calls', step: { parts: [{ type: 'toolCall', id: 'toolu_1' }] } });
  const without = await ask('anthropic-messages', { messages: [user] });
  expect(without.last).toMatchObject({ type: 'finish', reason: 'tool_calls' });
  expect(without.last).not.toHaveProperty('step');
});

test('Gemini is given several instructions as one, also in calls of turns', async () => {
  const messages: CompletionMessage[] = [{ role: 'system', content: 'Be brief.' }, { role: 'system', content: 'Be kind.' }, user];
  const { body } = await ask('google-generative-ai', { messages });
  expect(body['systemInstruction']).toEqual({ parts: [{ text: 'Be brief.\n\nBe kind.' }] });
});

test('only the failed result is marked for Anthropic, also if a later call has the same id', async () => {
  const step = (isError: boolean, ...texts: string[]): CompletionMessage[] => [
    { role: 'assistant', content: [{ type: 'toolCall', id: 'c1', name: 'time', arguments: '{}' }] },
    { role: 'tool', callId: 'c1', name: 'time', content: texts.map((text) => ({ type: 'text', text })), isError },
  ];
  const resultsOf = ({ body }: Awaited<ReturnType<typeof ask>>): object[] =>
    (body['messages'] as { content: { type: string }[] }[]).flatMap(({ content }) => content.filter(({ type }) => type === 'tool_result'));
  const results = resultsOf(await ask('anthropic-messages', { messages: [user, ...step(true, 'no'), ...step(false, 'noon')] }));
  expect(results).toMatchObject([{ content: 'no', is_error: true }, { content: 'noon' }]);
  expect(results[1]).not.toHaveProperty('is_error');
  expect(resultsOf(await ask('anthropic-messages', { messages: [user, ...step(true, 'no', 'clock')] }))).toMatchObject([
    { is_error: true },
  ]);
});
