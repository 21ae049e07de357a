import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AgentRequest } from '../../../../daemon/worker/turns/agent.js';
import { IDEMPOTENCY_TTL_MS } from '../../../../daemon/worker/store/idempotency.js';
import { rateLimited, says } from '../../../fakes/openai/reply.js';
import { startFakeOpenAi, type FakeOpenAi } from '../../../fakes/openai/server.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { ask, fakeModels, makeConversation, type ConversationOptions, type TestConversation } from '../../../helpers/make-conversation.js';
import { isOnPostgres } from '../../../helpers/store-engine.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const KEY = 'main:api:default:direct:default';
let fake: FakeOpenAi;
let replays = 0;

beforeEach(async () => {
  replays = 0;
  fake = await startFakeOpenAi();
});
afterEach(() => fake.close());

const start = (options: ConversationOptions = {}): Promise<TestConversation> =>
  makeConversation({ models: fakeModels(fake.baseUrl), ...options });

const keyed = (message: string, key = 'k'): AgentRequest => ({
  message,
  idempotency: { key, onReplay: () => void (replays += 1) },
});

/** A reply that is held before its last part until it is let go. */
function held(...parts: string[]) {
  let release = (): void => undefined;
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { reply: { ...says(...parts), gate: { before: parts.length - 1, until } }, release };
}

async function history(conversation: TestConversation): Promise<string[]> {
  return (await conversation.sessions.get(KEY)).messages.map(({ role, content, status }) => `${role} ${status}: ${content}`);
}

const count = expect.any(Number) as number;
const done = (reply: string): unknown => ({
  type: 'done',
  reply,
  session: 'default',
  sessionKey: KEY,
  model: 'fake/one',
  usage: { inputTokens: count, outputTokens: count, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: null },
});

test('a repeated request gets the first answer, for another body a conflict, and the model is asked once', async () => {
  const conversation = await start();
  fake.reply(says('four'));
  expect((await ask(conversation, keyed('2+2?'))).last).toEqual(done('four'));
  expect(replays).toBe(0);
  expect(await ask(conversation, keyed('2+2?'))).toMatchObject({ text: 'four', last: done('four') });
  expect(replays).toBe(1);
  await expect(ask(conversation, keyed('3+3?'))).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining("'k'") as string,
  });
  await expect(ask(conversation, { ...keyed('2+2?'), session: 'other' })).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(fake.requests).toHaveLength(1);
  expect(await history(conversation)).toEqual(['user complete: 2+2?', 'assistant complete: four']);
  await ask(conversation, keyed('2+2?', 'another key'));
  expect(fake.requests).toHaveLength(2);
});

test('a repeated request during the answer gets the same answer from its beginning', async () => {
  const conversation = await start();
  const { reply, release } = held('one ', 'two');
  fake.reply(reply);
  const first = ask(conversation, keyed('count'));
  await fake.received(1);
  const others = Array.from({ length: 10 }, () => ask(conversation, keyed('count')));
  await expect(ask(conversation, keyed('other'))).rejects.toMatchObject({ code: 'CONFLICT' });
  release();
  for (const { text, last } of await Promise.all([first, ...others])) {
    expect(text).toBe('one two');
    expect(last).toEqual(done('one two'));
  }
  expect(replays).toBe(10);
  expect(fake.requests).toHaveLength(1);
});

test('a request that waits for its turn in the session is joined, not queued once more', async () => {
  const conversation = await start();
  const { reply, release } = held('first', '');
  fake.reply(reply, says('second'));
  const before = ask(conversation, 'before');
  await fake.received(1);
  const both = [ask(conversation, keyed('next')), ask(conversation, keyed('next'))];
  release();
  await before;
  expect((await Promise.all(both)).map(({ text }) => text)).toEqual(['second', 'second']);
  expect(fake.requests).toHaveLength(2);
});

test('a turn with a key runs to its end without its caller, who gets the answer with the same key later', async () => {
  const conversation = await start();
  const { reply, release } = held('half', ' and half');
  fake.reply(reply);
  const gone = new AbortController();
  const first = ask(conversation, keyed('hello'), gone.signal);
  await fake.received(1);
  gone.abort(new Error('gone'));
  await expect(first).rejects.toThrow('gone');
  const second = ask(conversation, keyed('hello'));
  release();
  expect((await second).last).toEqual(done('half and half'));
  expect(fake.requests).toHaveLength(1);
});

/** A worker in the middle of an answer, and its successor, which sees it as dead. */
async function cutInTheMiddle(options: ConversationOptions = {}) {
  const home = tempDir();
  const first = await start({ home, instanceId: 'wk_1', ...options });
  fake.reply(held('lost', ' words').reply);
  void ask(first, keyed('hello')).catch(() => undefined);
  await fake.received(1);
  await expect.poll(() => history(first)).toEqual(['user complete: hello']);
  return { home, first };
}

test('after its worker was killed the same question is answered once more, and stands in the session once', async () => {
  const { home } = await cutInTheMiddle();
  const second = await start({ home, instanceId: 'wk_2' });
  fake.reply(says('hi'));
  expect((await ask(second, keyed('hello'))).last).toEqual(done('hi'));
  expect(await history(second)).toEqual(['user complete: hello', 'assistant complete: hi']);
  expect((await ask(second, keyed('hello'))).last).toEqual(done('hi'));
  expect(fake.requests).toHaveLength(2);
});

test("when other messages followed, a killed worker's question is asked again after them and stays in the session once", async () => {
  const { home } = await cutInTheMiddle();
  const second = await start({ home, instanceId: 'wk_2' });
  fake.reply(says('between'), says('hi'));
  await ask(second, 'something else');
  expect((await ask(second, keyed('hello'))).text).toBe('hi');
  expect(await history(second)).toEqual([
    'user complete: something else',
    'assistant complete: between',
    'user complete: hello',
    'assistant complete: hi',
  ]);
});

test('an answer that another live worker gives is waited for', async () => {
  const home = tempDir();
  const live = ['wk_1'];
  const liveInstanceIds = (): string[] => live;
  const first = await start({ home, instanceId: 'wk_1', liveInstanceIds });
  live.push('wk_2');
  const { reply, release } = held('slow', ' answer');
  fake.reply(reply);
  const asked = ask(first, keyed('hello'));
  await fake.received(1);
  await expect.poll(() => history(first)).toEqual(['user complete: hello']);
  const second = await start({ home, instanceId: 'wk_2', liveInstanceIds, isActive: false });
  const repeated = ask(second, keyed('hello'));
  await expect.poll(() => replays).toBe(1);
  release();
  expect((await asked).text).toBe('slow answer');
  expect(await repeated).toMatchObject({ text: 'slow answer', last: done('slow answer') });
  expect(fake.requests).toHaveLength(1);
});

test('an answer that a restart interrupted is given again when the request is repeated', async () => {
  const { home, first } = await cutInTheMiddle();
  const cut = ask(first, keyed('hello'));
  await first.drain(0);
  expect((await cut).last).toMatchObject({ type: 'error', code: 'STOPPING' });
  await first.close();
  const second = await start({ home, instanceId: 'wk_2' });
  fake.reply(says('hi'));
  expect((await ask(second, keyed('hello'))).last).toEqual(done('hi'));
  expect(await history(second)).toEqual(['user complete: hello', 'assistant complete: hi']);
});

test('an answer that takes the worker down three times is not tried again for the same key', async () => {
  const { home } = await cutInTheMiddle();
  for (const instanceId of ['wk_2', 'wk_3']) {
    const next = await start({ home, instanceId });
    fake.reply(held('lost', ' words').reply);
    void ask(next, keyed('hello')).catch(() => undefined);
    await fake.received(Number(instanceId.at(-1)));
    await expect.poll(() => history(next)).toEqual(['user complete: hello']);
  }
  const last = await start({ home, instanceId: 'wk_4' });
  expect((await ask(last, keyed('hello'))).last).toMatchObject({ type: 'error', code: 'CONFLICT' });
  expect(fake.requests).toHaveLength(3);
});

test('an answer that was stopped stays stopped', async () => {
  const conversation = await start();
  fake.reply(held('half', ' rest').reply);
  const { session } = await conversation.sessions.create({ chatId: 'desk' });
  const request = { ...keyed('hello'), session: session.key };
  const first = ask(conversation, request);
  await fake.received(1);
  await expect.poll(() => conversation.chat.stop(session.key)).toBe(true);
  expect((await first).last).toMatchObject({ type: 'error', code: 'CONFLICT' });
  expect((await ask(conversation, request)).last).toMatchObject({
    type: 'error',
    code: 'CONFLICT',
    message: expect.stringContaining('was stopped') as string,
  });
  expect(fake.requests).toHaveLength(1);
});

test('a failure that may pass is tried again with the same key, and the question stands in the session once', async () => {
  const conversation = await start();
  fake.reply(rateLimited('120'), says('now'));
  expect((await ask(conversation, keyed('hello'))).last).toMatchObject({ type: 'error', code: 'RATE_LIMITED' });
  expect((await ask(conversation, keyed('hello'))).last).toEqual(done('now'));
  expect(await history(conversation)).toEqual(['user complete: hello', 'assistant complete: now']);
});

test('a request that is refused uses no key up', async () => {
  const conversation = await start();
  await expect(ask(conversation, { ...keyed('hello'), model: 'fake/none' })).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  await expect(ask(conversation, keyed(''))).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  expect((await ask(conversation, keyed('hello'))).last).toEqual(done('hello'));
});

test.skipIf(isOnPostgres /* where the time is the database's */)('a key is free again after a day', async () => {
  const clock = new FakeClock();
  const conversation = await start({ clock, isActive: false });
  await ask(conversation, keyed('hello'));
  clock.jump(IDEMPOTENCY_TTL_MS);
  expect((await ask(conversation, keyed('other'))).text).toBe('other');
  expect(replays).toBe(0);
});

test('a synchronous message with a key is handled once, and its reply is delivered once', async () => {
  const conversation = await start();
  fake.reply(says('hi'));
  const sync = (content: string) =>
    conversation.messages.sync(
      { channel: 'webchat', chat_id: 'desk', content },
      { deliver: true, signal: new AbortController().signal, idempotency: { key: 'k', onReplay: () => void (replays += 1) } },
    );
  expect(await Promise.all([sync('hello'), sync('hello')])).toEqual([{ reply: 'hi' }, { reply: 'hi' }]);
  expect(await sync('hello')).toEqual({ reply: 'hi' });
  expect(replays).toBe(2);
  await expect(sync('other')).rejects.toMatchObject({ code: 'CONFLICT' });
  expect((await conversation.outgoing.list({})).messages.map(({ content }) => content)).toEqual(['hi']);
});
