import { expect, test } from 'vitest';
import { calling, saying } from '../../../../fakes/openai/replay.js';
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

test('an agent uses its own tools for a program that brings none; the program gets the words, one usage and one finish', async () => {
  const { client, upstream, conversation } = await startOpenAiGateway(config);
  upstream.play(calling(TIME), saying('It is ', 'noon.'));
  const answer = await client.chat.completions.create({ model: 'main', messages: user('What time is it?') });
  expect(answer.choices).toEqual([
    expect.objectContaining({ finish_reason: 'stop', message: expect.objectContaining({ content: 'It is noon.' }) as object }),
  ]);
  expect(answer.usage).toMatchObject({ prompt_tokens: 20 + 7, completion_tokens: 9 + 3 });
  const [first, second] = upstream.bodies as unknown as [Body, Body];
  // Nothing can be scheduled in a chat that is none.
  expect(first.tools?.map(({ function: { name } }) => name)).toEqual(['time']);
  const [call, result] = second.messages.slice(-2);
  expect(call).toMatchObject({ role: 'assistant', tool_calls: [{ id: 'call_1' }] });
  expect(result).toMatchObject({ role: 'tool', tool_call_id: 'call_1', content: expect.stringMatching(/\d{4}-\d\d-\d\d/) as string });
  expect((await conversation.sessions.list({})).sessions).toEqual([]);
});

test('a stream shows no call of the agent’s tools', async () => {
  const { client, upstream } = await startOpenAiGateway(config);
  upstream.play(calling(TIME), saying('Noon.'));
  const stream = await client.chat.completions.create({ model: 'main', messages: user('x'), stream: true });
  const deltas: { text: string; calls: unknown; finish: string | null }[] = [];
  for await (const { choices } of stream)
    deltas.push(...choices.map(({ delta, finish_reason: finish }) => ({ text: delta.content ?? '', calls: delta.tool_calls, finish })));
  expect(deltas.map(({ text }) => text).join('')).toBe('Noon.');
  expect(deltas.every(({ calls }) => calls === undefined)).toBe(true);
  expect(deltas.filter(({ finish }) => finish !== null)).toHaveLength(1);
});

test('a model that goes on calling is stopped, one that takes no tools is asked without them, and the caller’s tools win', async () => {
  const { client, upstream } = await startOpenAiGateway(config);
  upstream.play(calling(TIME), calling({ ...TIME, id: 'call_2' }), calling({ ...TIME, id: 'call_3' }));
  await expect(client.chat.completions.create({ model: 'main', messages: user('x') })).rejects.toMatchObject({
    status: 502,
    code: 'agent_error',
  });
  expect((upstream.bodies as unknown as Body[]).at(-1)?.tool_choice).toBe('none');
  upstream.play({ status: 400, body: { error: { message: 'this model does not support tools' } } }, saying('Without.'));
  const answer = await client.chat.completions.create({ model: 'main', messages: user('x') });
  expect(answer.choices[0]?.message.content).toBe('Without.');
  expect(upstream.bodies.at(-1)).not.toHaveProperty('tools');
  const tools = [{ type: 'function' as const, function: { name: 'mine', parameters: { type: 'object', properties: {} } } }];
  upstream.play(calling({ id: 'call_4', name: 'mine', arguments: '{}' }));
  const asked = await client.chat.completions.create({ model: 'main', messages: user('x'), tools });
  expect(asked.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { tool_calls: [{ id: 'call_4' }] } });
  expect((upstream.bodies as unknown as Body[]).at(-1)?.tools).toHaveLength(1);
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
