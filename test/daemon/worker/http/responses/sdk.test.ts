/** The openai SDK, as it is published, against `/v1/responses`. */
import type OpenAI from 'openai';
import { expect, test } from 'vitest';
import { responseDocument } from '../../../../../shared/api/responses/document.js';
import { responseEvent } from '../../../../../shared/api/responses/events.js';
import { calling, chunk, saying, usageChunk } from '../../../../fakes/openai/replay.js';
import { startOpenAiGateway } from '../../../../helpers/openai-gateway.js';

type Body = Readonly<{ messages: readonly unknown[]; tools?: readonly { function: { name: string } }[] }>;
type Event = OpenAI.Responses.ResponseStreamEvent;

const WEATHER = {
  type: 'function' as const,
  name: 'weather',
  description: 'The weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  strict: false,
};
const CALL = { id: 'call_1', name: 'weather', arguments: '{"city":"Bern"}' };

async function read(stream: AsyncIterable<Event>): Promise<Event[]> {
  const events: Event[] = [];
  for await (const event of stream) events.push(event);
  expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_event, index) => index));
  for (const event of events) responseEvent().parse(event);
  return events;
}

test('a text is answered whole, with its settings and its usage; the model gets what the caller wrote', async () => {
  const { client, upstream } = await startOpenAiGateway();
  upstream.play({
    chunks: [
      chunk({ content: 'Hel' }),
      chunk({ content: 'lo' }),
      chunk({}, 'stop'),
      usageChunk(11, 2, { prompt_tokens_details: { cached_tokens: 4 } }),
    ],
  });
  const settings = { temperature: 0.5, top_p: 0.9, max_output_tokens: 50, user: 'u-1', metadata: { topic: 'boats' } };
  const response = await client.responses.create({ model: 'up/vendor/two', instructions: 'Be brief.', input: ' \tHi <b>', ...settings });
  expect(response).toMatchObject({
    object: 'response',
    status: 'completed',
    model: 'up/vendor/two',
    output_text: 'Hello',
    error: null,
    ...settings,
  });
  expect(response.usage).toMatchObject({
    input_tokens: 11,
    input_tokens_details: { cached_tokens: 4 },
    output_tokens: 2,
    total_tokens: 13,
  });
  expect(response.id).toMatch(/^resp_[0-9a-f]{32}$/);
  const { output_text: _text, ...document } = response;
  expect(responseDocument().safeParse(JSON.parse(JSON.stringify(document))).error).toBeUndefined();
  expect(upstream.bodies[0]).toMatchObject({
    model: 'vendor/two',
    temperature: 0.5,
    top_p: 0.9,
    max_tokens: 50,
    user: 'u-1',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: ' \tHi <b>' },
    ],
  });
});

test('items of every kind reach the model: roles, images, calls with their results, and reasoning is left out', async () => {
  const { client, upstream } = await startOpenAiGateway();
  const url = 'data:image/png;base64,iVBORw0KGgo=';
  const output = [
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'Look.', annotations: [] }],
    },
    { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'weather', arguments: CALL.arguments, status: 'completed' },
  ] as const;
  await client.responses.create({
    model: 'up/one',
    input: [
      { role: 'developer', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'What?' },
          { type: 'input_image', image_url: url, detail: 'auto' },
        ],
      },
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm.' }] },
      ...(output as unknown as OpenAI.Responses.ResponseInputItem[]),
      { type: 'function_call_output', call_id: 'call_1', output: [{ type: 'input_text', text: 'sun' }] },
    ],
    tools: [WEATHER],
    text: { format: { type: 'json_schema', name: 'thing', schema: { type: 'object', properties: {} }, strict: true }, verbosity: 'low' },
    reasoning: { effort: 'low' },
    parallel_tool_calls: false,
  });
  expect(upstream.bodies[0]).toMatchObject({
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What?' },
          { type: 'image_url', image_url: { url } },
        ],
      },
      { role: 'assistant', content: 'Look.', tool_calls: [{ id: 'call_1', function: { name: 'weather' } }] },
      { role: 'tool', tool_call_id: 'call_1', content: 'sun' },
    ],
    tools: [{ type: 'function', function: { name: 'weather', description: 'The weather' } }],
    response_format: { type: 'json_schema', json_schema: { name: 'thing', strict: true } },
    reasoning_effort: 'low',
    parallel_tool_calls: false,
  });
});

test('a stream has the documented events in their order, with reasoning, text and calls', async () => {
  const { client, upstream } = await startOpenAiGateway();
  const call = calling(CALL) as { chunks: object[] };
  upstream.play({
    chunks: [chunk({ reasoning_content: 'Hm' }), chunk({ content: 'Let me ' }), chunk({ content: 'look.' }), ...call.chunks.slice(1)],
  });
  const events = await read(await client.responses.create({ model: 'up/one', input: 'Weather?', tools: [WEATHER], stream: true }));
  expect(events.map(({ type }) => type.replace('response.', ''))).toEqual([
    'created',
    'in_progress',
    'output_item.added',
    'reasoning_summary_part.added',
    'reasoning_summary_text.delta',
    'reasoning_summary_text.done',
    'reasoning_summary_part.done',
    'output_item.done',
    'output_item.added',
    'content_part.added',
    'output_text.delta',
    'output_text.delta',
    'output_text.done',
    'content_part.done',
    'output_item.done',
    'output_item.added',
    'function_call_arguments.delta',
    'function_call_arguments.delta',
    'function_call_arguments.done',
    'output_item.done',
    'completed',
  ]);
  const last = events.at(-1) as Extract<Event, { type: 'response.completed' }>;
  expect(last.response.output).toMatchObject([
    { type: 'reasoning', summary: [{ text: 'Hm' }] },
    { type: 'message', status: 'completed', content: [{ text: 'Let me look.' }] },
    { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: CALL.arguments, status: 'completed' },
  ]);
});

test('the SDK’s own collector of a stream comes to the same response as the last event', async () => {
  const { client, upstream } = await startOpenAiGateway();
  upstream.play(calling(CALL, { ...CALL, id: 'call_2' }));
  const stream = client.responses.stream({ model: 'up/one', input: 'Weather?', tools: [WEATHER] });
  const collected = await stream.finalResponse();
  expect(collected.output).toMatchObject(
    [CALL, { ...CALL, id: 'call_2' }].map(({ id, ...call }) => ({ type: 'function_call', call_id: id, ...call })),
  );
  expect(collected.status).toBe('completed');
});

test.each([
  ['length', 'max_output_tokens'],
  ['content_filter', 'content_filter'],
])('an answer that ends by %s is incomplete', async (reason, told) => {
  const { client, upstream } = await startOpenAiGateway();
  upstream.play({ chunks: [chunk({ content: 'cut' }), chunk({}, reason), usageChunk(1, 1)] });
  const response = await client.responses.create({ model: 'up/one', input: 'x' });
  expect(response).toMatchObject({
    status: 'incomplete',
    incomplete_details: { reason: told },
    output_text: 'cut',
    output: [{ status: 'incomplete' }],
  });
});

test('a failure before the first word has its status, a later one is the last event', async () => {
  const { client, upstream } = await startOpenAiGateway();
  upstream.play({ status: 429, headers: { 'retry-after': '7' }, body: { error: { message: 'slow down' } } });
  await expect(client.responses.create({ model: 'up/one', input: 'x', stream: true })).rejects.toMatchObject({ status: 429 });
  upstream.play({ chunks: [chunk({ content: 'Hel' })], isCut: true });
  const events = await read(await client.responses.create({ model: 'up/one', input: 'x', stream: true }));
  expect(events.at(-1)).toMatchObject({
    type: 'response.failed',
    response: { status: 'failed', error: { code: 'server_error' }, output: [{ status: 'incomplete', content: [{ text: 'Hel' }] }] },
  });
});

test('an agent has its instructions, and its tools beside the caller’s', async () => {
  const agents = { list: [{ id: 'main', systemPrompt: 'You are a boat.', model: 'up/one', tools: ['time'] }] };
  const { client, upstream } = await startOpenAiGateway({ agents });
  upstream.play(calling({ id: 'call_0', name: 'time', arguments: '{}' }), calling(CALL));
  const response = await client.responses.create({ model: 'main', input: 'x', tools: [WEATHER] });
  expect(response.output).toMatchObject([{ type: 'function_call', call_id: 'call_1' }]);
  const [first, second] = upstream.bodies as unknown as [Body, Body];
  expect(first.messages[0]).toEqual({ role: 'system', content: 'You are a boat.' });
  expect(first.tools?.map((tool) => tool.function.name)).toEqual(['time', 'weather']);
  expect(second.messages.at(-1)).toMatchObject({ role: 'tool', tool_call_id: 'call_0' });
});

test('with a session the last message is a turn in it', async () => {
  const { client, upstream, conversation } = await startOpenAiGateway({ agents: { defaults: { model: 'up/one' } } });
  upstream.play(saying('first'), saying('second'));
  const inSession = { headers: { 'X-Xopc-Session': 'desk', 'Idempotency-Key': 'k1' } };
  for (let time = 0; time < 2; time += 1)
    expect((await client.responses.create({ model: 'main', input: 'one' }, inSession)).output_text).toBe('first');
  const { messages } = await conversation.sessions.get('main:api:default:direct:desk');
  expect(messages.map(({ content }) => content)).toEqual(['one', 'first']);
});
