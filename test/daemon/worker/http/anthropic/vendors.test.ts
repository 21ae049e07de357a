/** `/v1/messages` in front of every kind of provider, read by Anthropic's SDK: the caller sees one API whatever is behind. */
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { calls, fails, FAKE_COUNT, FAKE_USAGE, RETRY_AFTER_SECONDS, says } from '../../../../fakes/vendors/vendor-reply.js';
import { API_KINDS } from '../../../../fakes/vendors/protocols.js';
import { startMessagesGateway } from '../../../../helpers/messages-gateway.js';

type Params = Anthropic.MessageCreateParamsNonStreaming;

const PICTURE = 'iVBORw0KGgo=';
const WEATHER: Anthropic.Tool = {
  name: 'weather',
  description: 'The weather',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const QUESTION: Anthropic.MessageParam = { role: 'user', content: 'Weather in Bern?' };
const PARAMS = { model: 'up/fake-model', max_tokens: 50, system: 'Be brief.', messages: [QUESTION] };

describe.each(API_KINDS)('in front of %s', (api) => {
  test('a text is answered whole and as events, and counted', async () => {
    const { vendor, client } = await startMessagesGateway(api);
    vendor.reply(says('Hel', 'lo'), says('Hel', 'lo'), { ...says('Hel'), end: 'length' });
    const whole = await client.messages.create(PARAMS);
    expect(whole.content).toEqual([{ type: 'text', text: 'Hello' }]);
    expect(whole).toMatchObject({
      type: 'message',
      role: 'assistant',
      model: 'up/fake-model',
      stop_reason: 'end_turn',
      stop_sequence: null,
    });
    expect(whole.id).toMatch(/^msg_/);
    const { input_tokens: fresh, cache_read_input_tokens: read, cache_creation_input_tokens: written, output_tokens: output } = whole.usage;
    expect([fresh + (read ?? 0) + (written ?? 0), read, output]).toEqual([FAKE_USAGE.input, FAKE_USAGE.cacheRead, FAKE_USAGE.output]);
    const streamed = await client.messages.stream(PARAMS).finalMessage();
    expect({ ...streamed, id: '' }).toMatchObject({ ...whole, id: '' });
    expect(await client.messages.create(PARAMS)).toMatchObject({ stop_reason: 'max_tokens' });
    expect(JSON.stringify(vendor.requests[0]?.body)).toContain('Be brief.');
  });

  test.each([[false], [true]])('a tool is called, and its result goes back with a picture (streamed: %s)', async (isStream) => {
    const { vendor, client } = await startMessagesGateway(api);
    vendor.reply(
      calls({ id: 'call_1', name: 'weather', input: { city: 'Bern' } }, { id: 'call_2', name: 'weather', input: { city: 'Ōsaka' } }),
      says('Sunny.'),
    );
    const ask = (params: Params) => (isStream ? client.messages.stream(params).finalMessage() : client.messages.create(params));
    const params = { ...PARAMS, tools: [WEATHER], tool_choice: { type: 'any' as const } };
    const { content, stop_reason: reason } = await ask(params);
    const uses = content.filter((block) => block.type === 'tool_use');
    expect([reason, ...uses.map(({ name, input }) => [name, input])]).toEqual([
      'tool_use',
      ['weather', { city: 'Bern' }],
      ['weather', { city: 'Ōsaka' }],
    ]);
    const results: Anthropic.ToolResultBlockParam[] = uses.map(({ id }, index) => ({
      type: 'tool_result',
      tool_use_id: id,
      is_error: index === 1,
      content: [
        { type: 'text', text: `sun ${index}` },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PICTURE } },
      ],
    }));
    const answer = await ask({
      ...params,
      messages: [QUESTION, { role: 'assistant', content }, { role: 'user', content: [...results, { type: 'text', text: 'Well?' }] }],
    });
    expect(answer.content).toMatchObject([{ type: 'text', text: 'Sunny.' }]);
    const sent = JSON.stringify(vendor.requests[1]?.body);
    for (const text of ['sun 0', 'sun 1', PICTURE, 'Well?', 'Ōsaka']) expect(sent).toContain(text);
    expect(sent).toContain(api === 'anthropic-messages' ? '"is_error":true' : 'Error: sun 1');
  });

  test('pictures, documents and instructions in between reach the model', async () => {
    const { vendor, client } = await startMessagesGateway(api);
    const data = Buffer.from('%PDF-1.4').toString('base64');
    const content: Anthropic.ContentBlockParam[] = [
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PICTURE } },
      { type: 'document', title: 'a.pdf', source: { type: 'base64', media_type: 'application/pdf', data } },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Plain words' } },
    ];
    const messages = [
      { role: 'user', content },
      { role: 'assistant', content: 'Yes?' },
      { role: 'system', content: 'Now shout.' },
      QUESTION,
    ];
    await client.messages.create({ ...PARAMS, messages: messages as Anthropic.MessageParam[] });
    const sent = JSON.stringify(vendor.requests[0]?.body);
    for (const text of [PICTURE, data, 'Now shout.']) expect(sent).toContain(text);
    expect(sent).toMatch(new RegExp(`Plain words|${Buffer.from('Plain words').toString('base64')}`));
  });

  test('its failures are told alike', async () => {
    const { vendor, client } = await startMessagesGateway(api);
    const fail = (model: string) => client.messages.create({ ...PARAMS, model }).catch((error: unknown) => error);
    vendor.reply(fails('rateLimited'), fails('tooLong', 'maximum context length is 8'), fails('overloaded'));
    const limited = (await fail('up/fake-model')) as InstanceType<typeof Anthropic.APIError>;
    expect(limited).toMatchObject({ status: 429, type: 'rate_limit_error' });
    expect([limited.headers?.get('retry-after'), limited.requestID]).toEqual([String(RETRY_AFTER_SECONDS), expect.stringMatching(/^req_/)]);
    expect(await fail('up/fake-model')).toMatchObject({ status: 400, type: 'invalid_request_error' });
    expect(await fail('up/fake-model')).toMatchObject({ status: 529, type: 'overloaded_error' });
    expect(await fail('up/gone')).toMatchObject({ status: 404, type: 'not_found_error' });
  });

  test('a stream that breaks off ends with an error and no reason', async () => {
    const { vendor, client } = await startMessagesGateway(api);
    vendor.reply({ type: 'stream', parts: ['half'], end: 'cut' });
    const heard: string[] = [];
    const read = async () => {
      for await (const event of await client.messages.create({ ...PARAMS, stream: true })) heard.push(event.type);
    };
    await expect(read()).rejects.toMatchObject({ type: 'api_error' });
    expect(heard).toEqual(['message_start', 'content_block_start', 'content_block_delta']);
  });

  test('tokens are counted', async () => {
    const { client } = await startMessagesGateway(api);
    const { input_tokens: count } = await client.messages.countTokens({ model: 'up/fake-model', messages: [QUESTION], tools: [WEATHER] });
    if (api === 'anthropic-messages') expect(count).toBe(FAKE_COUNT);
    else expect(count).toBeGreaterThan(20);
  });
});
