import { expect, onTestFinished, test, vi } from 'vitest';
import * as ai from '../../../../../../daemon/worker/lazy/ai.js';
import type { CompletionMessage } from '../../../../../../daemon/worker/providers/completion.js';
import type { AiModule } from '../../../../../../daemon/worker/providers/provider.js';
import { sentId } from '../../../../../../daemon/worker/providers/sdk/vendors/call-ids.js';
import { chunk } from '../../../../../fakes/openai/replay.js';
import type { Body } from '../../../../../fakes/vendors/vendor-protocol.js';
import { sentRequest } from '../../../../../helpers/sent-request.js';

const PROXY = 'https://proxy.example/v1';
const NINE = /^[A-Za-z0-9]{9}$/;
const text = (words: string) => ({ type: 'text' as const, text: words });

/** A call with the fields that a caller of chat completions gave it, and its result, a failure with a picture. */
function transcript(id: string): readonly CompletionMessage[] {
  const written = { id, index: 0, type: 'function', function: { name: 'time', arguments: '{}' } };
  const vendor = { openaiCompatible: { tool_calls: [written] } };
  const picture = { type: 'image' as const, url: 'data:image/png;base64,iVBORw0KGgo=' };
  return [
    { role: 'user', content: [text('hi')] },
    { role: 'assistant', content: [{ type: 'toolCall', id, name: 'time', arguments: '{}' }], vendor },
    { role: 'tool', callId: id, name: 'time', content: [text('no'), picture], isError: true },
  ];
}

const other = expect.stringMatching(NINE) as string;

test.each([
  ['mistralai/Devstral-Small-2', 'toolu_01', other],
  ['mistral-large-latest', 'dnEN4JsJy', 'dnEN4JsJy'],
  ['anthropic/claude-sonnet-4-6', 'functions.time:0', other],
  ['anthropic/claude-sonnet-4-6', 'toolu_01', 'toolu_01'],
  // Kimi calls its tools wrongly without its own ids: https://github.com/vybestack/llxprt-code/issues/712.
  ['kimi-k2', 'functions.time:0', 'functions.time:0'],
])('%s gets a call %s and its result as %s', async (modelId, id, sent) => {
  const { messages } = await sentRequest({ baseUrl: PROXY }, { modelId, messages: transcript(id) });
  const [, { tool_calls: calls }, { tool_call_id: answered }] = messages as [Body, Body, Body];
  expect(calls).toMatchObject([{ id: sent, index: 0, function: { name: 'time' } }]);
  expect(calls).toMatchObject([{ id: answered }]);
});

test('Mistral itself gets such ids, whatever the name of the model, also where files are of a call', async () => {
  const { messages } = await sentRequest({ baseUrl: 'https://api.mistral.ai/v1' }, { messages: transcript('call_1234567890') });
  const [, { tool_calls: calls }, { tool_call_id: answered }, , files] = messages as [Body, Body, Body, Body, Body];
  expect(calls).toMatchObject([{ id: other }]);
  expect(calls).toMatchObject([{ id: answered }]);
  expect(JSON.stringify(files)).toContain(`(call ${String(answered)})`);
});

test.each([
  ['claude-sonnet-4-6', 'functions.time:0', other],
  ['claude-sonnet-4-6', 'call_1234567890-a', 'call_1234567890-a'],
  ['kimi-k2', 'functions.time:0', 'functions.time:0'],
])("%s behind Anthropic's API gets a call %s as %s, with its failure", async (modelId, id, sent) => {
  const settings = { api: 'anthropic-messages', baseUrl: PROXY } as const;
  const body = await sentRequest(settings, { modelId, messages: transcript(id) });
  expect(body).toMatchObject({
    messages: [
      {},
      { content: [{ type: 'tool_use', id: sent }] },
      { content: [{ type: 'tool_result', tool_use_id: sent, is_error: true }] },
    ],
  });
});

test('different ids stay different', () => {
  const ids = Array.from({ length: 1_000 }, (_, index) => sentId(`functions.time:${index}`, NINE));
  expect(new Set(ids).size).toBe(1_000);
  expect(ids.filter((id) => !NINE.test(id))).toEqual([]);
});

test('what a server sent with a call returns with it also where the id of the call is replaced', async () => {
  const [user, , result] = transcript('chatcmpl-tool-1') as [CompletionMessage, CompletionMessage, CompletionMessage];
  const asked = { type: 'toolCall' as const, id: 'chatcmpl-tool-1', name: 'time', arguments: '{}' };
  const details = [{ type: 'reasoning.text', index: 0, text: 'Let me look.', signature: 'c2ln' }];
  const call = { index: 0, id: asked.id, type: 'function', function: { name: 'time', arguments: '{}' } };
  const chunks = [chunk({ reasoning_details: details }), chunk({ tool_calls: [call] }), chunk({}, 'tool_calls')];
  const stream = chunks.map((part) => `data: ${JSON.stringify(part)}\n\n`).join('');
  const headers = { 'Content-Type': 'text/event-stream' };
  const sent = vi.spyOn(globalThis, 'fetch').mockImplementation(() => Promise.resolve(new Response(stream, { headers })));
  onTestFinished(() => sent.mockRestore());
  const { createProvider }: AiModule = ai;
  const provider = createProvider({ id: 'up', name: 'Up', api: 'openai-completions', baseUrl: PROXY });
  const tools = [{ name: 'time', parameters: { type: 'object' } }];
  for (const messages of [[user], [user, { role: 'assistant' as const, content: [asked] }, result]])
    for await (const _event of provider.complete({ modelId: 'mistralai/devstral', messages, tools }, new AbortController().signal));
  const { messages } = JSON.parse(sent.mock.lastCall?.[1]?.body as string) as { messages: Body[] };
  expect(messages[1]).toMatchObject({ reasoning_details: details, tool_calls: [{ id: other }] });
});
