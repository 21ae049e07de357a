/** What programs send that the gateway has no name for reaches providers of the same API unchanged. */
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import type { ApiKind } from '../../../../../shared/config/models-schema.js';
import { TOKEN } from '../../../../helpers/http-app.js';
import { startMessagesGateway } from '../../../../helpers/messages-gateway.js';
import { startOpenAiGateway } from '../../../../helpers/openai-gateway.js';

type Params = OpenAI.ChatCompletionCreateParamsNonStreaming;

const user = (content: string) => [{ role: 'user' as const, content }];

const WEATHER = { type: 'function' as const, function: { name: 'weather', parameters: { type: 'object', properties: {} } } };

test('fields of the same API that the gateway has no name for reach the provider', async () => {
  const { client, upstream } = await startOpenAiGateway();
  const schema = { type: 'object', properties: { a: { type: 'number' } }, required: ['a'], additionalProperties: false };
  const response_format = { type: 'json_schema' as const, json_schema: { name: 'thing', strict: true, schema } };
  const extra = {
    reasoning_effort: 'low' as const,
    parallel_tool_calls: false,
    logit_bias: { '5': -100 },
    response_format,
  };
  await client.chat.completions.create({ model: 'up/one', messages: user('x'), ...extra });
  expect(upstream.bodies[0]).toMatchObject(extra);
});

test('a limit reaches an unknown server under the name that the caller chose', async () => {
  const { client, upstream } = await startOpenAiGateway();
  await client.chat.completions.create({ model: 'up/one', messages: user('x'), max_completion_tokens: 9 });
  expect(upstream.bodies[0]).toMatchObject({ max_completion_tokens: 9 });
  expect(upstream.bodies[0]).not.toHaveProperty('max_tokens');
});

test('fields of messages, parts and calls that the gateway has no name for reach the provider', async () => {
  const { client, upstream } = await startOpenAiGateway();
  const cache_control = { type: 'ephemeral' };
  const call = { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{}' }, extra_content: { google: { x: 1 } } };
  const messages = [
    { role: 'system', content: [{ type: 'text', text: 'Be brief.', cache_control }] },
    { role: 'user', name: 'ada', content: 'x' },
    { role: 'user', content: [{ type: 'text', text: 'y', cache_control }] },
    { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.com/cat.png', detail: 'low' } }] },
    { role: 'assistant', content: 'z', reasoning_content: 'thought', tool_calls: [call] },
    { role: 'tool', tool_call_id: 'c1', content: 'w', name: 'weather' },
  ] as const;
  const sent = messages as unknown as Params['messages'];
  await client.chat.completions.create({ model: 'up/one', messages: sent, verbosity: 'low', parallel_tool_calls: false, tools: [WEATHER] });
  expect(upstream.bodies[0]).toMatchObject({ messages, verbosity: 'low', parallel_tool_calls: false });
});

const data = Buffer.from('%PDF-1.4').toString('base64');
const FILES = {
  pdf: { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${data}` } },
  letter: { type: 'file', file: { file_data: `data:application/msword;base64,${data}` } },
  stored: { type: 'file', file: { file_id: 'file-1' } },
  text: { type: 'file', file: { filename: 'a.txt', file_data: `data:text/plain;base64,${Buffer.from('Ahoy.').toString('base64')}` } },
  table: { type: 'file', file: { file_data: `data:text/csv;base64,${Buffer.from('a,b').toString('base64')}` } },
  audio: { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
} as const;
const askWith = (part: (typeof FILES)[keyof typeof FILES]) =>
  ({ messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }, part] }] }) as unknown as Pick<Params, 'messages'>;

test('files and audio reach a provider of the same API as they were written', async () => {
  const { client, upstream } = await startOpenAiGateway();
  for (const part of Object.values(FILES)) await client.chat.completions.create({ model: 'up/one', ...askWith(part) });
  expect(upstream.bodies.map(({ messages }) => messages)).toEqual(Object.values(FILES).map((part) => askWith(part).messages));
});

test.each<[ApiKind, keyof typeof FILES, RegExp | undefined]>([
  ['anthropic-messages', 'pdf', /"media_type":"application\/pdf"/],
  ['google-generative-ai', 'audio', /"mimeType":"audio\/wav"/],
  ['anthropic-messages', 'audio', undefined],
  ['openai-responses', 'stored', undefined],
  ['openai-responses', 'text', /"text":"a.txt\\n\\nAhoy."/],
  ['openai-responses', 'table', /"text":"a,b"/],
  ['anthropic-messages', 'text', /"type":"text","media_type":"text\/plain","data":"Ahoy."/],
  ['anthropic-messages', 'table', /"text":"a,b"/],
  ['anthropic-messages', 'letter', undefined],
  ['openai-responses', 'letter', undefined],
])('%s gets a part of kind %s in its own words, or the part is refused', async (api, kind, words) => {
  const { baseURL, vendor } = await startMessagesGateway(api);
  const client = new OpenAI({ baseURL: `${baseURL}/v1`, apiKey: TOKEN, maxRetries: 0 });
  const asked = client.chat.completions.create({ model: 'up/fake-model', ...askWith(FILES[kind]) });
  if (words === undefined)
    await expect(asked).rejects.toMatchObject({ status: 400, message: expect.stringMatching(/messages\.0\.content\.1/) });
  else await asked;
  expect(JSON.stringify(vendor.requests.map(({ body }) => body))).toMatch(words ?? /^\[\]$/);
});

test('a refusal as a part of a message is accepted', async () => {
  const messages = [
    { role: 'user', content: 'x' },
    { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
    { role: 'user', content: 'y' },
  ] as Params['messages'];
  const { client, upstream } = await startOpenAiGateway();
  await client.chat.completions.create({ model: 'up/one', messages });
  expect(upstream.bodies[0]).toMatchObject({ messages });
  const { baseURL, vendor } = await startMessagesGateway('anthropic-messages');
  const other = new OpenAI({ baseURL: `${baseURL}/v1`, apiKey: TOKEN, maxRetries: 0 });
  await other.chat.completions.create({ model: 'up/plain', messages });
  expect(vendor.requests[0]?.body['messages']).toMatchObject([{}, { role: 'assistant', content: [{ text: 'No.' }] }, {}]);
});

test.each([true, false, undefined])('a schema is as strict as the caller wants in another API of the vendor: %s', async (strict) => {
  const { baseURL, vendor } = await startMessagesGateway('openai-responses');
  const client = new OpenAI({ baseURL: `${baseURL}/v1`, apiKey: TOKEN, maxRetries: 0 });
  const json_schema = { name: 'thing', schema: { type: 'object' }, ...(strict === undefined ? {} : { strict }) };
  await client.chat.completions.create({
    model: 'up/fake-model',
    messages: user('x'),
    response_format: { type: 'json_schema', json_schema },
  });
  expect(vendor.requests[0]?.body).toMatchObject({ text: { format: { name: 'thing', strict: strict === true } } });
});

test('a picture of several megabytes reaches the provider', async () => {
  const { client, upstream } = await startOpenAiGateway();
  const url = `data:image/png;base64,${Buffer.alloc(3_000_000, 1).toString('base64')}`;
  await client.chat.completions.create({
    model: 'up/one',
    messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }],
  });
  expect(upstream.bodies[0]).toMatchObject({ messages: [{ content: [{ image_url: { url } }] }] });
});
