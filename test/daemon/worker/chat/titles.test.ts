import { expect, onTestFinished, test } from 'vitest';
import type { GatewayEvent } from '../../../../shared/api/gateway/events.js';
import type { Clock } from '../../../../shared/clock.js';
import { apiError, says, type Reply } from '../../../fakes/openai/reply.js';
import { startFakeOpenAi } from '../../../fakes/openai/server.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { makeConversation } from '../../../helpers/make-conversation.js';

const QUESTION = 'Could you **please** tell me how a lock of a canal works, and who invented it?';
const WORDS = 'Could you please tell me how a lock of a canal works, and…';
const PRICES = { input: 1_000, output: 10_000 };

async function makeWorld({ titles = 'model', ...options }: { titles?: 'model' | 'words'; clock?: Clock; home?: string } = {}) {
  const model = await startFakeOpenAi({ models: ['one'] });
  onTestFinished(() => model.close());
  const events: GatewayEvent[] = [];
  const waiting: (() => void)[] = [];
  const conversation = await makeConversation({
    ...options,
    config: {
      agents: { defaults: { model: 'fake/one', titles } },
      channels: { webhook: { accounts: { default: { url: 'http://127.0.0.1:9/' } } } },
    },
    models: { providers: { fake: { baseUrl: model.baseUrl, apiKey: 'sk-fake', models: [{ id: 'one', cost: PRICES }] } } },
    publish(event) {
      events.push(event);
      for (const look of waiting.splice(0)) look();
    },
  });
  /** Resolves once such an event was published. */
  const published = async (isIt: (event: GatewayEvent) => boolean): Promise<void> => {
    while (!events.some(isIt)) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const { session } = await conversation.sessions.create({});
  const send = (content: string) => conversation.chat.send({ session: session.key, content, key: content }, undefined);
  const read = () => conversation.sessions.get(session.key);
  return { model, conversation, key: session.key, events, published, send, read };
}

const isNamed = ({ type, ...event }: GatewayEvent): boolean => type === 'session' && 'change' in event && event.change === 'updated';
const isCalled = ({ type }: GatewayEvent): boolean => type === 'completion';

test('a chat is named by its model after its first answer: one short call, which is part of the usage and no turn', async () => {
  const { model, conversation, published, send, read } = await makeWorld();
  model.reply(says('By its gates.'), says('**“Canal ', 'locks”**.'));
  await send(QUESTION);
  await published(isNamed);
  const { session, messages, usage } = await read();
  expect([session.title, messages.length]).toEqual(['Canal locks', 2]);
  const { body } = model.requests[1] ?? {};
  expect(body).toMatchObject({
    model: 'one',
    messages: [{ role: 'system' }, { content: expect.stringContaining('By its gates.') as string }],
  });
  expect(body?.['max_tokens'] ?? body?.['max_completion_tokens']).toBeLessThanOrEqual(32);
  const total = model.requests.reduce(
    (sum, { messages: said }) => sum + Math.ceil(said.map(({ content }) => content).join('').length / 4),
    0,
  );
  expect(usage.inputTokens).toBe(total);
  expect(usage.costUsd).toBeGreaterThan((total * PRICES.input) / 1_000_000);
  const counted = await conversation.usage.read({ days: 1, utcOffsetMinutes: 0 });
  expect(counted.total).toMatchObject({ turns: 1, inputTokens: total, costUsd: usage.costUsd });

  // Later answers name nothing.
  await send('And the second question?');
  await published((event) => event.type === 'turn' && event.state === 'done' && model.requests.length === 3);
  expect((await read()).session.title).toBe('Canal locks');
});

test('of an answer without an end the beginning is looked at', async () => {
  const { model, published, send, read } = await makeWorld();
  model.reply(says('By its gates.'), says('Canal locks', '.'.repeat(100_000), ' 5'));
  await send(QUESTION);
  await published(isNamed);
  expect((await read()).session.title).toBe('Canal locks');
});

test('a name that somebody gave meanwhile stays', async () => {
  const { model, conversation, key, published, send, read } = await makeWorld();
  let goOn = (): void => undefined;
  model.reply(says('By its gates.'), {
    ...says('Canal locks'),
    gate: { before: 0, until: new Promise<void>((resolve) => (goOn = resolve)) },
  });
  await send(QUESTION);
  await model.received(2);
  await conversation.archive.change(key, { title: 'Mine' });
  goOn();
  await published(isCalled);
  // Written after the title would be.
  await conversation.archive.change(key, { pinned: true });
  expect((await read()).session.title).toBe('Mine');
});

test('its model gets the start of a long question and a long answer, without half a character', async () => {
  const { model, published, send } = await makeWorld();
  const [crabs, start] = [300, 299].map((count) => `x${'\u{1F980}'.repeat(count)}`);
  model.reply(says(`${crabs}y`), says('Crabs'));
  await send(`${crabs}z`);
  await published(isNamed);
  expect(model.requests[1]?.messages[1]?.content).toBe(`Question:\n${start}\n\nAnswer:\n${start}`);
});

test.each<[string, Reply]>([
  ['fails', apiError(500, { message: 'broken' })],
  ['does not finish', { ...says('A very long title that'), finishReason: 'length' }],
  ['says nothing', says('""')],
  ['shows its thoughts', says('<think>The user wants')],
])('if the model %s, the first words stay', async (_what, reply) => {
  const { model, conversation, key, published, send, read } = await makeWorld();
  model.reply(says('By its gates.'), reply);
  await send(QUESTION);
  await published(isCalled);
  await conversation.archive.change(key, { pinned: true });
  expect((await read()).session.title).toBe(WORDS);
});

test('the next question and the time limit of ten seconds end the call, and so does the end of the worker', async () => {
  const clock = new FakeClock();
  const hangs: Reply = { ...says('Title'), gate: { before: 0, until: new Promise(() => undefined) } };
  const ends: ((world: Awaited<ReturnType<typeof makeWorld>>) => unknown)[] = [
    ({ send }) => send('Another one'),
    () => clock.advance(10_000),
    ({ conversation }) => conversation.close(),
  ];
  for (const end of ends) {
    const world = await makeWorld({ clock });
    world.model.reply(says('By its gates.'), hangs);
    await world.send(QUESTION);
    await world.model.received(2);
    await end(world);
    expect(await world.model.requests[1]?.ended).toBe('aborted');
  }
});

test('unless it is asked for, and for programs, no model is asked for a name', async () => {
  const words = await makeWorld({ titles: 'words' });
  await words.send(QUESTION);
  await words.published((event) => event.type === 'turn' && event.state === 'done');
  expect((await words.read()).session.title).toBe(WORDS);
  const { model, conversation, key, published } = await makeWorld();
  const { signal } = new AbortController();
  for await (const _event of conversation.agent.run({ message: QUESTION, session: key }, signal));
  await conversation.messages.sync({ channel: 'webchat', chat_id: 'sync', content: QUESTION }, { deliver: false, signal });
  await conversation.webhooks.receive({ accountId: 'default', headers: {} }, { chat_id: '1', content: QUESTION });
  await published((event) => event.type === 'turn' && event.state === 'done' && event.session.includes(':webhook:'));
  // Ends and counts calls that have begun.
  await conversation.close();
  expect([words.model.requests.length, model.requests.length]).toEqual([1, 3]);
});

test('it counts against the limits of the turn, and if one is spent, the first words stay', async () => {
  const { model, conversation, key, published, read } = await makeWorld();
  const { accessTokens: tokens, chat, log, sessions } = conversation;
  const limitedTo = async (dailyUsd: number) => (await tokens.add({ name: `up to ${dailyUsd}`, scopes: ['chat'], dailyUsd })).token.id;
  model.reply(says('By its gates.'), says('Canal locks'), says('By its gates.'));
  await chat.send({ session: key, content: QUESTION, key: 'a' }, await limitedTo(50));
  await published(isNamed);
  const [{ spentTodayUsd } = {}] = await tokens.list();
  expect(spentTodayUsd).toBeCloseTo((await read()).usage.costUsd, 9);

  const { session } = await sessions.create({});
  await chat.send({ session: session.key, content: QUESTION, key: 'b' }, await limitedTo(0.000_001));
  await expect.poll(() => log.entries.find(({ message }) => message === 'failed to name a session')?.level).toBe('info');
  expect([(await sessions.get(session.key)).session.title, model.requests.length]).toEqual([WORDS, 3]);
});
