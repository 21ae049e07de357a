/** Conversations of the Responses API, through the openai SDK. */
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { chunk, saying } from '../../../../fakes/openai/replay.js';
import { eventually } from '../../../../helpers/eventually.js';
import { startOpenAiGateway } from '../../../../helpers/openai-gateway.js';

type Body = Readonly<{ messages: readonly { content: unknown }[]; tools?: readonly unknown[] }>;

const model = 'up/one';
const said = (content: string) => ({ role: 'user' as const, content });

async function texts(client: OpenAI, id: string): Promise<string[]> {
  const found: string[] = [];
  for await (const item of client.conversations.items.list(id, { order: 'asc', limit: 2 })) {
    const [part] = item.type === 'message' ? item.content : [];
    found.push(part !== undefined && 'text' in part ? part.text : item.type);
  }
  return found;
}

test('responses continue a conversation and add to it, whole, streamed and in the background; an agent uses its tools', async () => {
  const agents = { list: [{ id: 'main', model, tools: ['time'] }] };
  const { client, upstream } = await startOpenAiGateway({ agents });
  upstream.play(saying('one'), saying('two'), saying('three'));
  const { id } = await client.conversations.create({ items: [{ role: 'developer', content: 'Be brief.' }], metadata: { topic: 'boats' } });
  const first = await client.responses.create({ model: 'main', conversation: id, input: 'a' });
  expect(first.conversation).toEqual({ id });
  await client.responses.stream({ model: 'main', conversation: { id }, input: 'b' }).finalResponse();
  const third = await client.responses.create({ model: 'main', conversation: id, input: 'c', background: true });
  await eventually(async () => expect((await client.responses.retrieve(third.id)).status).toBe('completed'));
  expect(await texts(client, id)).toEqual(['Be brief.', 'a', 'one', 'b', 'two', 'c', 'three']);
  const { messages, tools } = upstream.bodies[2] as Body;
  expect(messages.map(({ content }) => content)).toEqual(['Be brief.', 'a', 'one', 'b', 'two', 'c']);
  expect(tools).toHaveLength(1);
  // What is kept of a response goes on without it.
  await client.responses.delete(first.id);
  expect(await texts(client, id)).toContain('one');
});

test('a conversation and its items are read, changed and deleted; its responses stay', async () => {
  const { client, send } = await startOpenAiGateway();
  const { id } = await client.conversations.create();
  expect(await client.conversations.update(id, { metadata: { a: 'b' } })).toMatchObject({ object: 'conversation', metadata: { a: 'b' } });
  expect(await client.conversations.retrieve(id)).toMatchObject({ id, metadata: { a: 'b' } });
  const added = await client.conversations.items.create(id, { items: [said('x'), said('y')] });
  expect([added.object, added.data.length, added.has_more]).toEqual(['list', 2, false]);
  const response = await client.responses.create({ model, conversation: id, input: 'z' });
  const [x] = added.data;
  const place = { conversation_id: id };
  expect(await client.conversations.items.retrieve(String(x?.id), place)).toMatchObject({ id: x?.id, content: [{ text: 'x' }] });
  expect(await client.conversations.items.delete(String(x?.id), place)).toMatchObject({ id, object: 'conversation' });
  await client.conversations.items.delete(String(response.output[0]?.id), place);
  expect(await texts(client, id)).toEqual(['y', 'z']);
  await expect(client.conversations.items.retrieve(String(x?.id), place)).rejects.toMatchObject({ status: 404 });
  expect(await client.conversations.delete(id)).toEqual({ id, object: 'conversation.deleted', deleted: true });
  await expect(client.conversations.retrieve(id)).rejects.toMatchObject({ status: 404 });
  expect((await client.responses.retrieve(response.id)).output_text).toBe(response.output_text);
  await expect(client.responses.create({ model, conversation: id, input: 'z' })).rejects.toMatchObject({ status: 404 });
  const refused = await send('/v1/conversations', { method: 'POST', body: { items: [{ type: 'item_reference', id: 'msg_1' }] } });
  expect([refused.status, (refused.json?.['error'] as { param?: string } | undefined)?.param]).toEqual([400, 'items.0.type']);
});

test('what failed is not added, and what does not go together is refused', async () => {
  const { client, upstream } = await startOpenAiGateway();
  const { id } = await client.conversations.create();
  upstream.play({ chunks: [chunk({ content: 'Hel' })], isCut: true }, saying('b'));
  const stream = await client.responses.create({ model, conversation: id, input: 'a', stream: true });
  for await (const event of stream) void event;
  expect(await texts(client, id)).toEqual([]);
  const other = await client.responses.create({ model, input: 'b' });
  const create = (change: object, headers = {}) => client.responses.create({ model, input: 'c', conversation: id, ...change }, { headers });
  await expect(create({ previous_response_id: other.id })).rejects.toMatchObject({ status: 400, param: 'previous_response_id' });
  await expect(create({ store: false })).rejects.toMatchObject({ status: 400, param: 'store' });
  await expect(create({}, { 'X-Xopc-Session': 'desk' })).rejects.toMatchObject({ status: 400, param: 'conversation' });
});

test('a program with a token of its own sees only its own conversations', async () => {
  const { baseURL, client, conversation } = await startOpenAiGateway();
  const { secret } = await conversation.accessTokens.add({ name: 'one', scopes: ['chat'] });
  const one = new OpenAI({ baseURL, apiKey: secret, maxRetries: 0 });
  const [own, foreign] = [await one.conversations.create(), await client.conversations.create()];
  expect((await one.conversations.retrieve(own.id)).id).toBe(own.id);
  expect((await client.conversations.retrieve(own.id)).id).toBe(own.id);
  await expect(one.conversations.retrieve(foreign.id)).rejects.toMatchObject({ status: 404 });
  await expect(one.conversations.items.list(foreign.id)).rejects.toMatchObject({ status: 404 });
  await expect(one.responses.create({ model, conversation: foreign.id, input: 'a' })).rejects.toMatchObject({ status: 404 });
});
