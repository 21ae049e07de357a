/** The openai SDK, as it is published, against `/v1`; and what it makes of the same answers without the gateway between. */
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { calling, chunk, saying, usageChunk } from '../../../../fakes/openai/replay.js';
import { TOKEN } from '../../../../helpers/http-app.js';
import { startOpenAiGateway } from '../../../../helpers/openai-gateway.js';

type Params = OpenAI.ChatCompletionCreateParamsNonStreaming;

const user = (content: string) => [{ role: 'user' as const, content }];

const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'The weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};

test('models are listed and read, agents first, with and without an escaped slash', async () => {
  const { client, send } = await startOpenAiGateway();
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  expect(ids).toEqual(['main', 'up/one', 'up/vendor/two', 'xopc/guide']);
  expect(await client.models.retrieve('up/vendor/two')).toMatchObject({ id: 'up/vendor/two', object: 'model', owned_by: 'up' });
  expect((await send('/v1/models/up/vendor/two')).json).toMatchObject({ id: 'up/vendor/two' });
  await expect(client.models.retrieve('ghost')).rejects.toMatchObject({ status: 404, code: 'model_not_found', param: 'model' });
});

test('a chat is answered whole, with usage; only what the caller wrote reaches the model', async () => {
  const { client, upstream } = await startOpenAiGateway();
  upstream.play({
    chunks: [
      chunk({ content: 'Hel' }),
      chunk({ content: 'lo' }),
      chunk({}, 'length'),
      usageChunk(11, 2, { prompt_tokens_details: { cached_tokens: 4 } }),
    ],
  });
  const messages = [
    { role: 'developer', content: 'Be brief.' },
    { role: 'user', content: [{ type: 'text', text: ' \tHi <b>' }] },
  ] as const;
  const answer = await client.chat.completions.create({
    model: 'up/vendor/two',
    messages: [...messages] as Params['messages'],
    temperature: 0.5,
    top_p: 0.9,
    max_tokens: 50,
    stop: ['END'],
    seed: 7,
    user: 'u-1',
    presence_penalty: 1,
    frequency_penalty: -1,
  });
  expect(answer).toMatchObject({
    object: 'chat.completion',
    model: 'up/vendor/two',
    usage: { prompt_tokens: 11, completion_tokens: 2, total_tokens: 13, prompt_tokens_details: { cached_tokens: 4 } },
  });
  expect(answer.choices).toEqual([
    { index: 0, message: { role: 'assistant', content: 'Hello', refusal: null }, logprobs: null, finish_reason: 'length' },
  ]);
  expect(answer.id).toMatch(/^chatcmpl-[0-9a-f]{32}$/);
  expect(upstream.bodies[0]).toMatchObject({
    model: 'vendor/two',
    temperature: 0.5,
    top_p: 0.9,
    max_tokens: 50,
    stop: ['END'],
    seed: 7,
    user: 'u-1',
    presence_penalty: 1,
    frequency_penalty: -1,
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: ' \tHi <b>' },
    ],
  });
});

test('an image reaches the model as it was sent', async () => {
  const { client, upstream } = await startOpenAiGateway();
  const urls = ['data:image/png;base64,iVBORw0KGgo=', 'https://example.com/cat.png?x=1'];
  const content = urls.map((url) => ({ type: 'image_url' as const, image_url: { url } }));
  await client.chat.completions.create({
    model: 'up/one',
    messages: [{ role: 'user', content: [{ type: 'text', text: 'What?' }, ...content] }],
  });
  expect(upstream.bodies[0]).toMatchObject({ messages: [{ role: 'user', content: [{ type: 'text', text: 'What?' }, ...content] }] });
});

test('a stream has one id, the role first, the finish with an empty delta, and usage last', async () => {
  const { client, upstream } = await startOpenAiGateway();
  upstream.play(saying('a', 'b'));
  const stream = await client.chat.completions.create({
    model: 'up/one',
    messages: user('x'),
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  for await (const one of stream) chunks.push(one);
  expect(new Set(chunks.map(({ id, created, model, object }) => [id, created, model, object].join())).size).toBe(1);
  expect(chunks.map(({ choices: [choice] }) => choice && [choice.delta, choice.finish_reason])).toEqual([
    [{ role: 'assistant', content: '' }, null],
    [{ content: 'a' }, null],
    [{ content: 'b' }, null],
    [{}, 'stop'],
    undefined,
  ]);
  expect(chunks.map(({ usage }) => usage?.total_tokens ?? usage)).toEqual([null, null, null, null, 10]);
});

test('without include_usage no chunk speaks of it, and the stream ends with [DONE]', async () => {
  const { send, upstream } = await startOpenAiGateway();
  upstream.play(saying('a'));
  const { text, headers } = await send('/v1/chat/completions', {
    method: 'POST',
    body: { model: 'up/one', messages: user('x'), stream: true },
  });
  expect(text).not.toContain('usage');
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  expect(headers['content-type']).toBe('text/event-stream; charset=utf-8');
});

const CALLS = [
  { id: 'call_1', name: 'weather', arguments: '{"city": "Zürich"}' },
  { id: 'call_2', name: 'weather', arguments: '{"city":"Ōsaka"}' },
];

test.each([[false], [true]])('two calls of a tool come back, and their results reach the model (streamed: %s)', async (stream) => {
  const { client, upstream } = await startOpenAiGateway();
  upstream.play(calling(...CALLS), saying('Sunny.'));
  const params = { model: 'up/one', tools: [WEATHER], tool_choice: 'required' as const };
  const ask = async (messages: Params['messages']) => {
    if (!stream) return await client.chat.completions.create({ ...params, messages });
    return await client.chat.completions.stream({ ...params, messages }).finalChatCompletion();
  };
  const [choice] = (await ask(user('Weather?'))).choices;
  expect(choice).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } });
  expect(choice?.message.tool_calls).toMatchObject(CALLS.map(({ id, ...call }) => ({ id, type: 'function', function: call })));
  expect(upstream.bodies[0]).toMatchObject({ tools: [WEATHER], tool_choice: 'required' });
  const results = CALLS.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: `sun ${id}` }));
  if (choice === undefined) throw new Error('no choice');
  const { role, content, tool_calls } = choice.message;
  expect((await ask([...user('Weather?'), { role, content, tool_calls: tool_calls ?? [] }, ...results])).choices[0]?.message.content).toBe(
    'Sunny.',
  );
  const [, ...sent] = (upstream.bodies[1] ?? {})['messages'] as { tool_calls?: { function: { arguments: string } }[] }[];
  expect(sent[0]?.tool_calls?.map((call) => JSON.parse(call.function.arguments) as unknown)).toEqual(
    CALLS.map((call) => JSON.parse(call.arguments) as unknown),
  );
  expect(sent.slice(1)).toEqual(results);
});

test.each([
  ['a text', () => saying('Hello ', 'wörld 🛶')],
  ['calls of tools', () => calling(...CALLS)],
  ['a text cut at the limit', () => ({ chunks: [chunk({ role: 'assistant', content: 'cut' }), chunk({}, 'length'), usageChunk(1, 1)] })],
  ['a withheld answer', () => ({ chunks: [chunk({ role: 'assistant', content: '' }), chunk({}, 'content_filter'), usageChunk(1, 0)] })],
])('the SDK reads %s through the gateway as it reads it without', async (_what, step) => {
  const { client, upstream } = await startOpenAiGateway();
  const direct = new OpenAI({ baseURL: upstream.baseUrl, apiKey: 'x', maxRetries: 0 });
  upstream.play(step(), step());
  const read = async (sdk: OpenAI, model: string) => {
    const completion = await sdk.chat.completions
      .stream({ model, messages: user('x'), tools: [WEATHER], stream_options: { include_usage: true } })
      .finalChatCompletion();
    const [choice] = completion.choices;
    const calls = choice?.message.tool_calls?.map((call) =>
      call.type === 'function' ? [call.id, call.function.name, call.function.arguments] : [],
    );
    return [choice?.message.content || null, calls ?? [], choice?.finish_reason, completion.usage?.total_tokens];
  };
  expect(await read(client, 'up/one')).toEqual(await read(direct, 'one'));
});

test('an agent is a model: its instructions come first, and its fallback answers when the first model does not', async () => {
  const agents = { list: [{ id: 'main', systemPrompt: 'You are a boat.', model: { primary: 'up/one', fallbacks: ['up/vendor/two'] } }] };
  const { client, upstream } = await startOpenAiGateway({ agents });
  upstream.play({ status: 503, body: { error: { message: 'busy' } } }, saying('Ahoy'));
  const answer = await client.chat.completions.create({ model: 'main', messages: user('x') });
  expect([answer.model, answer.choices[0]?.message.content]).toEqual(['main', 'Ahoy']);
  expect(upstream.bodies.map(({ model, messages }) => [model, messages])).toEqual(
    ['one', 'vendor/two'].map((model) => [
      model,
      [
        { role: 'system', content: 'You are a boat.' },
        { role: 'user', content: 'x' },
      ],
    ]),
  );
});

test('nothing is stored, unless a session is named: then the last message is a turn in it', async () => {
  const { client, upstream, conversation } = await startOpenAiGateway({ agents: { defaults: { model: 'up/one' } } });
  upstream.play(saying('first'), saying('second'), saying('third'));
  await client.chat.completions.create({ model: 'main', messages: user('unseen') });
  expect((await conversation.sessions.list({})).sessions).toEqual([]);
  const inSession = { headers: { 'X-Xopc-Session': 'desk' } };
  await client.chat.completions.create({ model: 'main', messages: user('one') }, inSession);
  const stream = client.chat.completions.stream({ model: 'main', messages: user('two') }, inSession);
  expect((await stream.finalChatCompletion()).choices[0]?.message.content).toBe('third');
  const { messages } = await conversation.sessions.get('main:api:default:direct:desk');
  expect(messages.map(({ content }) => content)).toEqual(['one', 'second', 'two', 'third']);
  await expect(client.chat.completions.create({ model: 'main', messages: user('x'), tools: [WEATHER] }, inSession)).rejects.toMatchObject({
    status: 400,
    param: 'tools',
  });
});

test('with no model configured the built-in guide answers, and says that it is none', async () => {
  const { client, upstream } = await startOpenAiGateway();
  const answer = await client.chat.completions.create({ model: 'xopc/guide', messages: user('hello') });
  expect(answer.choices[0]?.message.content).toContain('no language model is configured');
  expect([answer.usage, upstream.bodies]).toEqual([undefined, []]);
});

test('the token is what the SDK sends as its key', async () => {
  const { baseURL, client } = await startOpenAiGateway();
  expect(client.apiKey).toBe(TOKEN);
  const wrong = new OpenAI({ baseURL, apiKey: 'wrong', maxRetries: 0, defaultHeaders: { 'X-Forwarded-For': '198.51.100.7' } });
  await expect(wrong.models.list()).rejects.toMatchObject({ status: 401, code: 'invalid_api_key', type: 'invalid_request_error' });
});
