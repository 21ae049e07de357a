/** Stored responses, as the openai SDK reads and continues them. */
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { GatewayError } from '../../../../../shared/errors.js';
import { calling, chunk, saying } from '../../../../fakes/openai/replay.js';
import { eventually } from '../../../../helpers/eventually.js';
import { startOpenAiGateway } from '../../../../helpers/openai-gateway.js';

type Body = Readonly<{ messages: readonly { role: string; content: unknown }[]; tools?: readonly unknown[] }>;

const WEATHER = { type: 'function' as const, name: 'weather', parameters: { type: 'object', properties: {} }, strict: false };
const model = 'up/one';

const spoken = (body: unknown): unknown[] => (body as Body).messages.map(({ role, content }) => [role, content]);

test('a response is continued by its id, whether it was whole or a stream; what was said before comes first', async () => {
  const { client, upstream } = await startOpenAiGateway();
  upstream.play(saying('one'), calling({ id: 'call_1', name: 'weather', arguments: '{}' }), saying('three'));
  const first = await client.responses.create({ model, instructions: 'Only here.', input: 'a' });
  const second = await client.responses.stream({ model, input: 'b', previous_response_id: first.id, tools: [WEATHER] }).finalResponse();
  const output = { type: 'function_call_output' as const, call_id: 'call_1', output: 'sun' };
  const third = await client.responses.create({ model, input: [output], previous_response_id: second.id });
  expect(third).toMatchObject({ output_text: 'three', previous_response_id: second.id, store: true });
  expect(spoken(upstream.bodies[2])).toEqual([
    ['user', 'a'],
    ['assistant', 'one'],
    ['user', 'b'],
    ['assistant', null],
    ['tool', 'sun'],
  ]);
  for (const response of [first, second, third]) {
    const { status, usage, output } = await client.responses.retrieve(response.id);
    expect([status, usage, output.map(({ id }) => id)]).toEqual(['completed', response.usage, response.output.map(({ id }) => id)]);
  }
});

test('texts, names and metadata with NUL characters are stored and read as they are', async () => {
  const { client, upstream } = await startOpenAiGateway();
  upstream.play(saying('o\0ne'), saying('two'));
  const id = 'msg_\0';
  const metadata = { constructor: 'a\0b', '\0': 'c' };
  const first = await client.responses.create({
    model,
    metadata,
    input: [{ id, role: 'user', content: 'a\0b', type: 'message' } as never],
  });
  expect(await client.responses.retrieve(first.id)).toMatchObject({ metadata, output_text: 'o\0ne' });
  const conversation = await client.conversations.create({ metadata });
  expect((await client.conversations.retrieve(conversation.id)).metadata).toEqual(metadata);
  const input = [{ type: 'item_reference' as const, id }];
  await client.responses.create({ model, input, conversation: conversation.id });
  expect(spoken(upstream.bodies[1])).toEqual([['user', 'a\0b']]);
  const missing = client.responses.create({ model, input: 'x', previous_response_id: 'resp_\0' });
  await expect(missing).rejects.toMatchObject({ status: 400, param: 'previous_response_id' });
});

test('what was asked is listed in pages, and an item is named instead of being sent again', async () => {
  const { client, upstream } = await startOpenAiGateway();
  upstream.play(saying('one'), saying('two'));
  const input = ['a', 'b', 'c'].map((content) => ({ role: 'user' as const, content }));
  const first = await client.responses.create({ model, input });
  const texts: unknown[] = [];
  for await (const item of client.responses.inputItems.list(first.id, { limit: 2, order: 'asc' }))
    texts.push(item.type === 'message' ? item.content[0] : item);
  expect(texts).toMatchObject(['a', 'b', 'c'].map((text) => ({ type: 'input_text', text })));
  const newest = await client.responses.inputItems.list(first.id, { limit: 1 });
  expect([newest.data[0]?.id.slice(0, 4), newest.has_more]).toEqual(['msg_', true]);
  const [answer] = first.output;
  await client.responses.create({
    model,
    input: [
      { type: 'item_reference', id: String(answer?.id) },
      { role: 'user', content: 'd' },
    ],
  });
  expect(spoken(upstream.bodies[1])).toEqual([
    ['assistant', 'one'],
    ['user', 'd'],
  ]);
  const missing = { type: 'item_reference' as const, id: 'msg_none' };
  await expect(client.responses.create({ model, input: [missing] })).rejects.toMatchObject({ status: 400, param: 'input.0.id' });
});

test('a turn whose response cannot be stored is not asked again by the SDK, unless it has a key', async () => {
  const { client, conversation } = await startOpenAiGateway({ agents: { list: [{ id: 'main', model }] } });
  conversation.responses.begin = () => Promise.reject(new GatewayError('UNAVAILABLE', { message: 'the database is away' }));
  const ask = async (headers: Record<string, string>): Promise<unknown> => {
    const asked: Promise<unknown> = client.responses.create({ model: 'main', input: 'a' }, { headers });
    const { status, headers: answered } = (await asked.catch((error: unknown) => error)) as InstanceType<typeof OpenAI.APIError>;
    return [status, answered?.get('x-should-retry')];
  };
  expect(await ask({ 'X-Xopc-Session': 'notes' })).toEqual([409, 'false']);
  expect(await ask({ 'X-Xopc-Session': 'notes', 'Idempotency-Key': 'k' })).toEqual([503, null]);
  expect(await ask({})).toEqual([503, null]);
});

test('what is deleted, or was never stored, is not there and cannot be continued', async () => {
  const { client } = await startOpenAiGateway();
  const first = await client.responses.create({ model, input: 'a' });
  const second = await client.responses.create({ model, input: 'b', previous_response_id: first.id });
  const unstored = await client.responses.create({ model, input: 'c', store: false });
  await client.responses.delete(first.id);
  for (const id of [first.id, unstored.id]) {
    await expect(client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
    await expect(client.responses.delete(id)).rejects.toMatchObject({ status: 404 });
    await expect(client.responses.inputItems.list(id)).rejects.toMatchObject({ status: 404 });
  }
  for (const id of [first.id, second.id]) {
    const refused = client.responses.create({ model, input: 'd', previous_response_id: id });
    await expect(refused).rejects.toMatchObject({ status: 400, param: 'previous_response_id' });
  }
  const inSession = { headers: { 'X-Xopc-Session': 'desk' } };
  const mixed = client.responses.create({ model, input: 'd', previous_response_id: second.id }, inSession);
  await expect(mixed).rejects.toMatchObject({ status: 400, param: 'previous_response_id' });
});

test('a stream is stored before its id is told, and its end before the end; one that its caller leaves has failed', async () => {
  const { client, upstream } = await startOpenAiGateway();
  upstream.play({ chunks: [chunk({ content: 'Hel' })], isHeld: true });
  const stream = await client.responses.create({ model, input: 'a', stream: true });
  let id = '';
  for await (const event of stream) {
    if (event.type === 'response.created') id = event.response.id;
    if (event.type !== 'response.output_text.delta') continue;
    expect(await client.responses.retrieve(id)).toMatchObject({ status: 'in_progress', output: [] });
    const next = client.responses.create({ model, input: 'b', previous_response_id: id });
    await expect(next).rejects.toMatchObject({ status: 400, param: 'previous_response_id' });
    stream.controller.abort();
  }
  await eventually(async () => {
    const { status, output } = await client.responses.retrieve(id);
    expect([status, output]).toMatchObject(['failed', [{ status: 'incomplete', content: [{ text: 'Hel' }] }]]);
  });
});

test('an agent that is asked on in a conversation of the gateway uses its tools without any of the caller’s', async () => {
  const agents = { list: [{ id: 'main', model, tools: ['time'] }] };
  const { client, upstream } = await startOpenAiGateway({ agents });
  upstream.play(saying('one'), calling({ id: 'call_1', name: 'time', arguments: '{}' }), saying('noon'));
  const first = await client.responses.create({ model: 'main', input: 'a' });
  const second = await client.responses.create({ model: 'main', input: 'b', previous_response_id: first.id });
  expect(second.output_text).toBe('noon');
  expect(upstream.bodies.map((body) => (body as Body).tools?.length)).toEqual([undefined, 1, 1]);
  upstream.play({ status: 400, body: { error: { message: 'this model does not support tools' } } }, saying('Without.'));
  const third: OpenAI.Responses.Response = await client.responses.create({ model: 'main', input: 'c', previous_response_id: second.id });
  expect(third.output_text).toBe('Without.');
});

test('a program with a token of its own sees and continues only what was created with it', async () => {
  const { baseURL, client, conversation } = await startOpenAiGateway();
  const connect = async (name: string): Promise<OpenAI> => {
    const { secret } = await conversation.accessTokens.add({ name, scopes: ['chat'] });
    return new OpenAI({ baseURL, apiKey: secret, maxRetries: 0 });
  };
  const [one, two] = [await connect('one'), await connect('two')];
  const { id, output } = await one.responses.create({ model, input: 'a' });
  expect((await one.responses.create({ model, input: 'b', previous_response_id: id })).previous_response_id).toBe(id);
  await expect(two.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
  await expect(two.responses.delete(id)).rejects.toMatchObject({ status: 404 });
  await expect(two.responses.inputItems.list(id)).rejects.toMatchObject({ status: 404 });
  await expect(two.responses.create({ model, input: 'b', previous_response_id: id })).rejects.toMatchObject({ status: 400 });
  const reference = { type: 'item_reference' as const, id: String(output[0]?.id) };
  await expect(two.responses.create({ model, input: [reference] })).rejects.toMatchObject({ status: 400 });
  expect((await client.responses.retrieve(id)).id).toBe(id);
});
