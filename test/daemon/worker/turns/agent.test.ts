import { afterEach, beforeEach, expect, test } from 'vitest';
import { GatewayError } from '../../../../shared/errors.js';
import { says, unauthorized } from '../../../fakes/openai/reply.js';
import { startFakeOpenAi, type FakeOpenAi } from '../../../fakes/openai/server.js';
import {
  ask,
  fakeModels,
  makeConversation,
  readTurn,
  type ConversationOptions,
  type TestConversation,
} from '../../../helpers/make-conversation.js';

let fake: FakeOpenAi;

beforeEach(async () => {
  fake = await startFakeOpenAi({ apiKey: 'sk-fake', models: ['one', 'two'] });
});

afterEach(() => fake.close());

const start = (options: ConversationOptions = {}): Promise<TestConversation> =>
  makeConversation({ models: fakeModels(fake.baseUrl), ...options });

const KEY = 'main:api:default:direct:default';

async function history(conversation: TestConversation, key = KEY): Promise<string[]> {
  const { messages } = await conversation.sessions.get(key);
  return messages.map(({ role, content, status, model }) => `${role} ${status} ${model ?? '-'}: ${content}`);
}

test('a turn streams the answer and ends when question and answer are on disk', async () => {
  const conversation = await start();
  fake.reply(says('Good ', 'morning'));
  const { text, last } = await ask(conversation, 'hello');
  expect(text).toBe('Good morning');
  expect(last).toEqual({
    type: 'done',
    reply: 'Good morning',
    session: 'default',
    sessionKey: KEY,
    model: 'fake/one',
    usage: { inputTokens: 2, outputTokens: 3, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: null },
  });
  expect(await history(conversation)).toEqual(['user complete -: hello', 'assistant complete fake/one: Good morning']);
});

test('the question is on disk before the first event of the answer', async () => {
  const conversation = await start();
  fake.reply(says('x'));
  const seen: string[][] = [];
  for await (const event of conversation.agent.run({ message: 'durable?' }, new AbortController().signal)) {
    if (event.type === 'delta') seen.push(await history(conversation));
  }
  expect(seen[0]?.[0]).toBe('user complete -: durable?');
});

test('the text is the last message, verbatim, after the conversation so far', async () => {
  const conversation = await start({ config: { agents: { list: [{ id: 'main', systemPrompt: 'Be brief.' }] } } });
  const text = ' \u0000"quotes" \u001A1 ``` \r\n🌍 ';
  await ask(conversation, text);
  await ask(conversation, 'again');
  expect(fake.requests[1]?.messages).toEqual([
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: text },
    { role: 'assistant', content: (await conversation.sessions.get(KEY)).messages[1]?.content },
    { role: 'user', content: 'again' },
  ]);
});

test('turns of one session run one after another, those of two side by side', async () => {
  const conversation = await start();
  const gates = ['a', 'b'].map(() => {
    let open = (): void => undefined;
    const until = new Promise<void>((resolve) => {
      open = resolve;
    });
    return { open: () => open(), until };
  });
  fake.reply(
    { ...says('one'), gate: { before: 0, until: gates[0]!.until } },
    { ...says('elsewhere'), gate: { before: 0, until: gates[1]!.until } },
  );
  const first = ask(conversation, { message: '1', session: 's' });
  await fake.received(1);
  const second = ask(conversation, { message: '2', session: 's' });
  const other = ask(conversation, { message: '3', session: 't' });
  await fake.received(2);
  gates[1]!.open();
  expect((await other).text).toBe('elsewhere');
  expect(fake.requests).toHaveLength(2);
  gates[0]!.open();
  await Promise.all([first, second]);
  expect(fake.requests[2]?.messages.map(({ content }) => content)).toEqual(['1', 'one', '2']);
});

test('an abort keeps the text so far, closes the call and starts the next turn', async () => {
  const conversation = await start();
  fake.reply({ ...says('half ', 'never'), gate: { before: 1, until: new Promise(() => {}) } });
  const abort = new AbortController();
  const events: string[] = [];
  for await (const event of conversation.agent.run({ message: 'long' }, abort.signal)) {
    events.push(event.type);
    if (event.type === 'delta') abort.abort(new GatewayError('STOPPING', { message: 'it stops' }));
    if (event.type === 'error') expect(event).toMatchObject({ error: { code: 'STOPPING', message: 'it stops' } });
  }
  expect(events).toEqual(['delta', 'error']);
  await expect(fake.requests[0]?.ended).resolves.toBe('aborted');
  expect(await history(conversation)).toEqual(['user complete -: long', 'assistant aborted fake/one: half ']);
  expect((await ask(conversation, 'next')).text).toBe('next');
});

test('a reader that leaves stops the turn', async () => {
  const conversation = await start();
  fake.reply({ ...says('half ', 'never'), gate: { before: 1, until: new Promise(() => {}) } });
  for await (const event of conversation.agent.run({ message: 'long' }, new AbortController().signal)) if (event.type === 'delta') break;
  await expect(fake.requests[0]?.ended).resolves.toBe('aborted');
  await ask(conversation, 'next');
  expect((await history(conversation))[1]).toBe('assistant aborted fake/one: half ');
});

test('a turn that is aborted in the queue stores no question', async () => {
  const conversation = await start();
  fake.reply({ ...says('one ', 'two'), gate: { before: 1, until: new Promise(() => {}) } });
  const [first, second] = [new AbortController(), new AbortController()];
  const running = ask(conversation, '1', first.signal);
  await fake.received(1);
  const waiting = ask(conversation, '2', second.signal);
  second.abort();
  expect((await waiting).last).toMatchObject({ type: 'error', code: 'UNAVAILABLE' });
  first.abort();
  await running;
  expect((await history(conversation)).filter((line) => line.startsWith('user'))).toEqual(['user complete -: 1']);
  expect(fake.requests).toHaveLength(1);
});

test("a provider's failure names the provider and what to do, and keeps the text so far", async () => {
  const conversation = await start();
  fake.reply(unauthorized());
  const refused = await ask(conversation, 'a');
  expect(refused.last).toMatchObject({ type: 'error', code: 'AGENT_ERROR', details: { provider: 'fake', reason: 'auth', status: 401 } });
  expect(refused.last).toHaveProperty(
    'message',
    expect.stringContaining("fake refused the API key (HTTP 401). Check the provider's apiKey in models.json."),
  );
  fake.reply({ type: 'broken', parts: ['half '], how: 'garbage' });
  const broken = await ask(conversation, { message: 'b', session: 'two' });
  expect(broken.last).toMatchObject({ type: 'error', code: 'AGENT_ERROR' });
  expect(await history(conversation, 'main:api:default:direct:two')).toEqual([
    'user complete -: b',
    'assistant error fake/one: half ',
    expect.stringMatching(/^system error -: fake returned an invalid response/),
  ]);
});

test.each([
  { name: 'an empty message', request: { message: '' }, code: 'INVALID_REQUEST' },
  { name: 'a message of blanks', request: { message: ' \n\u200b' }, code: 'INVALID_REQUEST' },
  { name: 'an unknown agent', request: { message: 'x', agentId: 'nobody' }, code: 'INVALID_REQUEST' },
  { name: 'a provider that is not there', request: { message: 'x', model: 'none/one' }, code: 'MODEL_NOT_FOUND' },
  { name: 'a model that the provider does not have', request: { message: 'x', model: 'fake/three' }, code: 'MODEL_NOT_FOUND' },
  {
    name: 'a key of a session that is not there',
    request: { message: 'x', session: 'main:webchat:default:direct:gone' },
    code: 'SESSION_NOT_FOUND',
  },
  {
    name: 'a key of another agent',
    request: { message: 'x', session: 'b:webchat:default:direct:x', agentId: 'main' },
    code: 'INVALID_REQUEST',
  },
  { name: 'a session name with a line break', request: { message: 'x', session: 'a\nb' }, code: 'INVALID_REQUEST' },
])('$name is thrown before the first event, and nothing is stored', async ({ request, code }) => {
  const conversation = await start();
  await expect(ask(conversation, request)).rejects.toMatchObject({ code });
  expect((await conversation.sessions.list({})).sessions).toEqual([]);
  expect(fake.requests).toEqual([]);
});

test('deleting a session stops its answer', async () => {
  const conversation = await start();
  fake.reply({ ...says('one ', 'two'), gate: { before: 1, until: new Promise(() => {}) } });
  const asking = ask(conversation, 'x');
  await fake.received(1);
  await conversation.sessions.delete(KEY);
  expect((await asking).last).toMatchObject({ type: 'error', code: 'SESSION_NOT_FOUND' });
});

test('a drain lets turns end until its timeout, then stops them and keeps their text', async () => {
  const conversation = await start();
  fake.reply(says('quick'), { ...says('slow ', 'never'), gate: { before: 1, until: new Promise(() => {}) } });
  const quick = ask(conversation, { message: 'a', session: 'quick' });
  await fake.received(1);
  const slow = ask(conversation, { message: 'b', session: 'slow' });
  await fake.received(2);
  expect(await conversation.drain(200)).toBe(1);
  expect((await quick).last?.type).toBe('done');
  expect((await slow).last).toMatchObject({ type: 'error', code: 'STOPPING' });
  expect(await history(conversation, 'main:api:default:direct:slow')).toEqual(['user complete -: b', 'assistant aborted fake/one: slow ']);
});

test('an answer reaches a slow reader whole, in fewer parts', async () => {
  const conversation = await start();
  fake.reply(says(...Array.from({ length: 500 }, (_, index) => `${index} `)));
  const events = conversation.agent.run({ message: 'count' }, new AbortController().signal);
  const iterator = events[Symbol.asyncIterator]();
  const first = await iterator.next();
  await fake.requests[0]?.ended;
  while ((await conversation.sessions.get(KEY)).messages.length < 2) await new Promise(setImmediate);
  const rest = await readTurn({ [Symbol.asyncIterator]: () => iterator });
  const text = (first.value as { text: string }).text + rest.text;
  expect(text).toBe(Array.from({ length: 500 }, (_, index) => `${index} `).join(''));
  expect(rest.events.length).toBeLessThan(50);
});
