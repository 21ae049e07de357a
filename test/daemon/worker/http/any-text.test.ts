/** A call for a model may contain what programs write, such as NUL characters, and tools with any parameter. */
import { expect, test } from 'vitest';
import { API_KINDS } from '../../../fakes/vendors/protocols.js';
import { calls } from '../../../fakes/vendors/vendor-reply.js';
import { startHttpApp } from '../../../helpers/http-app.js';
import { startOpenAiGateway } from '../../../helpers/openai-gateway.js';
import { post, startVendorsGateway } from '../../../helpers/vendors-gateway.js';

/** Of `find -print0`, and cut in the middle of a character. */
const GIVEN = 'a\0b\ud83d';
const ARRIVED = 'a\0b\ufffd';
const INPUT = { constructor: 'Ferrari', prototype: 'F1-75' };
const PARAMETERS = { type: 'object', properties: { constructor: { type: 'string' }, prototype: { type: 'string' } } };

test.each(API_KINDS)('%s gets texts with NUL characters and tools with any parameter, from each API', async (api) => {
  const { vendors, ...gateway } = await startVendorsGateway();
  const model = `${api}/fake-model`;
  const called = calls({ id: 'call_1', name: 'draw', input: INPUT });
  const user = { role: 'user', content: 'Draw.' };
  const readSent = (): string => JSON.stringify(vendors[api]?.requests.at(-1)?.body);

  vendors[api]?.reply(called);
  const chat = { model, tools: [{ type: 'function', function: { name: 'draw', parameters: PARAMETERS } }] };
  const { choices } = JSON.parse(await post(gateway, '/v1/chat/completions', { ...chat, messages: [user] })) as {
    choices: [{ message: { tool_calls: { id: string; function: { arguments: string } }[] } }];
  };
  expect(readSent()).toContain(JSON.stringify(PARAMETERS.properties).slice(1, -1));
  const [{ message }] = choices;
  const [use] = message.tool_calls;
  expect(JSON.parse(use?.function.arguments ?? '')).toEqual(INPUT);
  const result = { role: 'tool', tool_call_id: use?.id, content: GIVEN };
  await post(gateway, '/v1/chat/completions', { ...chat, messages: [user, message, result] });
  expect(readSent()).toContain(JSON.stringify(ARRIVED).slice(1, -1));

  vendors[api]?.reply(called);
  const asked = { model, max_tokens: 9, tools: [{ name: 'draw', input_schema: PARAMETERS }] };
  const { content } = JSON.parse(await post(gateway, '/v1/messages', { ...asked, messages: [user] })) as {
    content: { type: string; id: string; input: object }[];
  };
  expect(content[0]?.input).toEqual(INPUT);
  const answer = { role: 'user', content: [{ type: 'tool_result', tool_use_id: content[0]?.id, content: GIVEN }] };
  await post(gateway, '/v1/messages', { ...asked, messages: [user, { role: 'assistant', content }, answer] });
  expect(readSent()).toContain(JSON.stringify(ARRIVED).slice(1, -1));

  vendors[api]?.reply(called);
  const request = { model, tools: [{ type: 'function', name: 'draw', parameters: PARAMETERS }] };
  const response = JSON.parse(await post(gateway, '/v1/responses', { ...request, input: 'Draw.' })) as {
    id: string;
    output: { call_id: string }[];
  };
  const output = [{ type: 'function_call_output', call_id: response.output[0]?.call_id, output: GIVEN }];
  await post(gateway, '/v1/responses', { ...request, previous_response_id: response.id, input: output });
  expect(readSent()).toContain(JSON.stringify(ARRIVED).slice(1, -1));
});

test('an input with a long number and half a character reaches Anthropic exact and whole', async () => {
  const { vendors, ...gateway } = await startVendorsGateway();
  const model = 'anthropic-messages/fake-model';
  const use = `{"type":"tool_use","id":"t1","name":"draw","input":{"chat":1234567890123456789,"text":"\\ud83d"}}`;
  const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'done' }] };
  const messages = `[{"role":"user","content":"x"},{"role":"assistant","content":[${use}]},${JSON.stringify(result)}]`;
  const answer = await gateway.app.send('/v1/messages', {
    method: 'POST',
    body: `{"model":"${model}","max_tokens":9,"messages":${messages}}`,
    headers: { 'Content-Type': 'application/json' },
  });
  expect(answer.status).toBe(200);
  expect(vendors['anthropic-messages']?.requests[0]?.text).toContain('{"chat":1234567890123456789,"text":"\ufffd"}');
});

test('texts to embed are forwarded with their NUL characters', async () => {
  const { upstream, send } = await startOpenAiGateway();
  await send('/v1/embeddings', { method: 'POST', body: { model: 'up/one', input: [GIVEN] } });
  expect(upstream.bodies).toMatchObject([{ input: [ARRIVED] }]);
});

test('a turn of a session is as strict as POST /api/agent', async () => {
  const { send, upstream } = await startOpenAiGateway();
  const refuse = async (path: string, body: object, field: string): Promise<void> => {
    const headers = { 'X-Xopc-Session': 'notes' };
    const answer = await send(path, { method: 'POST', body: { model: 'up/one', ...body }, headers });
    const error = { message: expect.stringContaining('NUL character') as string };
    expect(answer).toMatchObject({ status: 400, json: { error: path === '/v1/messages' ? error : { ...error, param: field } } });
  };
  const messages = [{ role: 'user', content: 'a\0b' }];
  await refuse('/v1/chat/completions', { messages }, 'messages');
  await refuse('/v1/messages', { messages, max_tokens: 9 }, 'messages');
  await refuse('/v1/responses', { input: 'a\0b' }, 'input');
  expect(upstream.bodies).toEqual([]);
  const headers = { 'X-Xopc-Session': 'notes' };
  const body = { model: 'up/one', messages: [...messages, { role: 'assistant', content: 'x' }, { role: 'user', content: 'y\ud83d' }] };
  expect((await send('/v1/chat/completions', { method: 'POST', body, headers })).status).toBe(200);
  expect(upstream.bodies).toMatchObject([{ messages: [{ content: 'y\ufffd' }] }]);
});

test.each([
  ['"messages":[{"role":"user","content":"x","__proto__":{}}]', '__proto__'],
  ['"messages":[{"role":"user","content":"x"}],"messages":[]', 'twice'],
])('a call with %s is refused', async (fields, words) => {
  const { send } = await startHttpApp();
  const headers = { 'Content-Type': 'application/json' };
  const answer = await send('/v1/chat/completions', { method: 'POST', body: `{"model":"main",${fields}}`, headers });
  expect(answer).toMatchObject({ status: 400, json: { error: { message: expect.stringContaining(words) as string } } });
});
