/** `/v1/responses` in front of every kind of provider, read by the openai SDK. */
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { anthropic } from '../../../../fakes/vendors/anthropic.js';
import { openAiResponses } from '../../../../fakes/vendors/openai-responses.js';
import { calls, FAKE_USAGE, says } from '../../../../fakes/vendors/vendor-reply.js';
import { API_KINDS, PROTOCOLS } from '../../../../fakes/vendors/protocols.js';
import { startVendor, type VendorFake } from '../../../../fakes/vendors/vendor-server.js';
import { startHttpApp, TOKEN } from '../../../../helpers/http-app.js';
import { makeConversation } from '../../../../helpers/make-conversation.js';

const KINDS = API_KINDS.map((api) => ({ api, protocol: PROTOCOLS[api] }));

const WEATHER = {
  type: 'function' as const,
  name: 'weather',
  description: 'The weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  strict: false,
};

async function start({ api, protocol }: (typeof KINDS)[number]): Promise<{ vendor: VendorFake; client: OpenAI }> {
  const vendor = await startVendor(protocol);
  const models = { providers: { up: { baseUrl: vendor.baseUrl, api, apiKey: 'key-of-the-fake', models: [{ id: 'fake-model' }] } } };
  const conversation = await makeConversation({ models });
  const { port } = await startHttpApp({ services: conversation });
  return { vendor, client: new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: TOKEN, maxRetries: 0 }) };
}

describe.each(KINDS)('in front of $api', (kind) => {
  test('a tool of the caller is called in a stream, and its result goes back', async () => {
    const { vendor, client } = await start(kind);
    vendor.reply(calls({ id: 'call_1', name: 'weather', input: { city: 'Bern' } }), says('Sun', 'ny.'));
    const params = { model: 'up/fake-model', instructions: 'Be brief.', tools: [WEATHER] };
    const question = { role: 'user' as const, content: 'Weather in Bern?' };
    const { output } = await client.responses.stream({ ...params, input: [question] }).finalResponse();
    const call = output.find((item) => item.type === 'function_call');
    if (call === undefined) throw new Error('no call');
    expect([call.name, JSON.parse(call.arguments)]).toEqual(['weather', { city: 'Bern' }]);
    const result = { type: 'function_call_output' as const, call_id: call.call_id, output: 'sun' };
    const made = { type: call.type, call_id: call.call_id, name: call.name, arguments: call.arguments };
    const answer = await client.responses.create({ ...params, input: [question, made, result] });
    expect(answer).toMatchObject({
      output_text: 'Sunny.',
      usage: { output_tokens: FAKE_USAGE.output, input_tokens_details: { cached_tokens: FAKE_USAGE.cacheRead } },
    });
    const sent = JSON.stringify(vendor.requests[1]?.body);
    for (const text of ['Be brief.', 'Weather in Bern?', 'sun']) expect(sent).toContain(text);
  });
});

test('what the gateway has no name for reaches a provider of the same API', async () => {
  const { vendor, client } = await start({ api: 'openai-responses', protocol: openAiResponses });
  const own = { reasoning: { effort: 'low' as const }, prompt_cache_key: 'k', something: { new: true } };
  await client.responses.create({
    model: 'up/fake-model',
    input: 'x',
    store: false,
    text: { verbosity: 'low' },
    parallel_tool_calls: false,
    ...own,
  });
  expect(vendor.requests[0]?.body).toMatchObject({ ...own, text: { verbosity: 'low' }, store: false, parallel_tool_calls: false });
});

test('a PDF reaches a model that reads it; a file without content is refused', async () => {
  const { vendor, client } = await start({ api: 'anthropic-messages', protocol: anthropic });
  const ask = (file: object): Promise<unknown> =>
    client.responses.create({ model: 'up/fake-model', input: [{ role: 'user', content: [{ type: 'input_file', ...file }] }] });
  await ask({ filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' });
  expect(JSON.stringify(vendor.requests[0]?.body)).toContain('JVBERi0=');
  await expect(ask({ filename: 'a.pdf' })).rejects.toMatchObject({ status: 400, param: 'input.0.content.0' });
  await expect(ask({ file_id: 'file_1' })).rejects.toMatchObject({ status: 400, param: 'input.0.content.0.file_id' });
});

test('what a vendor needs back with its reasoning goes to the caller and returns', async () => {
  const { vendor, client } = await start({ api: 'anthropic-messages', protocol: anthropic });
  const vendorData = { anthropic: { signature: 'signed' } };
  const encrypted_content = Buffer.from(JSON.stringify(vendorData)).toString('base64');
  const summary = [{ type: 'summary_text' as const, text: 'Hm.' }];
  const reasoning = { type: 'reasoning' as const, id: 'rs_1', summary };
  const answer = { role: 'assistant' as const, content: 'Yes.' };
  const ask = (sealed: string) =>
    client.responses.create({
      model: 'up/fake-model',
      input: [{ role: 'user', content: 'x' }, { ...reasoning, encrypted_content: sealed }, answer, { role: 'user', content: 'y' }],
    });
  await ask(encrypted_content);
  expect(JSON.stringify(vendor.requests[0]?.body)).toContain('{"type":"thinking","thinking":"Hm.","signature":"signed"}');
  await ask('something of another server');
  expect(JSON.stringify(vendor.requests[1]?.body)).not.toContain('signature');
});
