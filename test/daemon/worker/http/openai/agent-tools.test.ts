import { expect, test } from 'vitest';
import { calling, chunk, saying, usageChunk } from '../../../../fakes/openai/replay.js';
import type { GatewayEvent } from '../../../../../shared/api/gateway/events.js';
import { startOpenAiGateway } from '../../../../helpers/openai-gateway.js';

const user = (content: string) => [{ role: 'user' as const, content }];
const config = { agents: { list: [{ id: 'main', model: 'up/one', tools: ['time', 'schedule'] }], defaults: { maxToolIterations: 2 } } };
const TIME = { id: 'call_1', name: 'time', arguments: '{}' };

interface Body {
  readonly messages: readonly { role: string; content: string; tool_call_id?: string; tool_calls?: unknown[] }[];
  readonly tools?: readonly { function: { name: string } }[];
  readonly tool_choice?: unknown;
}

const MINE = { type: 'function' as const, function: { name: 'mine', parameters: { type: 'object', properties: {} } } };
const withMine = { model: 'main', messages: user('What time is it?'), tools: [MINE] };

test('an agent uses its own tools beside those of the caller, who gets the words, one usage and one finish', async () => {
  const { client, upstream, conversation } = await startOpenAiGateway(config);
  upstream.play(calling(TIME), saying('It is ', 'noon.'));
  const answer = await client.chat.completions.create(withMine);
  expect(answer.choices).toEqual([
    expect.objectContaining({ finish_reason: 'stop', message: expect.objectContaining({ content: 'It is noon.' }) as object }),
  ]);
  expect(answer.usage).toMatchObject({ prompt_tokens: 20 + 7, completion_tokens: 9 + 3 });
  const [first, second] = upstream.bodies as unknown as [Body, Body];
  // Nothing can be scheduled in a chat that is none.
  expect(first.tools?.map(({ function: { name } }) => name)).toEqual(['time', 'mine']);
  const [call, result] = second.messages.slice(-2);
  expect(call).toMatchObject({ role: 'assistant', tool_calls: [{ id: 'call_1' }] });
  expect(result).toMatchObject({ role: 'tool', tool_call_id: 'call_1', content: expect.stringMatching(/\d{4}-\d\d-\d\d/) as string });
  expect((await conversation.sessions.list({})).sessions).toEqual([]);
});

test('the sources of every step are in the answer, at their places in its text', async () => {
  const { client, upstream } = await startOpenAiGateway(config);
  const source = (url: string) => ({ type: 'url_citation', url_citation: { url, title: 'x', start_index: 0, end_index: 5 } });
  const file = { type: 'file', file: { hash: 'abc' } };
  const call = { index: 0, id: TIME.id, type: 'function', function: { name: TIME.name, arguments: TIME.arguments } };
  const step = (content: string, url: string) => chunk({ content, annotations: [source(url), file] });
  const end = [chunk({ tool_calls: [call] }), chunk({}, 'tool_calls'), usageChunk(7, 3)];
  upstream.play(
    { chunks: [step('Clock?', 'https://a.example/'), ...end] },
    { chunks: end },
    { chunks: [step('Noon.', 'https://b.example/'), chunk({}, 'stop'), usageChunk(7, 3)] },
  );
  const { content, annotations } = (await client.chat.completions.create(withMine)).choices[0]?.message ?? {};
  expect(content).toBe('Clock?\n\nNoon.');
  const cited = annotations?.flatMap(({ url_citation: at }) => (at === undefined ? [] : content?.slice(at.start_index, at.end_index)));
  expect([cited, annotations?.[3]]).toEqual([['Clock', 'Noon.'], file]);
});

test('a stream shows the calls of the caller’s tools alone, counted from 0; the agent’s beside them are left for later', async () => {
  const { client, upstream } = await startOpenAiGateway(config);
  upstream.play(calling(TIME), calling({ ...TIME, id: 'call_2' }, { id: 'call_3', name: 'mine', arguments: '{"a":1}' }));
  const stream = await client.chat.completions.create({ ...withMine, stream: true });
  const deltas: { calls: unknown[]; finish: string | null }[] = [];
  for await (const { choices } of stream)
    deltas.push(...choices.map(({ delta, finish_reason: finish }) => ({ calls: delta.tool_calls ?? [], finish })));
  const calls = deltas.flatMap((delta) => delta.calls) as { index: number; id?: string; function: { arguments: string } }[];
  expect(calls[0]).toMatchObject({ index: 0, id: 'call_3' });
  expect(calls.map((call) => call.function.arguments).join('')).toBe('{"a":1}');
  expect(deltas.flatMap(({ finish }) => finish ?? [])).toEqual(['tool_calls']);
  expect(upstream.bodies).toHaveLength(2);
});

test('a model that goes on calling is asked for the caller’s tools alone, then stopped; two tools of one name are refused', async () => {
  const { client, upstream } = await startOpenAiGateway(config);
  upstream.play(calling(TIME), calling({ ...TIME, id: 'call_2' }), calling({ ...TIME, id: 'call_3' }));
  await expect(client.chat.completions.create(withMine)).rejects.toMatchObject({ status: 502, code: 'agent_error' });
  expect((upstream.bodies as unknown as Body[]).at(-1)?.tools?.map(({ function: { name } }) => name)).toEqual(['mine']);
  const tools = [MINE, { type: 'function' as const, function: { name: 'time', parameters: { type: 'object', properties: {} } } }];
  await expect(client.chat.completions.create({ ...withMine, tools })).rejects.toMatchObject({ status: 400, param: 'tools.1' });
  expect(upstream.bodies).toHaveLength(3);
});

test('a call that brings no tools, such as one for a title, gets none of the agent’s', async () => {
  const { client, upstream } = await startOpenAiGateway(config);
  upstream.play(saying('A title'), saying('Forbidden'));
  await client.chat.completions.create({ model: 'main', messages: user('Name this chat') });
  await client.chat.completions.create({ ...withMine, tool_choice: 'none' });
  const [title, none] = upstream.bodies as unknown as [Body, Body];
  expect(title).not.toHaveProperty('tools');
  expect(none.tools?.map(({ function: { name } }) => name)).toEqual(['mine']);
});

test('an empty list of tools means none at all, also not the agent’s, and is no offence in a session', async () => {
  const { client, upstream } = await startOpenAiGateway(config);
  upstream.play(saying('Plain.'), saying('In a session.'));
  const params = { model: 'main', messages: user('x'), tools: [], tool_choice: 'auto' as const };
  expect((await client.chat.completions.create(params)).choices[0]?.message.content).toBe('Plain.');
  expect(upstream.bodies.at(-1)).not.toHaveProperty('tools');
  expect(upstream.bodies.at(-1)).not.toHaveProperty('tool_choice');
  const kept = await client.chat.completions.create(params, { headers: { 'X-Xopc-Session': 'notes' } });
  expect(kept.choices[0]?.message.content).toBe('In a session.');
});

test('what stateless calls have cost is told to those who follow and count', async () => {
  const events: GatewayEvent[] = [];
  const { client, upstream } = await startOpenAiGateway(config, { publish: (event) => void events.push(event) });
  upstream.play(saying('one'), { status: 500, body: { error: { message: 'broken' } } });
  await client.chat.completions.create({ model: 'up/one', messages: user('x') });
  await expect(client.chat.completions.create({ model: 'up/one', messages: user('x') })).rejects.toMatchObject({ status: 502 });
  expect(events).toEqual([
    { type: 'completion', model: 'up/one', state: 'done', usage: { inputTokens: 7, outputTokens: 3, costUsd: (7 * 2 + 3 * 4) / 1e6 } },
    { type: 'completion', model: 'up/one', state: 'error', usage: null },
  ]);
});

test.each([
  ['{"timezone":"UTC","id":1324567890123456789}', 'would be rounded'],
  [`{"timezone":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'nested deeper than 64 levels'],
  ['{"timezone":', 'it is not JSON'],
])('a call of the agent’s tool with the input %.40s is not run, and the model gets the reason', async (input, reason) => {
  const { client, upstream } = await startOpenAiGateway(config);
  upstream.play(calling({ ...TIME, arguments: input }), saying('Sorry.'));
  const answer = await client.chat.completions.create(withMine);
  expect(answer.choices[0]?.message.content).toBe('Sorry.');
  const { messages } = upstream.bodies[1] as unknown as Body;
  expect(messages.at(-1)).toMatchObject({ role: 'tool', content: expect.stringContaining(reason) as string });
});
