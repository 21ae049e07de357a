import { expect, onTestFinished, test } from 'vitest';
import { says } from '../fakes/openai/reply.js';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { startFakeTelegram } from '../fakes/telegram/server.js';
import { startWebhookReceiver } from '../fakes/webhook-receiver/receiver.js';
import { KilledWorker } from '../helpers/killed-worker.js';
import { fakeModels, makeConversation } from '../helpers/make-conversation.js';
import { telegramConfig } from '../helpers/telegram-fixture.js';

const never = new Promise<void>(() => undefined);

async function setUp() {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const receiver = await startWebhookReceiver();
  const config = { channels: { webhook: { accounts: { default: { url: receiver.url, inboundToken: 'inbound-token-of-the-test' } } } } };
  const worker = new KilledWorker(config, fakeModels(model.baseUrl));
  const message = (chatId: string, content: string) => ({ channel: 'webhook', chat_id: chatId, content });
  return { model, receiver, config, worker, message };
}

test('a message whose worker is killed while it is answered is answered by the next one, once', async () => {
  const { model, receiver, config, worker, message } = await setUp();
  model.reply({ ...says('cut'), gate: { before: 0, until: never } }, says('whole'));
  await worker.start();
  await worker.receive('evt-1', message('chat', 'hello'));
  await model.received(1);
  await worker.kill();
  await worker.start();
  await receiver.until((received) => received.length === 1);
  await worker.stop();
  expect(receiver.received.map(({ content }) => content)).toEqual(['whole']);
  const { sessions } = await makeConversation({ home: worker.home, config, isActive: false });
  const { messages } = await sessions.get('main:webhook:default:direct:chat');
  expect(messages.map(({ role, content }) => `${role}: ${content}`)).toEqual(['user: hello', 'assistant: whole']);
});

test('a message that takes three workers down is set aside, its chat is told, and others are answered', async () => {
  const { model, receiver, worker, message } = await setUp();
  model.reply(...[1, 2, 3].map(() => ({ ...says('never'), gate: { before: 0, until: never } })));
  await worker.start();
  await worker.receive('evt-1', message('poisoned', 'boom'));
  for (let death = 1; death <= 3; death += 1) {
    await model.received(death);
    await worker.kill();
    await worker.start();
  }
  await worker.receive('evt-2', message('poisoned', 'next'));
  await worker.receive('evt-3', message('other', 'beside'));
  await receiver.until((received) => received.length === 3);
  await worker.stop();
  const told = receiver.received.filter(({ chatId }) => chatId === 'poisoned').map(({ content }) => content);
  expect(told[0]).toContain('It was set aside');
  expect(told).toHaveLength(2);
  expect(model.requests).toHaveLength(5);
});

test('500 messages that are handed in again and again through 10 kills are each answered once', async () => {
  const { model, receiver, worker, message } = await setUp();
  const MESSAGES = 500;
  await worker.start();
  const accepted = Promise.all(
    Array.from({ length: MESSAGES }, (_, number) => worker.receive(`evt-${number}`, message(`chat-${number % 20}`, `question ${number}`))),
  );
  for (let kill = 1; kill <= 10; kill += 1) {
    await model.received(kill * 20);
    await worker.kill();
    await worker.start();
  }
  await accepted;
  // Some are handed in once more, as a sender does that did not see the answer.
  await Promise.all(
    Array.from({ length: 50 }, (_, number) =>
      worker.receive(`evt-${number * 10}`, message(`chat-${(number * 10) % 20}`, `question ${number * 10}`)),
    ),
  );
  const distinct = (): number => new Set(receiver.received.map(({ id }) => id)).size;
  await receiver.until(() => distinct() >= MESSAGES);
  await worker.stop();
  expect(distinct()).toBe(MESSAGES);
  expect(receiver.received.filter(({ content }) => content.includes('set aside'))).toEqual([]);
  const { sessions } = await makeConversation({ home: worker.home, isActive: false });
  for (let chat = 0; chat < 20; chat += 1) {
    const { messages } = await sessions.get(`main:webhook:default:direct:chat-${chat}`);
    const questions = messages.filter(({ role }) => role === 'user').map(({ content }) => content);
    expect(questions.toSorted()).toEqual(Array.from({ length: MESSAGES / 20 }, (_, index) => `question ${index * 20 + chat}`).toSorted());
  }
});

test('300 updates of Telegram through 8 kills are each taken in once, and nothing is said twice', async () => {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const fake = await startFakeTelegram();
  const config = telegramConfig(fake);
  const worker = new KilledWorker(config, fakeModels(model.baseUrl));
  const PEOPLE = 10;
  const ask = (number: number): void => {
    const id = (number % PEOPLE) + 1;
    fake.say(`question ${number}`, { from: { id, first_name: `P${id}` }, chat: { id, type: 'private' } });
  };
  await worker.start();
  for (let number = 0; number < 300; number += 1) {
    ask(number);
    if (number % 35 !== 34) continue;
    await fake.until(() => fake.bot.sent.length >= number / 2);
    await worker.kill();
    await worker.start();
  }
  await fake.until(() => fake.bot.pendingUpdates === 0 && fake.bot.sent.some(({ text }) => text === 'question 299'));
  const last = Array.from({ length: PEOPLE }, (_, index) => `question ${299 - index}`);
  await fake.until(() => last.every((text) => fake.bot.sent.some((sent) => sent.text === text)));
  await worker.stop();
  const { sessions, outgoing } = await makeConversation({ home: worker.home, config, isActive: false });
  const asked: string[] = [];
  for (let id = 1; id <= PEOPLE; id += 1) {
    const { messages } = await sessions.get(`main:telegram:default:direct:${id}`);
    asked.push(...messages.filter(({ role }) => role === 'user').map(({ content }) => content));
  }
  const all = Array.from({ length: 300 }, (_, number) => `question ${number}`);
  expect(asked.toSorted()).toEqual(all.toSorted());
  const said = fake.bot.sent.map(({ text }) => text);
  expect(new Set(said).size).toBe(said.length);
  const { messages: unknown } = await outgoing.list({ status: 'unknown', limit: 200 });
  const missing = all.filter((text) => !said.includes(text));
  expect(missing.filter((text) => !unknown.some(({ content }) => content === text))).toEqual([]);
  expect(fake.conflicts).toBe(0);
});
