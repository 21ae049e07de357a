import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import * as ai from '../../../../../daemon/worker/lazy/ai.js';
import { VendorStep } from '../../../../../daemon/worker/providers/sdk/vendor-step.js';
import type { AiModule, ModelMessage, ProviderEvent, ToolCall } from '../../../../../daemon/worker/providers/provider.js';
import { fakeHttp } from '../../../../fakes/http-server.js';

const { createProvider }: AiModule = ai;
const TOOLS = [{ name: 'time', description: 'The time.', inputSchema: { type: 'object', properties: {} } }];

type Api = 'anthropic-messages' | 'openai-responses';

interface Steps {
  /** The first step as turns store it. */
  readonly stored: unknown;
  /** What the server was sent in the second step. */
  readonly sent: Record<string, unknown>;
}

interface StepOptions {
  /** In place of the step. */
  readonly stored?: unknown;
  /** The expected inputs of the calls. */
  readonly inputs?: readonly object[];
}

/** Asks a server that thinks, calls a tool and then answers. */
async function twoSteps(api: Api, events: readonly object[], { stored, inputs = [{ zone: 'UTC' }] }: StepOptions = {}): Promise<Steps> {
  const server = await fakeHttp((_request, response: ServerResponse) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.end(events.map((event) => `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));
  });
  const provider = createProvider({ id: 'fake', name: 'Fake', api, baseUrl: `http://127.0.0.1:${server.port}/v1`, apiKey: 'sk-secret' });
  const ask = async (messages: readonly ModelMessage[]): Promise<ProviderEvent[]> => {
    const all: ProviderEvent[] = [];
    const request = { ref: 'fake/one', modelId: 'one', messages, tools: TOOLS, maxTokens: 900 };
    for await (const event of provider.stream(request, new AbortController().signal)) all.push(event);
    return all;
  };
  const question: ModelMessage = { role: 'user', content: 'what time is it?' };
  const first = await ask([question]);
  const calls = first.flatMap((event): ToolCall[] => (event.type === 'toolCall' ? [event.call] : []));
  const last = first.at(-1);
  expect(calls.map(({ name, input }) => ({ name, input }))).toEqual(inputs.map((input) => ({ name: 'time', input })));
  expect(last?.type).toBe('finish');
  const vendor = last?.type === 'finish' ? last.vendor : undefined;
  // It is kept as plain data.
  const kept = JSON.parse(JSON.stringify(vendor)) as unknown;
  const results = calls.map(({ id, name }) => ({ callId: id, name, output: 'noon', isError: false }));
  await ask([
    question,
    { role: 'toolCalls', content: 'Let me see.', calls, ref: 'fake/one', vendor: stored ?? kept },
    { role: 'toolResults', results },
  ]);
  return { stored: kept, sent: JSON.parse(server.seen[1]?.body ?? '') as Record<string, unknown> };
}

const block = (index: number, start: object, ...deltas: object[]): object[] => [
  { type: 'content_block_start', index, content_block: start },
  ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
];
const usage = { input_tokens: 1, output_tokens: 1 };

/** Of Anthropic's API. */
const THINKS_AND_CALLS = [
  { type: 'message_start', message: { id: 'm', type: 'message', role: 'assistant', model: 'one', content: [], usage } },
  ...block(
    0,
    { type: 'thinking', thinking: '', signature: '' },
    { type: 'thinking_delta', thinking: 'The clock ' },
    { type: 'thinking_delta', thinking: 'knows.' },
    { type: 'signature_delta', signature: 'signed' },
  ),
  ...block(1, { type: 'text', text: '' }, { type: 'text_delta', text: 'Let me see.' }),
  { type: 'ping' },
  ...block(
    2,
    { type: 'tool_use', id: 'toolu_1', name: 'time', input: {} },
    { type: 'input_json_delta', partial_json: '{"zone":' },
    { type: 'input_json_delta', partial_json: '"UTC"}' },
  ),
  { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage },
  { type: 'message_stop' },
];

const RETURNED = [
  { role: 'user' },
  {
    role: 'assistant',
    content: [
      { type: 'thinking', thinking: 'The clock knows.', signature: 'signed' },
      { type: 'text', text: 'Let me see.' },
      { type: 'tool_use', id: 'toolu_1', name: 'time', input: { zone: 'UTC' } },
    ],
  },
  { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'noon' }] },
];

test('Anthropic is given back its thoughts with their signature, its words and its call, in their order', async () => {
  const { sent } = await twoSteps('anthropic-messages', THINKS_AND_CALLS);
  expect(sent['messages']).toMatchObject(RETURNED);
});

/** The SDK's form. */
const STORED = {
  role: 'assistant',
  content: [
    { type: 'reasoning', text: 'The clock knows.', providerOptions: { anthropic: { signature: 'signed' } } },
    { type: 'text', text: 'Let me see.' },
    { type: 'tool-call', toolCallId: 'toolu_1', toolName: 'time', input: { zone: 'UTC' } },
  ],
};

test('a step that an earlier build stored returns as the vendor wrote it', async () => {
  const { sent } = await twoSteps('anthropic-messages', THINKS_AND_CALLS, { stored: STORED });
  expect(sent['messages']).toMatchObject(RETURNED);
});

test('a step is stored in the form that earlier builds give to the SDK', async () => {
  const { stored } = await twoSteps('anthropic-messages', THINKS_AND_CALLS);
  expect(stored).toMatchObject(STORED);
});

test('two calls with one id keep their inputs; a text without content is not stored', async () => {
  const call = (index: number, zone: string): object[] =>
    block(
      index,
      { type: 'tool_use', id: 'toolu_1', name: 'time', input: {} },
      { type: 'input_json_delta', partial_json: JSON.stringify({ zone }) },
    );
  const events = [
    THINKS_AND_CALLS[0] as object,
    ...block(0, { type: 'text', text: '' }),
    ...call(1, 'UTC'),
    ...call(2, 'CET'),
    ...THINKS_AND_CALLS.slice(-2),
  ];
  const { stored, sent } = await twoSteps('anthropic-messages', events, { inputs: [{ zone: 'UTC' }, { zone: 'CET' }] });
  const inputs = [{ input: { zone: 'UTC' } }, { input: { zone: 'CET' } }];
  expect(stored).toMatchObject({ content: inputs });
  expect(sent['messages']).toMatchObject([{ role: 'user' }, { role: 'assistant', content: inputs }, { role: 'user' }]);
});

test('OpenAI’s Responses API is given back its encrypted thoughts before the call', async () => {
  const reasoning = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'sealed' };
  const call = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'time', arguments: '{"zone":"UTC"}', status: 'completed' };
  const response = { id: 'resp_1', created_at: 1, model: 'one', usage: { input_tokens: 1, output_tokens: 1 } };
  const { sent } = await twoSteps('openai-responses', [
    { type: 'response.created', response },
    { type: 'response.output_item.added', output_index: 0, item: { ...reasoning, encrypted_content: null } },
    { type: 'response.output_item.done', output_index: 0, item: reasoning },
    { type: 'response.output_item.added', output_index: 1, item: { ...call, arguments: '' } },
    { type: 'response.function_call_arguments.delta', item_id: 'fc_1', output_index: 1, delta: '{"zone":"UTC"}' },
    { type: 'response.output_item.done', output_index: 1, item: call },
    { type: 'response.completed', response },
  ]);
  expect(sent['input']).toMatchObject([
    { role: 'user' },
    { type: 'reasoning', encrypted_content: 'sealed' },
    { type: 'function_call', call_id: 'call_1', name: 'time', arguments: '{"zone":"UTC"}' },
    { type: 'function_call_output', call_id: 'call_1', output: 'noon' },
  ]);
});

test('what a model refuses is not part of its step', () => {
  const step = new VendorStep();
  const call = { type: 'tool-call', toolCallId: 'call_1', toolName: 'time', input: '{}' } as const;
  step.read({ type: 'text-start', id: '1' });
  step.read(Object.assign({ type: 'text-delta', id: '1', delta: 'I cannot help with that.' } as const, { isRefusal: true }));
  step.read({ type: 'text-end', id: '1' });
  step.read(call);
  expect(step.whole().parts).toEqual([{ type: 'toolCall', id: 'call_1', name: 'time', arguments: '{}' }]);
});
