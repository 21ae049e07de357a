/** What a caller sends back of its tool calls reaches a vendor as the model wrote it, through every door. */
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import type { ApiKind } from '../../../../shared/config/models-schema.js';
import { calls } from '../../../fakes/vendors/vendor-reply.js';
import { TOKEN } from '../../../helpers/http-app.js';
import { type MessagesGateway, startMessagesGateway } from '../../../helpers/messages-gateway.js';

/** A number that JavaScript does not have, one that it writes in another way, and spaces. */
const EXACT = '{"message_id": 1324567890123456789, "factor": 1.0}';
/** The same where the API has objects in the place of texts. */
const EXACT_VALUE = '{"message_id":1324567890123456789,"factor":1}';
const CUT = '{"city": "Pa';

const parameters = { type: 'object', properties: {} };
const model = 'up/fake-model';

const openAi = ({ baseURL }: MessagesGateway): OpenAI => new OpenAI({ baseURL: `${baseURL}/v1`, apiKey: TOKEN, maxRetries: 0 });

/** Sends a call of a tool, and its result, as a program does that speaks the API. */
const DOORS = {
  chat: (gateway: MessagesGateway, text: string) =>
    openAi(gateway).chat.completions.create({
      model,
      tools: [{ type: 'function', function: { name: 'get', parameters } }],
      messages: [
        { role: 'user', content: 'x' },
        { role: 'assistant', tool_calls: [{ id: 'c1', type: 'function', function: { name: 'get', arguments: text } }] },
        { role: 'tool', tool_call_id: 'c1', content: 'done' },
      ],
    }),
  responses: (gateway: MessagesGateway, text: string) =>
    openAi(gateway).responses.create({
      model,
      tools: [{ type: 'function', name: 'get', parameters, strict: false }],
      input: [
        { role: 'user', content: 'x' },
        { type: 'function_call', call_id: 'c1', name: 'get', arguments: text },
        { type: 'function_call_output', call_id: 'c1', output: 'done' },
      ],
    }),
} as const;

const asText = (text: string): string => `"arguments":${JSON.stringify(text)}`;

/** It misses its signature. */
const refusedByGoogle = (error: unknown): void => expect(String(error)).toContain('thought_signature');

describe.each(['chat', 'responses'] as const)('from %s', (door) => {
  test.each<[ApiKind, string]>([
    ['openai-completions', asText(EXACT)],
    ['openai-responses', asText(EXACT)],
    ['anthropic-messages', `"input":${EXACT_VALUE}`],
    ['google-generative-ai', `"args":${EXACT_VALUE}`],
  ])('arguments reach %s as they were written', async (api, sent) => {
    const gateway = await startMessagesGateway(api);
    await DOORS[door](gateway, EXACT).catch(refusedByGoogle);
    expect(gateway.vendor.requests[0]?.text).toContain(sent);
  });

  const wrapped = JSON.stringify({ text: CUT });
  test.each<[ApiKind, string]>([
    ['openai-completions', asText(door === 'chat' ? CUT : wrapped)],
    ['openai-responses', asText(door === 'responses' ? CUT : wrapped)],
    ['anthropic-messages', `"input":${wrapped}`],
    ['google-generative-ai', `"args":${wrapped}`],
  ])('arguments that are cut off reach %s: as they are where it is the same API, else in an object', async (api, sent) => {
    const gateway = await startMessagesGateway(api);
    await DOORS[door](gateway, CUT).catch(refusedByGoogle);
    expect(gateway.vendor.requests[0]?.text).toContain(sent);
  });

  test.each(['[1]', '"x"', '7', 'null'])('arguments that are no object, %s, are put in one for another API', async (text) => {
    const gateway = await startMessagesGateway('anthropic-messages');
    await DOORS[door](gateway, text);
    expect(gateway.vendor.requests[0]?.text).toContain(`"input":${JSON.stringify({ text })}`);
  });

  test('arguments that are too deep to be written again are put in an object for another API', async () => {
    const gateway = await startMessagesGateway('anthropic-messages');
    const text = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    await DOORS[door](gateway, text);
    expect(gateway.vendor.requests[0]?.text).toContain(`"input":${JSON.stringify({ text })}`);
  });
});

/** As a program in another language may write it: this one has no such number. */
const messagesBody = (input: string, more = ''): string =>
  `{"model": "${model}", "max_tokens": 9, ${more} "tools": [{"name": "get", "input_schema": {"type": "object"}}], "messages": [
    {"role": "user", "content": "x"},
    {"role": "assistant", "content": [{"type": "text", "text": "I get it."}, {"type": "tool_use", "id": "c1", "name": "get", "input": ${input}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "done"}]}]}`;

const post = ({ send }: MessagesGateway, body: string) =>
  send('/v1/messages', { method: 'POST', body, headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${TOKEN}` } });

describe('from messages', () => {
  test.each<[ApiKind, string]>([
    ['anthropic-messages', `"input":${EXACT_VALUE}`],
    ['openai-completions', asText(EXACT_VALUE)],
    ['openai-responses', asText(EXACT_VALUE)],
  ])('inputs reach %s with their numbers', async (api, sent) => {
    const gateway = await startMessagesGateway(api);
    expect((await post(gateway, messagesBody(EXACT))).status).toBe(200);
    expect(gateway.vendor.requests[0]?.text).toContain(sent);
  });

  test('numbers of other fields are as before', async () => {
    const gateway = await startMessagesGateway('anthropic-messages');
    await post(gateway, messagesBody(EXACT, '"something": 12345678901234567890,'));
    expect(gateway.vendor.requests[0]?.text).toContain('"something":12345678901234567000');
  });

  test.each<ApiKind>(['anthropic-messages', 'openai-completions', 'openai-responses'])('a call by %s has its numbers', async (api) => {
    const gateway = await startMessagesGateway(api);
    const call = { id: 'c2', name: 'get', input: {}, text: EXACT };
    gateway.vendor.reply(calls(call), calls(call));
    const whole = await post(gateway, messagesBody('{}'));
    expect(whole.headers['content-type']).toContain('application/json');
    expect(whole.text).toContain(`"input":${EXACT_VALUE}`);
    const streamed = await post(gateway, messagesBody('{}', '"stream": true,'));
    const pieces = [...streamed.text.matchAll(/"partial_json":("(?:[^"\\]|\\.)*")/g)].map(([, piece]) => JSON.parse(piece ?? '') as string);
    expect(pieces.join('')).toBe(EXACT);
  });
});
