/** Models behind chat completions that have ways of their own, in turns and behind each of the APIs for programs. */
import { expect, test } from 'vitest';
import { DEEPSEEK, DEVSTRAL, GEMINI, GPT_5, GPT_OSS, GROK, MISTRAL, ROUTED_GEMINI } from '../../../fakes/vendors/particular-models.js';
import { listOf } from '../../../fakes/vendors/vendor-protocol.js';
import { calls, fails, says, type StreamReply } from '../../../fakes/vendors/vendor-reply.js';
import type { VendorFake } from '../../../fakes/vendors/vendor-server.js';
import { ask } from '../../../helpers/make-conversation.js';
import { startMessagesGateway } from '../../../helpers/messages-gateway.js';

const QUESTION = [{ role: 'user' as const, content: 'Weather?' }];
/** A step that reasons and calls a tool which agents have. */
const STEP: StreamReply = { ...calls({ id: 'c1', name: 'time', input: {} }), thoughts: [{ text: 'Let me look.', signature: '' }] };

const fieldsOf = ({ requests }: VendorFake): boolean[] => requests.map(({ body }) => JSON.stringify(body).includes('"reasoning_content"'));

test.each([
  ['/v1/messages', { messages: QUESTION, max_tokens: 50 }],
  ['/v1/responses', { input: 'Weather?', max_output_tokens: 50 }],
  ['/v1/chat/completions', { messages: QUESTION, max_tokens: 50 }],
  ['/v1/chat/completions', { messages: QUESTION, max_completion_tokens: 50 }],
])('a limit of tokens reaches GPT-5 under the name that it takes (%s)', async (path, body) => {
  const { vendor, send } = await startMessagesGateway('openai-completions');
  const answer = await send(path, { method: 'POST', body: { ...body, model: `up/${GPT_5}` } });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  expect(vendor.requests[0]?.body).toMatchObject({ max_completion_tokens: 50 });
});

test('a server that refuses reasoning is asked again without it, once; one that demands it gets it', async () => {
  const { vendor, conversation } = await startMessagesGateway('openai-completions');
  for (const model of [GPT_OSS, DEEPSEEK]) {
    for (let turn = 0; turn < 2; turn += 1) {
      vendor.reply(STEP, says('Noon.'));
      const { text, last } = await ask(conversation, { message: 'What time is it?', model: `up/${model}`, session: model });
      expect([text, last?.type]).toEqual(['Noon.', 'done']);
    }
  }
  expect(fieldsOf(vendor)).toEqual([false, true, false, false, false, false, true, false, true]);
});

test('reasoning that a program sends back does not end at a server that refuses it', async () => {
  const { vendor, client, send } = await startMessagesGateway('openai-completions');
  const model = `up/${GPT_OSS}`;
  const tools = [{ name: 'time', input_schema: { type: 'object' as const, properties: {} } }];
  vendor.reply(STEP, says('Noon.'), says('Noon.'));
  const params = { model, max_tokens: 2_000, thinking: { type: 'enabled' as const, budget_tokens: 1_024 }, tools };
  const { content } = await client.messages.create({ ...params, messages: QUESTION });
  expect(content).toMatchObject([{ type: 'thinking', thinking: 'Let me look.' }, { type: 'tool_use' }]);
  const [, use] = content;
  const result = { type: 'tool_result' as const, tool_use_id: use?.type === 'tool_use' ? use.id : '', content: '12' };
  const messages = [...QUESTION, { role: 'assistant' as const, content }, { role: 'user' as const, content: [result] }];
  expect(await client.messages.create({ ...params, messages })).toMatchObject({ content: [{ text: 'Noon.' }] });
  const call = { id: 'c1', type: 'function', function: { name: 'time', arguments: '{}' } };
  const history = [
    ...QUESTION,
    { role: 'assistant', content: null, reasoning_content: 'Let me look.', tool_calls: [call] },
    { role: 'tool', tool_call_id: 'c1', content: '12' },
  ];
  const answer = await send('/v1/chat/completions', { method: 'POST', body: { model, messages: history } });
  expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('Noon.')]);
});

test('a conversation with a picture, its sources and reasoning goes on with a model that refuses all of them', async () => {
  const { vendor, send } = await startMessagesGateway('openai-completions');
  const images = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }];
  const answered = { role: 'assistant', content: 'A cat:', reasoning_content: 'Let me draw.', images, annotations: [] };
  const call = { id: 'c1', type: 'function', function: { name: 'time', arguments: '{}' } };
  const looked = { role: 'assistant', content: null, reasoning_content: 'Let me look.', tool_calls: [call] };
  const messages = [...QUESTION, answered, ...QUESTION, looked, { role: 'tool', tool_call_id: 'c1', content: '12' }];
  for (let time = 0; time < 2; time += 1) {
    vendor.reply(says('Noon.'));
    const answer = await send('/v1/chat/completions', { method: 'POST', body: { model: `up/${GPT_OSS}`, messages } });
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('Noon.')]);
  }
  // The fields are left out at once the second time.
  expect(vendor.requests).toHaveLength(5);
});

test('a conversation with a picture without a word goes on with a model that refuses pictures and empty answers', async () => {
  const { vendor, send } = await startMessagesGateway('openai-completions');
  const images = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }];
  const messages = [...QUESTION, { role: 'assistant', content: '', images }, ...QUESTION];
  const answer = await send('/v1/chat/completions', { method: 'POST', body: { model: `up/${MISTRAL}`, messages } });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  expect(listOf(vendor.requests.at(-1)?.body['messages'])[1]).toEqual({ role: 'assistant', content: '(no text)' });
});

test.each([
  ['/v1/responses', { input: 'Weather?', reasoning: { effort: 'low' } }],
  ['/v1/chat/completions', { messages: QUESTION, reasoning_effort: 'high' }],
])('a model that does not reason is asked again without an effort, once (%s)', async (path, body) => {
  const { vendor, send } = await startMessagesGateway('openai-completions');
  for (let time = 0; time < 2; time += 1) {
    const answer = await send(path, { method: 'POST', body: { ...body, model: `up/${DEVSTRAL}` } });
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  }
  expect(vendor.requests.map((request) => 'reasoning_effort' in request.body)).toEqual([true, false, false]);
});

test('a caller is told of an effort that a model which reasons does not know', async () => {
  const { vendor, send } = await startMessagesGateway('openai-completions');
  const body = { model: `up/${MISTRAL}`, messages: QUESTION, reasoning_effort: 'medium' };
  const answer = await send('/v1/chat/completions', { method: 'POST', body });
  expect([answer.status, answer.text, vendor.requests.length]).toEqual([400, expect.stringContaining("reasoning_effort='medium'"), 1]);
});

test.each([GEMINI, ROUTED_GEMINI])("the signature of %s's reasoning returns with its calls", async (id) => {
  const { vendor, conversation, send } = await startMessagesGateway('openai-completions');
  const model = `up/${id}`;
  const twice = calls({ id: 'c1', name: 'time', input: {} }, { id: 'c2', name: 'time', input: {} });
  vendor.reply(twice, STEP, says('Noon.'));
  // The fake refuses calls without it.
  expect(await ask(conversation, { message: 'What time is it?', model })).toMatchObject({ text: 'Noon.', last: { type: 'done' } });
  const parameters = { type: 'object', properties: {} };
  const tools = [{ type: 'function', function: { name: 'time', parameters } }];
  const post = async (messages: readonly object[]): Promise<{ choices: { message: { tool_calls?: { id: string }[] } }[] }> => {
    const answer = await send('/v1/chat/completions', { method: 'POST', body: { model, messages, tools } });
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
    return JSON.parse(answer.text) as Awaited<ReturnType<typeof post>>;
  };
  vendor.reply(twice, says('Noon.'));
  const message = (await post(QUESTION)).choices[0]?.message;
  const results = (message?.tool_calls ?? []).map((call) => ({ role: 'tool', tool_call_id: call.id, content: '12' }));
  expect(results).toHaveLength(2);
  expect(await post([...QUESTION, { role: 'assistant', ...message }, ...results])).toMatchObject({
    choices: [{ message: { content: 'Noon.' } }],
  });
});

test('a model that takes over a turn takes the ids of the calls before', async () => {
  const model = { primary: 'up/plain', fallbacks: [`up/${MISTRAL}`] };
  const { vendor, conversation } = await startMessagesGateway('openai-completions', { agents: { defaults: { model } } });
  vendor.reply(calls({ id: 'call_1234567890', name: 'time', input: {} }), fails('auth'), says('Noon.'));
  expect(await ask(conversation, 'What time is it?')).toMatchObject({ text: 'Noon.', last: { type: 'done' } });
  expect(vendor.requests.map(({ body }) => body['model'])).toEqual(['plain', 'plain', MISTRAL]);
});

test('a chat goes on after a turn that ended between a tool and the answer', async () => {
  const { vendor, conversation } = await startMessagesGateway('openai-completions');
  const model = `up/${MISTRAL}`;
  vendor.reply(calls({ id: 'dnEN4JsJy', name: 'time', input: {} }), fails('auth'), says('Noon.'));
  expect((await ask(conversation, { message: 'What time is it?', model })).last).toMatchObject({ type: 'error' });
  expect(await ask(conversation, { message: 'Well?', model })).toMatchObject({ text: 'Noon.', last: { type: 'done' } });
  const messages = listOf(vendor.requests.at(-1)?.body['messages']);
  expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'user']);
});

test.each(['system', 'developer'])("a program's reminder with the role %s is read after an answer and after a tool", async (role) => {
  const { vendor, send } = await startMessagesGateway('openai-completions');
  const call = { id: 'dnEN4JsJy', type: 'function', function: { name: 'time', arguments: '{}' } };
  const used = [
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: call.id, content: '12' },
  ];
  const reminder = { role, content: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }] };
  const messages = [reminder, ...QUESTION, { role: 'assistant', content: 'Sunny.' }, reminder, ...used, reminder, ...QUESTION];
  const answer = await send('/v1/chat/completions', { method: 'POST', body: { model: `up/${MISTRAL}`, messages } });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  const sent = listOf(vendor.requests[0]?.body['messages']);
  const late = { role: 'user', content: '<system>\nBe brief.\n</system>' };
  expect([sent[0], sent[3], sent[7]]).toMatchObject([{ role: 'system' }, late, late]);
});

test('reasoning that a vendor counts in the total alone is output', async () => {
  const { conversation, send } = await startMessagesGateway('openai-completions');
  const model = `up/${GROK}`;
  const { last } = await ask(conversation, { message: 'Hi', model });
  expect(last).toMatchObject({ type: 'done', usage: { inputTokens: 12, outputTokens: 387 } });
  const { text } = await send('/v1/chat/completions', { method: 'POST', body: { model, messages: QUESTION } });
  expect(JSON.parse(text)).toMatchObject({
    usage: { prompt_tokens: 12, completion_tokens: 387, total_tokens: 399, completion_tokens_details: { reasoning_tokens: 386 } },
  });
});
