/** A provider that answers with one document where a stream was asked for, behind each of the APIs for programs. */
import { expect, test } from 'vitest';
import type { ApiKind } from '../../../../shared/config/models-schema.js';
import { anthropic } from '../../../fakes/vendors/anthropic.js';
import { CALLS, REFUSALS, TEXTS } from '../../../fakes/vendors/documents.js';
import { google } from '../../../fakes/vendors/google.js';
import { openAiCompletions } from '../../../fakes/vendors/openai-completions.js';
import { openAiResponses } from '../../../fakes/vendors/openai-responses.js';
import type { VendorProtocol } from '../../../fakes/vendors/vendor-protocol.js';
import { startVendor, type VendorFake } from '../../../fakes/vendors/vendor-server.js';
import { startHttpApp, type TestApp } from '../../../helpers/http-app.js';
import { ask, makeConversation, type TestConversation } from '../../../helpers/make-conversation.js';

const PROTOCOLS: Readonly<Record<ApiKind, VendorProtocol>> = {
  'openai-completions': openAiCompletions,
  'openai-responses': openAiResponses,
  'anthropic-messages': anthropic,
  'google-generative-ai': google,
};
const KINDS = Object.keys(PROTOCOLS) as ApiKind[];
const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } } };
const QUESTION = [{ role: 'user', content: 'Weather?' }];

interface Gateway {
  readonly vendors: Readonly<Record<string, VendorFake>>;
  readonly conversation: TestConversation;
  readonly app: TestApp;
}

async function start(): Promise<Gateway> {
  const vendors = Object.fromEntries(await Promise.all(KINDS.map(async (api) => [api, await startVendor(PROTOCOLS[api])] as const)));
  const providers = Object.fromEntries(
    Object.entries(vendors).map(([api, { baseUrl }]) => [
      api,
      { api, baseUrl, apiKey: 'key-of-the-fake', models: [{ id: 'fake-model', maxTokens: 700 }] },
    ]),
  );
  const conversation = await makeConversation({ models: { providers } });
  return { vendors, conversation, app: await startHttpApp({ services: conversation }) };
}

async function post({ app }: Gateway, path: string, body: object): Promise<string> {
  const answer = await app.send(path, { method: 'POST', body });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.text;
}

test('a document in place of a stream is the answer, with its usage, its calls of tools and its end', async () => {
  const gateway = await start();
  for (const api of KINDS) {
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
  const gateway = await start();
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
