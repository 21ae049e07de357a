import { expect, test } from 'vitest';
import { callsTools, apiError, says, type Reply } from '../../../../fakes/openai/reply.js';
import { eventually } from '../../../../helpers/eventually.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { makeLongChat } from '../../../../helpers/long-chat.js';
import { ask, makeConversation } from '../../../../helpers/make-conversation.js';

const FACT = '4711';
const never = new Promise(() => undefined);
const hangs = (text: string): Reply => ({ ...says(text), gate: { before: 0, until: never } });

test('a chat of 400 turns keeps what its first one said, in pieces that fit the model; without summaries it does not', async () => {
  const { memory, conversation, key, events, send, settled, list } = await makeLongChat({ turns: 400 });
  memory.replyAlways(says(`They said that the code is ${FACT}.`));
  expect((await send('Hello?')).given).not.toContain(FACT);
  await memory.received(1);
  await settled();
  const calls = memory.requests.length;
  expect(calls).toBeGreaterThan(4);
  expect(calls).toBeLessThanOrEqual(12);
  for (const { messages } of memory.requests) expect(JSON.stringify(messages).length).toBeLessThan(8_000 * 4);
  const [first, second] = memory.requests.map(({ messages }) => messages.at(-1)?.content);
  expect(first).toContain(`User (2026-02-03 04:05):\n> The code of the lock is ${FACT}.\n\nAgent (2026-02-03 04:05):\n> Answer 0: more`);
  expect(second).toContain(`The summary so far:\n> They said that the code is ${FACT}.`);
  expect(events.filter(({ type }) => type === 'completion')).toHaveLength(calls);

  const summaries = await list();
  expect(summaries.map(({ state }) => state)).toEqual(['inUse', 'earlier', 'earlier', 'earlier', 'earlier']);
  const { usage } = await conversation.sessions.get(key);
  expect(usage.costUsd).toBeGreaterThan(summaries.reduce((sum, one) => sum + (one.usage.costUsd ?? 0), 0));

  const { given } = await send('What is the code?');
  expect(given).toContain(`> They said that the code is ${FACT}.`);
  expect(given).toContain('Question 399');
  // There is nothing to do again before the context is full again.
  await conversation.close();
  expect(memory.requests).toHaveLength(calls);

  const without = await makeLongChat({ defaults: { summaries: false } });
  await without.send('Hello?');
  await without.conversation.close();
  expect(without.memory.requests).toHaveLength(0);
});

test('many short messages are summarised, too: a model gets at most 1,000 messages, however large its window is', async () => {
  const { memory, send, settled } = await makeLongChat({ turns: 600, contextWindow: 1_000_000 });
  memory.replyAlways(says(`They said that the code is ${FACT}.`));
  expect((await send('Hello?')).given).not.toContain(FACT);
  await memory.received(1);
  await settled();
  const { given } = await send('What is the code?');
  expect(given).toContain(`> They said that the code is ${FACT}.`);
  expect(given).toContain('Question 500:');
  expect(given).not.toContain('Question 400:');
});

test('a long result of a tool counts as the part that models get, so that the messages around it are kept, too', async () => {
  const { memory, send, settled } = await makeLongChat({ output: 'page '.repeat(20_000) });
  memory.replyAlways(says('In short.'));
  await send('One?');
  await memory.received(1);
  await settled();
  const { given } = await send('Two?');
  expect(given).toContain('> In short.');
  for (const question of ['Question 56', 'Question 57', 'Question 58', 'Question 59', 'One?']) expect(given).toContain(question);
  expect(given).not.toContain('Question 50');
});

test('as long as none can be made, the oldest messages are left out; that is logged once, and tried again later', async () => {
  const clock = new FakeClock();
  const { memory, conversation, send, settled, list } = await makeLongChat({ clock });
  const useless: readonly Reply[] = [
    apiError(500, { message: 'broken' }),
    says(' '),
    says('<think>The user'),
    callsTools({ name: 'time', input: {} }),
    { ...says('I cannot'), finishReason: 'content_filter' },
    says(...Array.from({ length: 40 }, () => 'x'.repeat(25_000))),
  ];
  for (const [index, reply] of useless.entries()) {
    memory.reply(reply);
    expect((await send('Again?')).given).toContain('Question 59');
    await memory.received(index + 1);
    await settled();
    expect(await list()).toEqual([]);
    await send('Too early?');
    expect(memory.requests).toHaveLength(index + 1);
    clock.advance(21_600_000);
  }
  const logged = conversation.log.entries.filter(({ message }) => message.includes('could not be summarised'));
  expect(logged).toMatchObject([{ fields: { model: 'memory/small' } }]);
  memory.reply(says('At last.'));
  await send('Now?');
  await eventually(async () => expect(await list()).toMatchObject([{ content: 'At last.', state: 'inUse' }]));
});

test('turns do not wait for it; a worker that ends leaves it to the next one, and two make one', async () => {
  const living = ['wk_test'];
  const { memory, conversation, shared, key, send } = await makeLongChat({ liveInstanceIds: () => living });
  living.push('wk_other');
  const other = await makeConversation({ ...shared, home: conversation.home, instanceId: 'wk_other', isActive: false });
  memory.reply(hangs('Never.'));
  await send('One?');
  await memory.received(1);
  const during = await send('Two?', other);
  expect([during.turn.last?.type, during.given.includes('Question 59')]).toEqual(['done', true]);
  // Written after what the other has looked at.
  await other.archive.change(key, { pinned: true });
  await conversation.close();
  expect(await memory.requests[0]?.ended).toBe('aborted');
  expect(memory.requests).toHaveLength(1);
  memory.reply(says('By the other.'));
  await send('Three?', other);
  await eventually(async () => expect(await other.sessions.summaries(key)).toHaveLength(1));
  expect(memory.requests).toHaveLength(2);
});

test('a reader takes the full history instead, until it has grown by as much again; a fork and /new have their own', async () => {
  const { memory, conversation, key, send, settled, list } = await makeLongChat({ turns: 100 });
  memory.replyAlways(says('In short.'));
  await send('One?');
  await memory.received(1);
  await settled();
  const [first] = await list();
  const calls = memory.requests.length;
  expect((await send('Two?')).given).toContain('> In short.');
  const forked = await conversation.archive.fork(key, undefined);
  expect(await conversation.sessions.summaries(forked.key)).toMatchObject([
    { state: 'inUse', content: 'In short.', usage: { costUsd: null } },
  ]);

  await expect(conversation.sessions.undoSummary(key, 'sum_other')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect((await conversation.sessions.undoSummary(key, first?.id ?? '')).every(({ state }) => state === 'undone')).toBe(true);
  expect((await send('Three?')).given).not.toContain('> In short.');
  await settled();
  expect(memory.requests).toHaveLength(calls);
  await send(`Four? ${'long '.repeat(3_500)}`);
  await memory.received(calls + 1);
  await settled();
  expect((await list())[0]).toMatchObject({ state: 'inUse' });

  await send('/new');
  expect((await send('Five?')).given).toBe('Five?');
  expect((await list()).some(({ state }) => state === 'inUse')).toBe(false);
});

test('one that costs nothing gives way to the next question, which may wait for the same server, but not forever', async () => {
  const { memory, send } = await makeLongChat({ cost: { input: 0, output: 0 } });
  memory.replyAlways(hangs('Never.'));
  await send('One?');
  await memory.received(1);
  await send('Two?');
  expect(await memory.requests[0]?.ended).toBe('aborted');
  // Each question ends one, or begins one.
  for (let count = 0; count < 10; count += 1) await send('Next?');
  const last = memory.requests.at(-1);
  expect(memory.requests.length).toBeLessThanOrEqual(4);
  await send('Last?');
  expect(memory.requests.at(-1)).toBe(last);
  expect(await Promise.race([last?.ended, Promise.resolve('goes on')])).toBe('goes on');
});

test('it is charged to the access token whose turn it follows', async () => {
  const { memory, chat, conversation, key, settled } = await makeLongChat();
  const { accessTokens: tokens, usage } = conversation;
  const { token } = await tokens.add({ name: 'ci', scopes: ['chat'] });
  memory.replyAlways(says('In short.'));
  chat.reply(says('fine'));
  await ask(conversation, { message: 'Hello?', session: key, access: await tokens.findById(token.id) });
  await memory.received(1);
  await settled();
  const calls = memory.requests.length;
  expect((await usage.read({ days: 2, utcOffsetMinutes: 0 })).tokens).toMatchObject([{ id: token.id, turns: 1, calls }]);
});

test('if it is refused to the access token whose turn it follows, it follows the next turn, and nothing is logged', async () => {
  const { memory, chat, conversation, key, send } = await makeLongChat();
  const { accessTokens: tokens, log } = conversation;
  const { token } = await tokens.add({ name: 'ci', scopes: ['chat'] });
  memory.replyAlways(says('In short.'));
  let answer = (): void => undefined;
  const until = new Promise<void>((resolve) => (answer = resolve));
  chat.reply({ ...says('fine'), gate: { before: 0, until } });
  const turn = ask(conversation, { message: 'Hello?', session: key, access: await tokens.findById(token.id) });
  await chat.received(1);
  await tokens.revoke(token.id);
  answer();
  expect((await turn).last?.type).toBe('done');
  // The first turns may come before the refusal.
  for (let count = 0; count < 20 && memory.requests.length === 0; count += 1) await send('Next?');
  expect(memory.requests.length).toBeGreaterThan(0);
  expect(log.entries.filter(({ message }) => message.includes('could not be summarised'))).toEqual([]);
});
