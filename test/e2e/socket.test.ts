/** A half-streamed answer survives whatever happens to the worker that gives it. Through the real binary. */
import { expect, onTestFinished, test } from 'vitest';
import { startFakeOpenAi, type FakeOpenAi } from '../fakes/openai/server.js';
import { ChatFollower } from '../helpers/chat-follower.js';
import { fakeModels } from '../helpers/make-conversation.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

const PARTS = Array.from({ length: 40 }, (_value, index) => `word${index} `);
const TEXT = PARTS.join('');

interface World {
  readonly gateway: RealGateway;
  readonly model: FakeOpenAi;
  readonly chat: ChatFollower;
  readonly session: string;
}

async function makeWorld(): Promise<World> {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const gateway = await RealGateway.create();
  gateway.put('models.json', fakeModels(model.baseUrl));
  gateway.put('config.json', { agents: { defaults: { model: 'fake/one' } } });
  await gateway.run();
  const made = await fetch(`${gateway.url}/api/sessions`, { method: 'POST' });
  const { session } = (await made.json()) as { session: { key: string } };
  const chat = new ChatFollower(gateway.port, session.key);
  await until('the watch', () => chat.isCurrent);
  return { gateway, model, chat, session: session.key };
}

async function stored({ gateway, session }: World): Promise<string[]> {
  const answer = await fetch(`${gateway.url}/api/sessions/${encodeURIComponent(session)}`);
  const { messages } = (await answer.json()) as { messages: { role: string; content: string; status: string }[] };
  return messages.map(({ role, content, status }) => `${role} ${status}: ${content}`);
}

const DONE = [`user complete: Count`, `assistant complete: ${TEXT}`];

async function begin(world: World): Promise<void> {
  world.chat.send('k', 'Count');
  await until('the middle of the answer', () => (world.chat.live?.text.length ?? 0) > 30);
}

test('kill -9 in the middle of an answer: it is given again, whole and once', async () => {
  const world = await makeWorld();
  const { gateway, model, chat } = world;
  model.replyAlways({ type: 'text', parts: PARTS, delayMs: 15 });
  await begin(world);
  for (let round = 0; round < 2; round += 1) {
    const pid = gateway.workerPid();
    process.kill(pid, 'SIGKILL');
    await gateway.untilReplaced(pid);
    await until('the answer to go on', () => (chat.live?.text.length ?? 0) > 30 || chat.messages.size > 1);
  }
  await chat.untilSaid(`assistant: ${TEXT}`);
  expect(chat.faults).toEqual([]);
  expect([...chat.messages.values()]).toEqual(['user: Count', `assistant: ${TEXT}`]);
  for (const text of chat.spoken.values()) expect(TEXT.startsWith(text)).toBe(true);
  expect(await stored(world)).toEqual(DONE);
});

test('a restart waits for the answer, streamed to its end; then the client is sent to the new worker', async () => {
  const world = await makeWorld();
  const { gateway, model, chat } = world;
  model.replyAlways({ type: 'text', parts: PARTS, delayMs: 20 });
  await begin(world);
  const restarted = gateway.xopc('gateway', 'restart');
  await chat.untilSaid(`assistant: ${TEXT}`);
  await until('the new worker', () => chat.closes.length > 0 && chat.isCurrent);
  expect([chat.faults, chat.closes, chat.spoken.size, model.requests.length]).toEqual([[], [1012], 1, 1]);
  expect((await restarted).code).toBe(0);
  expect(await stored(world)).toEqual(DONE);
});

test('an answer that is longer than the drain is given by the next worker, and nothing of it is lost or doubled', async () => {
  const world = await makeWorld();
  const { gateway, model, chat } = world;
  model.reply({ type: 'text', parts: PARTS, gate: { before: 20, until: new Promise(() => undefined) } });
  model.replyAlways({ type: 'text', parts: PARTS, delayMs: 5 });
  await begin(world);
  expect((await gateway.xopc('gateway', 'restart', '--timeout', '1500')).code).toBe(0);
  await chat.untilSaid(`assistant: ${TEXT}`);
  expect([chat.faults, model.requests.length]).toEqual([[], 2]);
  expect([...chat.messages.values()]).toEqual(['user: Count', `assistant: ${TEXT}`]);
  expect(await stored(world)).toEqual(DONE);
});

test('a client without a network for a while gets what it missed, from where it was', async () => {
  const world = await makeWorld();
  const { model, chat } = world;
  let open: (value?: unknown) => void = () => undefined;
  model.reply({ type: 'text', parts: PARTS, delayMs: 3, gate: { before: 30, until: new Promise((resolve) => (open = resolve)) } });
  await begin(world);
  chat.cut();
  const had = chat.live?.text ?? '';
  chat.connect();
  await until('the rest up to the gate', () => chat.live?.text === PARTS.slice(0, 30).join(''));
  expect([chat.faults, TEXT.startsWith(had), chat.spoken.size]).toEqual([[], true, 1]);
  chat.cut();
  open();
  await until('the answer on disk', async () => (await stored(world)).length === 2);
  chat.connect();
  await chat.untilSaid(`assistant: ${TEXT}`);
  expect(chat.faults).toEqual([]);
  expect(chat.messages.size).toBe(2);
});
