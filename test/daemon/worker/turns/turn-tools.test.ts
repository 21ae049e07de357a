import { expect, test } from 'vitest';
import { queriesOf } from '../../../../daemon/worker/store/transaction.js';
import { anthropic } from '../../../fakes/vendors/anthropic.js';
import { google } from '../../../fakes/vendors/google.js';
import { openAiCompletions } from '../../../fakes/vendors/openai-completions.js';
import { openAiResponses } from '../../../fakes/vendors/openai-responses.js';
import { calls, fails, says } from '../../../fakes/vendors/vendor-reply.js';
import { startVendor, type VendorFake } from '../../../fakes/vendors/vendor-server.js';
import { ask, makeConversation, type TestConversation } from '../../../helpers/make-conversation.js';
import { openStore } from '../../../helpers/open-store.js';

const KEY = 'main:api:default:direct:default';
const VENDORS = [
  { api: 'openai-completions', protocol: openAiCompletions },
  { api: 'openai-responses', protocol: openAiResponses },
  { api: 'anthropic-messages', protocol: anthropic },
  { api: 'google-generative-ai', protocol: google },
] as const;

const PRICES = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 };

const provider = (fake: VendorFake, api: string, cost?: unknown): unknown => ({
  baseUrl: fake.baseUrl,
  apiKey: 'key-of-the-fake',
  api,
  models: [{ id: 'fake-model', contextWindow: 50_000, maxTokens: 900, ...(cost === undefined ? {} : { cost }) }],
});

async function start(
  fake: VendorFake,
  options: { api?: string; config?: unknown; cost?: unknown; others?: Record<string, unknown> } = {},
): Promise<TestConversation> {
  const { api = 'anthropic-messages', cost, others = {} } = options;
  return makeConversation({ models: { providers: { fake: provider(fake, api, cost), ...others } }, config: options.config ?? {} });
}

async function history(conversation: TestConversation): Promise<string[]> {
  const { messages } = await conversation.sessions.get(KEY);
  return messages.map(({ role, status, content }) => `${role} ${status}: ${content.split('\n')[0]}`);
}

const time = (id = 'c1') => ({ id, name: 'time', input: { timezone: 'UTC' } });

test.each(VENDORS)('$api: a tool runs, the model gets its result, and both are reported and stored', async ({ api, protocol }) => {
  const fake = await startVendor(protocol);
  const conversation = await start(fake, { api, cost: PRICES });
  fake.reply({ ...says('I look. '), calls: [time()] }, says('It is ', 'noon.'));
  const { events, text, last } = await ask(conversation, 'What time is it?');
  expect(text).toBe('I look. It is noon.');
  expect(events.filter(({ type }) => type === 'tool')).toEqual([
    { type: 'tool', name: 'time', state: 'call', detail: '{"timezone":"UTC"}' },
    {
      type: 'tool',
      name: 'time',
      state: 'result',
      detail: expect.stringContaining('(UTC)') as string,
      durationMs: expect.any(Number) as number,
    },
  ]);
  // Two calls of 11 tokens, 4 of them cached, and 5 tokens out. Anthropic says that it has written 2 to its cache.
  const written = api === 'anthropic-messages' ? 2 : 0;
  const costUsd = (2 * ((7 - written) * 3 + 4 * 0.3 + written * 3.75 + 5 * 15)) / 1_000_000;
  expect(last).toMatchObject({
    type: 'done',
    reply: 'I look. It is noon.',
    usage: { inputTokens: 22, outputTokens: 10, costUsd: expect.closeTo(costUsd, 12) as number },
  });
  expect(await history(conversation)).toEqual([
    'user complete: What time is it?',
    'tool complete: time {"timezone":"UTC"}',
    'assistant complete: I look. It is noon.',
  ]);
  const { messages } = await conversation.sessions.get(KEY);
  const [, result] = events.filter((event) => event.type === 'tool');
  expect(messages.map(({ durationMs }) => durationMs)).toEqual([undefined, result?.durationMs, undefined]);
  const store = await openStore({ home: conversation.home });
  const rows = await store.read((tx) =>
    queriesOf(tx).selectFrom('turns').select(['input_tokens', 'output_tokens', 'cache_read_tokens', 'cost_usd']).execute(),
  );
  expect(rows).toEqual([{ input_tokens: 22, output_tokens: 10, cache_read_tokens: 8, cost_usd: expect.closeTo(costUsd, 12) as number }]);
});

test('without prices the cost is unknown, not nothing', async () => {
  const fake = await startVendor(anthropic);
  const conversation = await start(fake);
  expect((await ask(conversation, 'x')).last).toMatchObject({ usage: { inputTokens: 11, outputTokens: 5, costUsd: null } });
});

test("the model gets a tool's refusal, and the turn continues", async () => {
  const fake = await startVendor(anthropic);
  const conversation = await start(fake);
  fake.reply(
    calls(
      { id: 'a', name: 'fetch', input: { url: 'http://169.254.169.254/latest/meta-data' } },
      { id: 'b', name: 'launch', input: {} },
      { id: 'c', name: 'time', input: { zone: 1 } },
    ),
    says('I cannot.'),
  );
  const { events, last } = await ask(conversation, 'x');
  expect(last).toMatchObject({ type: 'done', reply: 'I cannot.' });
  const errors = events.flatMap((event) => (event.type === 'tool' && event.state === 'error' ? [event.detail] : []));
  expect(errors).toEqual([
    expect.stringContaining('private network'),
    expect.stringContaining("no tool 'launch'"),
    expect.stringContaining("unknown input 'zone'"),
  ]);
  expect(JSON.stringify(fake.requests[1]?.body)).toContain('"is_error":true');
});

test('a model that only calls tools is asked for text in its last step, and fails if it calls a tool again', async () => {
  const fake = await startVendor(anthropic);
  const config = { agents: { defaults: { maxToolIterations: 2 } } };
  const conversation = await start(fake, { config });
  fake.reply(calls(time('1')), calls(time('2')), says('enough'));
  expect((await ask(conversation, 'x')).last).toMatchObject({ type: 'done', reply: 'enough' });
  expect(fake.requests.map(({ body }) => (body['tool_choice'] as { type?: string } | undefined)?.type)).toEqual(['auto', 'auto', 'none']);
  fake.reply(calls(time('1')), calls(time('2')), calls(time('3')));
  expect((await ask(conversation, 'x')).last).toMatchObject({
    type: 'error',
    code: 'AGENT_ERROR',
    message: expect.stringContaining('called tools 2 times') as string,
  });
});

test('a model that takes no tools is asked without them', async () => {
  const fake = await startVendor(openAiCompletions);
  const conversation = await start(fake, { api: 'openai-completions' });
  fake.reply(fails('invalid', 'registry.ollama.ai/library/gemma:2b does not support tools'), says('hi'));
  expect((await ask(conversation, 'x')).last).toMatchObject({ type: 'done', reply: 'hi' });
  expect(fake.requests.map(({ body }) => body['tools'] !== undefined)).toEqual([true, false]);
});

test('an agent has the tools that the configuration gives it', async () => {
  const fake = await startVendor(anthropic);
  const list = [{ id: 'main' }, { id: 'bare', tools: [] }, { id: 'twice', tools: ['time', 'time'] }];
  const conversation = await start(fake, { config: { agents: { list } } });
  await ask(conversation, 'x');
  await ask(conversation, { message: 'x', agentId: 'bare' });
  await ask(conversation, { message: 'x', agentId: 'twice' });
  const names = fake.requests.map(({ body }) => (body['tools'] as { name: string }[] | undefined)?.map(({ name }) => name));
  // Nothing can be sent where no channel is set up, and nothing scheduled without a scheduler.
  expect(names).toEqual([expect.arrayContaining(['time', 'fetch']), undefined, ['time']]);
  expect(names[0]).not.toContain('send');
});

test('a message that a tool sends is accepted like any other, and only once', async () => {
  const fake = await startVendor(anthropic);
  const config = { channels: { webhook: { accounts: { default: { url: 'http://127.0.0.1:9/' } } } } };
  const conversation = await start(fake, { config });
  const send = (id: string, input: Record<string, unknown>) => ({ id, name: 'send', input });
  fake.reply(
    calls(
      send('a', { channel: 'webhook', chat_id: 'room', content: 'Tea?' }),
      send('b', { channel: 'pigeon', chat_id: 'x', content: 'y' }),
      send('c', { channel: 'webhook', chat_id: 'room', content: ' ' }),
    ),
    says('Sent.'),
  );
  const { events } = await ask(conversation, 'invite them');
  const states = events.flatMap((event) =>
    event.type === 'tool' && event.state !== 'call' ? [`${event.state}: ${event.detail.slice(0, 40)}`] : [],
  );
  expect(states).toEqual([
    expect.stringContaining('result: The message was accepted'),
    expect.stringContaining('error: '),
    expect.stringContaining("error: 'content' must be a non-empty string"),
  ]);
  const { messages } = await conversation.outgoing.list({});
  expect(messages.map(({ channel, chat_id, content }) => ({ channel, chat_id, content }))).toEqual([
    { channel: 'webhook', chat_id: 'room', content: 'Tea?' },
  ]);
});

test('a fallback continues with the results of the tools and does not run them again', async () => {
  const first = await startVendor(openAiResponses);
  const second = await startVendor(anthropic);
  const config = { agents: { defaults: { model: { primary: 'fake/fake-model', fallbacks: ['other/fake-model'] } } } };
  const conversation = await start(first, { api: 'openai-responses', config, others: { other: provider(second, 'anthropic-messages') } });
  first.reply(calls(time()), fails('invalid', 'no more'));
  second.reply(says('noon'));
  const { events, last } = await ask(conversation, 'x');
  expect(last).toMatchObject({ type: 'done', reply: 'noon', model: 'other/fake-model' });
  expect(events.filter((event) => event.type === 'tool' && event.state === 'call')).toHaveLength(1);
  expect(JSON.stringify(second.requests[0]?.body['messages'])).toContain('tool_result');
});

test('an abort while a tool runs ends the turn, and the model is not asked again', async () => {
  const fake = await startVendor(anthropic);
  const conversation = await start(fake, { config: { agents: { defaults: { fetchAllow: ['127.0.0.1'] } } } });
  const silent = await startVendor(anthropic);
  silent.reply({ ...says('x'), gate: { before: 0, until: new Promise(() => {}) } });
  fake.reply(calls({ id: 'a', name: 'fetch', input: { url: `${silent.origin}/` } }));
  const stop = new AbortController();
  const last: unknown[] = [];
  for await (const event of conversation.agent.run({ message: 'x' }, stop.signal)) {
    last.push(event);
    if (event.type === 'tool') stop.abort();
  }
  expect(last.at(-1)).toMatchObject({ type: 'error', error: { code: 'UNAVAILABLE' } });
  expect(fake.requests).toHaveLength(1);
});

test('the store records which turns have had effects', async () => {
  const fake = await startVendor(anthropic);
  const inboundToken = 'a-token-of-sixteen';
  const config = { channels: { webhook: { accounts: { default: { url: 'http://127.0.0.1:9/', inboundToken } } } } };
  const conversation = await start(fake, { config });
  const say = (content: string) =>
    conversation.webhooks.receive(
      { accountId: 'default', headers: { authorization: `Bearer ${inboundToken}` } },
      { chat_id: content, content },
    );
  fake.reply(calls(time()), says('noon'));
  await say('time?');
  await expect.poll(() => fake.requests.length).toBe(2);
  fake.reply(calls({ id: 'a', name: 'send', input: { channel: 'webhook', chat_id: 'room', content: 'Tea?' } }), says('Sent.'));
  await say('invite');
  await expect.poll(() => fake.requests.length).toBe(4);
  const store = await openStore({ home: conversation.home });
  const rows = await store.read((tx) =>
    queriesOf(tx)
      .selectFrom('turns')
      .innerJoin('messages', 'messages.turn_id', 'turns.id')
      .where('messages.role', '=', 'user')
      .select(['messages.content', 'turns.is_repeatable'])
      .orderBy('messages.seq')
      .execute(),
  );
  expect(rows).toEqual([
    { content: 'time?', is_repeatable: 1 },
    { content: 'invite', is_repeatable: 0 },
  ]);
});

test('calls of two steps that have the same id are two calls: neither message is lost', async () => {
  const fake = await startVendor(openAiCompletions);
  const config = { channels: { webhook: { accounts: { default: { url: 'http://127.0.0.1:9/' } } } } };
  const conversation = await start(fake, { api: 'openai-completions', config });
  const send = (content: string) => calls({ id: 'call_0', name: 'send', input: { channel: 'webhook', chat_id: 'room', content } });
  fake.reply(send('first'), send('second'), says('Both sent.'));
  expect((await ask(conversation, 'tell them')).last).toMatchObject({ type: 'done', reply: 'Both sent.' });
  expect((await conversation.outgoing.list({})).messages.map(({ content }) => content)).toEqual(['second', 'first']);
});
