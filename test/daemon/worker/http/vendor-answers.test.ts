/** What providers of each kind may answer, behind each of the APIs for programs: one document where a stream was asked for, refusals, calls of custom tools. */
import { expect, test } from 'vitest';
import { CALLS, REFUSALS, TEXTS } from '../../../fakes/vendors/documents.js';
import { calls, says } from '../../../fakes/vendors/vendor-reply.js';
import { ask } from '../../../helpers/make-conversation.js';
import { API_KINDS } from '../../../fakes/vendors/protocols.js';
import { post, startVendorsGateway } from '../../../helpers/vendors-gateway.js';

const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } } };
const QUESTION = [{ role: 'user', content: 'Weather?' }];

const INPUT = '*** Begin Patch\n"ä"';
const PATCH = { name: 'patch', description: 'Patches a file.' };
const GRAMMAR = { syntax: 'lark', definition: 'start: "*** Begin Patch"' };
const CALL = calls({ id: 'call_1', name: 'patch', input: { input: INPUT } });

/** The JSON documents of a stream. */
const eventsOf = (text: string): Record<string, unknown>[] =>
  [...text.matchAll(/^data: (\{.*)$/gm)].map(([, json = '']) => JSON.parse(json) as Record<string, unknown>);

test('a document in place of a stream is the answer, with its usage, its calls of tools and its end', async () => {
  const gateway = await startVendorsGateway();
  for (const api of API_KINDS) {
    const model = `${api}/fake-model`;
    const play = (body: unknown): void => gateway.vendors[api]?.reply({ type: 'document', body });
    const chat = { model, messages: QUESTION, tools: [{ type: 'function', function: { name: 'weather', parameters: PARAMETERS } }] };
    for (const stream of [false, true]) {
      play(TEXTS[api]);
      const text = await post(gateway, '/v1/chat/completions', { ...chat, stream });
      expect(text.replaceAll(/Hel.*?"content":"lo/gs, 'Hello')).toContain('"content":"Hello"');
      expect([text.includes('"finish_reason":"stop"'), text.includes('"error"')]).toEqual([true, false]);
      play(CALLS[api]);
      const call = await post(gateway, '/v1/chat/completions', { ...chat, stream });
      expect([call.includes('"name":"weather"'), call.includes('Bern'), call.includes('"finish_reason":"tool_calls"')]).toEqual([
        true,
        true,
        true,
      ]);
    }
    play(TEXTS[api]);
    const tools = [{ name: 'weather', input_schema: PARAMETERS }];
    const message = JSON.parse(await post(gateway, '/v1/messages', { model, messages: QUESTION, max_tokens: 99, tools })) as object;
    const usage = { input_tokens: 11, output_tokens: 5 };
    expect(message).toMatchObject({
      content: expect.arrayContaining([{ type: 'text', text: 'Hello' }]) as unknown,
      stop_reason: 'end_turn',
      usage,
    });
    play(CALLS[api]);
    const response = JSON.parse(await post(gateway, '/v1/responses', { model, input: 'Weather?', store: false })) as object;
    const called = { type: 'function_call', name: 'weather', arguments: '{"city":"Bern"}', status: 'completed' };
    expect(response).toMatchObject({ status: 'completed', output: [called], usage });
    // A turn of an agent.
    play(TEXTS[api]);
    expect(await ask(gateway.conversation, { message: 'Hi', model, session: api })).toMatchObject({
      text: 'Hello',
      last: { usage: { inputTokens: 11, outputTokens: 5 } },
    });
  }
});

test('a refusal stays a refusal, whole and streamed', async () => {
  const gateway = await startVendorsGateway();
  for (const api of ['openai-completions', 'openai-responses', 'anthropic-messages'] as const) {
    const model = `${api}/fake-model`;
    const refuse = async (path: string, body: object): Promise<string> => {
      gateway.vendors[api]?.reply({ type: 'document', body: REFUSALS[api] });
      return await post(gateway, path, { model, ...body });
    };
    // Anthropic's models refuse by the reason of the end, OpenAI's by a text of its own.
    const isText = api !== 'anthropic-messages';
    const message = isText ? { content: null, refusal: 'Never.' } : { content: 'Never.', refusal: null };
    expect(JSON.parse(await refuse('/v1/chat/completions', { messages: QUESTION }))).toMatchObject({
      choices: [{ message, finish_reason: isText ? 'stop' : 'content_filter' }],
    });
    expect(await refuse('/v1/chat/completions', { messages: QUESTION, stream: true })).toContain(
      isText ? '"delta":{"refusal":"Never."}' : '"finish_reason":"content_filter"',
    );
    const history = [...QUESTION, { role: 'assistant', ...message }, { role: 'user', content: 'Why?' }];
    await refuse('/v1/chat/completions', { messages: history });
    expect(JSON.stringify(gateway.vendors[api]?.requests.at(-1)?.body)).toMatch(/"(?:content|text)":"Never\."/);
    const messages = { messages: QUESTION, max_tokens: 99 };
    expect(JSON.parse(await refuse('/v1/messages', messages))).toMatchObject({
      content: [{ type: 'text', text: 'Never.' }],
      stop_reason: 'refusal',
    });
    expect(await refuse('/v1/messages', { ...messages, stream: true })).toContain('"stop_reason":"refusal"');
    const part = isText ? { type: 'refusal', refusal: 'Never.' } : { type: 'output_text', text: 'Never.' };
    const response = JSON.parse(await refuse('/v1/responses', { input: 'Do it.' })) as { id: string };
    expect(response).toMatchObject({ status: isText ? 'completed' : 'incomplete', output: [{ content: [part] }] });
    const streamed = await refuse('/v1/responses', { input: 'Again.', previous_response_id: response.id, stream: true });
    expect(streamed).toContain(isText ? '"type":"response.refusal.done"' : '"reason":"content_filter"');
    expect(JSON.stringify(gateway.vendors[api]?.requests.at(-1)?.body)).toContain('Never.');
    gateway.vendors[api]?.reply({ type: 'document', body: REFUSALS[api] });
    expect((await ask(gateway.conversation, { message: 'Hi', model, session: api })).text).toBe('Never.');
  }
});

test('a model of any provider calls a custom tool, whole and streamed, and gets its result', async () => {
  const gateway = await startVendorsGateway();
  for (const api of API_KINDS) {
    const vendor = gateway.vendors[api];
    const model = `${api}/fake-model`;
    const lastSent = (): string => JSON.stringify(vendor?.requests.at(-1)?.body);

    const chat = { model, tools: [{ type: 'custom', custom: { ...PATCH, format: { type: 'grammar', grammar: GRAMMAR } } }] };
    vendor?.reply(CALL, CALL, says('Done.'));
    const { choices } = JSON.parse(await post(gateway, '/v1/chat/completions', { ...chat, messages: QUESTION })) as {
      choices: [{ message: { tool_calls: { id: string }[] }; finish_reason: string }];
    };
    const [{ message, finish_reason: reason }] = choices;
    expect([reason, message.tool_calls]).toEqual([
      'tool_calls',
      [{ id: expect.any(String) as string, type: 'custom', custom: { name: 'patch', input: INPUT } }],
    ]);
    expect(lastSent()).toContain('start: \\"*** Begin Patch\\"');
    const streamed = eventsOf(await post(gateway, '/v1/chat/completions', { ...chat, messages: QUESTION, stream: true })) as {
      choices: { delta: { tool_calls?: { custom?: { input: string } }[] } }[];
    }[];
    const deltas = streamed.flatMap((chunk) => chunk.choices.flatMap(({ delta }) => delta.tool_calls ?? []));
    expect([deltas.map(({ custom }) => custom?.input).join(''), deltas[0]]).toEqual([
      INPUT,
      { index: 0, id: expect.any(String) as string, type: 'custom', custom: { name: 'patch', input: '' } },
    ]);
    const result = { role: 'tool', tool_call_id: message.tool_calls[0]?.id, content: 'patched' };
    const messages = [...QUESTION, { role: 'assistant', tool_calls: message.tool_calls }, result];
    expect(await post(gateway, '/v1/chat/completions', { ...chat, messages })).toContain('Done.');
    expect([lastSent().includes('patched'), lastSent().includes('Begin Patch')]).toEqual([true, true]);

    const request = { model, tools: [{ type: 'custom', ...PATCH, format: { type: 'grammar', ...GRAMMAR } }] };
    vendor?.reply(CALL, CALL, says('Done.'));
    const response = JSON.parse(await post(gateway, '/v1/responses', { ...request, input: 'Patch it.' })) as {
      id: string;
      output: { type: string; call_id: string }[];
    };
    const item = { type: 'custom_tool_call', name: 'patch', input: INPUT, status: 'completed' };
    expect(response.output).toMatchObject([item]);
    const events = eventsOf(await post(gateway, '/v1/responses', { ...request, input: 'Patch it.', stream: true }));
    expect(events).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: 'response.custom_tool_call_input.delta', delta: INPUT }),
        expect.objectContaining({ type: 'response.output_item.done', item: expect.objectContaining(item) as unknown }),
      ]),
    );
    const output = { type: 'custom_tool_call_output', call_id: response.output[0]?.call_id, output: 'patched' };
    expect(await post(gateway, '/v1/responses', { ...request, previous_response_id: response.id, input: [output] })).toContain('Done.');
    expect([lastSent().includes('patched'), lastSent().includes('Begin Patch')]).toEqual([true, true]);

    vendor?.reply(calls({ id: 'call_1', name: 'patch', input: { city: 'Bern' } }));
    const tools = [{ type: 'custom', name: 'patch', input_schema: { type: 'object', properties: {} } }];
    const said = JSON.parse(await post(gateway, '/v1/messages', { model, messages: QUESTION, max_tokens: 9, tools })) as object;
    expect(said).toMatchObject({ stop_reason: 'tool_use', content: [{ type: 'tool_use', name: 'patch', input: { city: 'Bern' } }] });
  }
});

test('a tool without parameters has a schema that OpenAI takes, whichever API it comes from', async () => {
  const gateway = await startVendorsGateway();
  const schema = { type: 'object', additionalProperties: false };
  const caller = { model: 'openai-completions/fake-model', messages: QUESTION };
  const asked: readonly (readonly [string, object])[] = [
    ['/v1/chat/completions', { ...caller, tools: [{ type: 'function', function: { name: 'clusters', parameters: schema } }] }],
    ['/v1/messages', { ...caller, max_tokens: 9, tools: [{ name: 'clusters', input_schema: schema }] }],
    ['/v1/responses', { model: caller.model, input: 'Which?', tools: [{ type: 'function', name: 'clusters', parameters: schema }] }],
  ];
  for (const [path, body] of asked) {
    await post(gateway, path, body);
    const sent = gateway.vendors['openai-completions']?.requests.at(-1)?.body['tools'];
    expect(sent).toMatchObject([{ function: { name: 'clusters', parameters: { ...schema, properties: {} } } }]);
  }
});
