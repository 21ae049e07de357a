/** `/v1` in front of every kind of provider, read by the openai SDK: the caller sees one API whatever is behind. */
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { anthropic } from '../../../../fakes/vendors/anthropic.js';
import { calls, fails, FAKE_USAGE, RETRY_AFTER_SECONDS, says } from '../../../../fakes/vendors/vendor-reply.js';
import { API_KINDS, PROTOCOLS } from '../../../../fakes/vendors/protocols.js';
import { startVendor, type VendorFake } from '../../../../fakes/vendors/vendor-server.js';
import { startHttpApp, TOKEN } from '../../../../helpers/http-app.js';
import { makeConversation } from '../../../../helpers/make-conversation.js';

const KINDS = API_KINDS.map((api) => ({ api, protocol: PROTOCOLS[api] }));

const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'The weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};
const MESSAGES = [
  { role: 'system' as const, content: 'Be brief.' },
  { role: 'user' as const, content: 'Weather in Bern?' },
];

async function start({ api, protocol }: (typeof KINDS)[number]): Promise<{ vendor: VendorFake; client: OpenAI }> {
  const vendor = await startVendor(protocol);
  const models = {
    providers: {
      up: { baseUrl: vendor.baseUrl, api, apiKey: 'key-of-the-fake', models: [{ id: 'fake-model', maxTokens: 777 }, { id: 'gone' }] },
    },
  };
  const conversation = await makeConversation({ models });
  const { port } = await startHttpApp({ services: conversation });
  return { vendor, client: new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: TOKEN, maxRetries: 0 }) };
}

describe.each(KINDS)('in front of $api', (kind) => {
  test('a text is streamed and counted', async () => {
    const { vendor, client } = await start(kind);
    vendor.reply(says('Hel', 'lo'));
    const answer = await client.chat.completions
      .stream({ model: 'up/fake-model', messages: MESSAGES, stream_options: { include_usage: true } })
      .finalChatCompletion();
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Hello' } });
    expect(answer.usage).toMatchObject({
      completion_tokens: FAKE_USAGE.output,
      prompt_tokens_details: { cached_tokens: FAKE_USAGE.cacheRead },
    });
    expect(JSON.stringify(vendor.requests[0]?.body)).toContain('Be brief.');
  });

  test.each([[false], [true]])('a tool of the caller is called, and its result goes back (streamed: %s)', async (stream) => {
    const { vendor, client } = await start(kind);
    vendor.reply(calls({ id: 'call_1', name: 'weather', input: { city: 'Bern' } }), says('Sunny.'));
    const ask = (messages: OpenAI.ChatCompletionMessageParam[]) => {
      const params = { model: 'up/fake-model', messages, tools: [WEATHER] };
      return stream ? client.chat.completions.stream(params).finalChatCompletion() : client.chat.completions.create(params);
    };
    const [choice] = (await ask(MESSAGES)).choices;
    const [call] = choice?.message.tool_calls ?? [];
    if (call?.type !== 'function') throw new Error('no call');
    expect([choice?.finish_reason, call.function.name, JSON.parse(call.function.arguments)]).toEqual([
      'tool_calls',
      'weather',
      { city: 'Bern' },
    ]);
    const { id, function: made } = call;
    const answer = await ask([
      ...MESSAGES,
      { role: 'assistant', tool_calls: [{ id, type: 'function', function: made }] },
      { role: 'tool', tool_call_id: id, content: 'sun, 21 degrees' },
    ]);
    expect(answer.choices[0]?.message.content).toBe('Sunny.');
    expect(JSON.stringify(vendor.requests[1]?.body)).toContain('sun, 21 degrees');
  });

  test('its failures are told alike', async () => {
    const { vendor, client } = await start(kind);
    const fail = (model: string) => client.chat.completions.create({ model, messages: MESSAGES }).catch((error: unknown) => error);
    vendor.reply(fails('rateLimited'), fails('tooLong', 'maximum context length is 8'));
    expect(await fail('up/fake-model')).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect(await fail('up/fake-model')).toMatchObject({ status: 400, code: 'context_length_exceeded' });
    expect(await fail('up/gone')).toMatchObject({ status: 404, code: 'model_not_found', param: 'model' });
    vendor.reply(fails('rateLimited'));
    expect(((await fail('up/fake-model')) as InstanceType<typeof OpenAI.APIError>).headers?.get('retry-after')).toBe(
      String(RETRY_AFTER_SECONDS),
    );
  });

  test('a stream that breaks off ends with an error and no finish', async () => {
    const { vendor, client } = await start(kind);
    vendor.reply({ type: 'stream', parts: ['half'], end: 'cut' });
    const heard: (string | null | undefined)[] = [];
    const read = async () => {
      const stream = await client.chat.completions.create({ model: 'up/fake-model', messages: MESSAGES, stream: true });
      for await (const { choices } of stream) heard.push(choices[0]?.delta.content, choices[0]?.finish_reason);
    };
    await expect(read()).rejects.toBeInstanceOf(OpenAI.APIError);
    expect(heard.filter(Boolean)).toEqual(['half']);
  });
});

test('Anthropic, which must be told a limit, is told the model’s, or the caller’s', async () => {
  const { vendor, client } = await start({ api: 'anthropic-messages', protocol: anthropic });
  await client.chat.completions.create({ model: 'up/fake-model', messages: MESSAGES });
  await client.chat.completions.create({ model: 'up/fake-model', messages: MESSAGES, max_completion_tokens: 7 });
  expect(vendor.requests.map(({ body }) => body['max_tokens'])).toEqual([777, 7]);
});
