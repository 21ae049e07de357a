/** Settings of `/v1` that a vendor does not have: refused where the answer would mean another thing, otherwise as `docs/api.md` says. */
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import type { ApiKind } from '../../../../shared/config/models-schema.js';
import { TOKEN } from '../../../helpers/http-app.js';
import { startMessagesGateway } from '../../../helpers/messages-gateway.js';

const model = 'up/plain';
const question = { role: 'user' as const, content: 'x' };
const messages = [question];

async function start(api: ApiKind) {
  const gateway = await startMessagesGateway(api);
  return { ...gateway, openAi: new OpenAI({ baseURL: `${gateway.baseURL}/v1`, apiKey: TOKEN, maxRetries: 0 }) };
}

test('stop is refused in front of the Responses API, and reaches the others', async () => {
  const { openAi, vendor } = await start('openai-responses');
  const refused = openAi.chat.completions.create({ model, messages, stop: 'END' });
  await expect(refused).rejects.toMatchObject({ status: 400, param: 'stop' });
  expect(vendor.requests).toEqual([]);
  await openAi.chat.completions.create({ model, messages, stop: [] });
  const other = await start('anthropic-messages');
  await other.openAi.chat.completions.create({ model, messages, stop: 'END' });
  expect(other.vendor.requests[0]?.body).toMatchObject({ stop_sequences: ['END'] });
});

describe('JSON without a schema', () => {
  const asked = 'Answer with a JSON object and nothing else.';
  const system = { role: 'system' as const, content: 'Be brief.' };
  test('Anthropic, which knows none, is told in words', async () => {
    const { openAi, vendor } = await start('anthropic-messages');
    await openAi.chat.completions.create({ model, messages: [system, question], response_format: { type: 'json_object' } });
    await openAi.responses.create({ model, input: 'x', text: { format: { type: 'json_object' } } });
    expect(vendor.requests.map(({ body }) => body['system'])).toMatchObject([[{ text: `Be brief.\n\n${asked}` }], [{ text: asked }]]);
  });

  test.each<ApiKind>(['openai-responses', 'google-generative-ai', 'openai-completions'])('%s is told in its own way', async (api) => {
    const { openAi, vendor } = await start(api);
    await openAi.chat.completions.create({ model, messages, response_format: { type: 'json_object' } });
    expect(vendor.requests[0]?.text).toMatch(/json_object|application\/json/);
    expect(vendor.requests[0]?.text).not.toContain(asked);
  });
});

test('two tools of one name are refused', async () => {
  const { openAi, client, vendor } = await start('anthropic-messages');
  const refusal = { status: 400, message: expect.stringContaining("tools.1 has the name of an earlier tool, 'get'") as string };
  const named = { type: 'function' as const, name: 'get', parameters: {}, strict: false };
  const tools = [
    { type: 'function' as const, function: named },
    { type: 'custom' as const, custom: named },
  ];
  await expect(openAi.chat.completions.create({ model, messages, tools })).rejects.toMatchObject({ ...refusal, param: 'tools.1' });
  const response = openAi.responses.create({ model, input: 'x', tools: [named, named] });
  await expect(response).rejects.toMatchObject({ ...refusal, param: 'tools.1' });
  const tool = { name: 'get', input_schema: { type: 'object' as const } };
  await expect(client.messages.create({ model, max_tokens: 9, messages, tools: [tool, tool] })).rejects.toMatchObject(refusal);
  expect(vendor.requests).toEqual([]);
});

test('a tool that must be called needs tools', async () => {
  const { openAi, client, vendor } = await start('anthropic-messages');
  const required = { tool_choice: 'required' as const };
  const chat = openAi.chat.completions.create({ model, messages, ...required });
  await expect(chat).rejects.toMatchObject({ status: 400, param: 'tool_choice' });
  const empty = openAi.chat.completions.create({ model, messages, tools: [], ...required });
  await expect(empty).rejects.toMatchObject({ status: 400, param: 'tool_choice' });
  await expect(openAi.responses.create({ model, input: 'x', ...required })).rejects.toMatchObject({ status: 400, param: 'tool_choice' });
  const message = (tool_choice: { type: 'any' } | { type: 'tool'; name: string }) =>
    client.messages.create({ model, max_tokens: 9, messages, tool_choice });
  for (const choice of [{ type: 'any' as const }, { type: 'tool' as const, name: 'get' }])
    await expect(message(choice)).rejects.toMatchObject({ status: 400, message: expect.stringContaining('tool_choice') as string });
  await openAi.chat.completions.create({ model, messages, tool_choice: 'none' });
  expect(vendor.requests).toHaveLength(1);
});

test.each<[ApiKind, object]>([
  ['anthropic-messages', { temperature: 1 }],
  ['openai-responses', { temperature: 1.5, top_p: 0.5 }],
  ['google-generative-ai', { generationConfig: { temperature: 1.5, topP: 0.5, seed: 1, presencePenalty: 1, frequencyPenalty: 1 } }],
])('of sampling, %s gets what it has, as the manual says', async (api, sent) => {
  const { openAi, vendor } = await start(api);
  const sampling = { temperature: 1.5, top_p: 0.5, seed: 1, presence_penalty: 1, frequency_penalty: 1 };
  await openAi.chat.completions.create({ model, messages, ...sampling });
  const { body } = vendor.requests[0] ?? {};
  expect(body).toMatchObject(sent);
  for (const name of ['seed', 'presence_penalty', 'frequency_penalty']) expect(body).not.toHaveProperty(name);
});
