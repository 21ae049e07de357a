import { expect, test } from 'vitest';
import { startFakeOpenAi, type FakeOpenAi } from '../../../fakes/openai/server.js';
import { says } from '../../../fakes/openai/reply.js';
import { onTestFinished } from 'vitest';
import { startHttpApp } from '../../../helpers/http-app.js';
import { fakeModels, makeConversation, type TestConversation } from '../../../helpers/make-conversation.js';
import { greetSocket, type SocketClient } from '../../../helpers/socket-client.js';

interface World {
  readonly model: FakeOpenAi;
  readonly conversation: TestConversation;
  readonly port: number;
  readonly session: string;
  readonly client: SocketClient;
}

const CONFIG = { agents: { defaults: { model: 'fake/one' }, list: [{ id: 'main' }, { id: 'second' }] } };

async function makeWorld(options: { agentId?: string } = {}): Promise<World> {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const conversation = await makeConversation({ config: CONFIG, models: fakeModels(model.baseUrl) });
  const { port } = await startHttpApp({ services: conversation });
  const { session } = await conversation.sessions.create(options);
  const client = await greetSocket(port);
  return { model, conversation, port, session: session.key, client };
}

/** What a page shows: messages by number, and the answer that grows. */
function view(client: SocketClient): { messages: string[]; live: string } {
  const messages = new Map<number, string>();
  let live = '';
  for (const frame of client.frames) {
    if (frame.type === 'reset') messages.clear();
    if (frame.type === 'rewound') for (const seq of messages.keys()) if (seq >= frame.fromSeq) messages.delete(seq);
    if (frame.type === 'message') messages.set(frame.seq, `${frame.message.role}: ${frame.message.content}`);
    if (frame.type === 'turn' && frame.state === 'running' && frame.at === 0) live = '';
    if (frame.type === 'delta') {
      expect(frame.at).toBe(live.length);
      live += frame.text;
    }
  }
  return { messages: [...messages.values()], live };
}

test('a message is stored, answered in deltas, and the answer is the message that is kept', async () => {
  const { model, session, client } = await makeWorld();
  model.reply(says('Hel', 'lo ', 'there'));
  client.send('watch', { session });
  expect(await client.next('current')).toMatchObject({ session, hasOlder: false });
  const id = client.send('send', { session, key: 'k1', content: 'Hi' });
  const { re, messageId, repeated } = await client.next('sent');
  expect([re, repeated]).toEqual([id, false]);
  await client.next('turn', ({ state }) => state === 'done');
  expect(view(client).messages).toEqual(['user: Hi', 'assistant: Hello there']);
  const question = client.frames.find((frame) => frame.type === 'message');
  expect(question).toMatchObject({ message: { id: messageId, status: 'complete' } });
});

test('the same key again is the same message, answered once', async () => {
  const { model, session, client, conversation } = await makeWorld();
  client.send('watch', { session });
  const send = (): string => client.send('send', { session, key: 'again', content: 'Once' });
  send();
  const first = await client.next('sent');
  send();
  const second = await client.next('sent');
  expect(second).toMatchObject({ messageId: first.messageId, repeated: true });
  await client.next('turn', ({ state }) => state === 'done');
  expect((await conversation.sessions.get(session)).messages).toHaveLength(2);
  expect(model.requests).toHaveLength(1);
});

test('a key that was used for something else is refused, and nothing is answered twice', async () => {
  const { session, client, conversation } = await makeWorld();
  client.send('watch', { session });
  client.send('send', { session, key: 'k', content: 'Once' });
  await client.next('turn', ({ state }) => state === 'done');
  const re = client.send('send', { session, key: 'k', content: 'Twice' });
  expect(await client.next('error')).toMatchObject({ re, error: { code: 'CONFLICT', message: expect.stringContaining("key 'k'") } });
  client.send('send', { session, key: 'k', content: 'Once' });
  expect(await client.next('sent', ({ repeated }) => repeated)).toBeDefined();
  expect((await conversation.sessions.get(session)).messages).toHaveLength(2);
});

test('a watcher that joins in the middle of an answer gets its text so far and the rest, once', async () => {
  const { model, session, client, port } = await makeWorld();
  let open: (value?: unknown) => void = () => undefined;
  const gate = { before: 2, until: new Promise((resolve) => (open = resolve)) };
  model.reply({ type: 'text', parts: ['one ', 'two ', 'three'], gate });
  client.send('watch', { session });
  client.send('send', { session, key: 'k', content: 'Count' });
  await client.next('delta', ({ at, text }) => at + text.length === 8);
  const question = client.frames.find((frame) => frame.type === 'message');
  const { turn } = client.frames.find((frame) => frame.type === 'turn') ?? { turn: '' };
  const late = await greetSocket(port);
  late.send('watch', { session });
  await late.next('delta', ({ at, text }) => at === 0 && text === 'one two ');
  // One that has the first four characters asks for the rest only.
  const resumed = await greetSocket(port);
  resumed.send('watch', { session, after: question?.type === 'message' ? question.seq : 0, turn: { id: turn, length: 4, tools: 0 } });
  expect(await resumed.next('turn')).toMatchObject({ turn, state: 'running', at: 4 });
  expect(await resumed.next('delta')).toMatchObject({ at: 4, text: 'two ' });
  open();
  for (const each of [client, late, resumed]) await each.next('turn', ({ state }) => state === 'done');
  expect(view(late).messages).toEqual(['user: Count', 'assistant: one two three']);
  expect(resumed.frames.filter(({ type }) => type === 'message')).toHaveLength(1);
});

test('stop ends the answer and keeps its text so far', async () => {
  const { model, session, client, conversation } = await makeWorld();
  model.reply({ type: 'text', parts: ['said', 'never'], gate: { before: 1, until: new Promise(() => undefined) } });
  client.send('watch', { session });
  client.send('send', { session, key: 'k', content: 'Go' });
  await client.next('delta');
  client.send('stop', { session });
  expect((await client.next('stopped')).stopped).toBe(true);
  await client.next('turn', ({ state }) => state === 'aborted');
  expect((await conversation.sessions.get(session)).messages.at(-1)).toMatchObject({
    role: 'assistant',
    content: 'said',
    status: 'aborted',
  });
  client.send('stop', { session });
  expect((await client.next('stopped')).stopped).toBe(false);
});

test('a message that waits behind an answer can be taken back by its key, one whose answer has begun cannot', async () => {
  const { model, session, client, conversation } = await makeWorld();
  let open = (): void => undefined;
  const until = new Promise<void>((resolve) => (open = resolve));
  model.reply({ type: 'text', parts: ['one ', 'two'], gate: { before: 1, until } });
  client.send('watch', { session });
  client.send('send', { session, key: 'a', content: 'Go' });
  await client.next('delta');
  client.send('send', { session, key: 'b', content: 'And then' });
  await client.next('sent', ({ re }) => re === 'c4');
  for (const [key, stopped] of [
    ['b', true],
    ['b', false],
    ['a', false],
    ['unknown', false],
  ] as const) {
    const re = client.send('stop', { session, key });
    expect([key, await client.next('stopped', (frame) => frame.re === re)]).toMatchObject([key, { stopped }]);
  }
  open();
  await client.next('turn', ({ state }) => state === 'done');
  model.reply({ type: 'text', parts: ['three'] });
  client.send('send', { session, key: 'c', content: 'Last' });
  await client.next('turn', ({ state }) => state === 'done');
  expect((await conversation.sessions.get(session)).messages.map(({ content }) => content)).toEqual(['Go', 'one two', 'Last', 'three']);
});

test('a message that replaces an earlier one takes back that one and all after it, for every watcher', async () => {
  const { model, session, client, port, conversation } = await makeWorld();
  const other = await greetSocket(port);
  for (const each of [client, other]) each.send('watch', { session });
  client.send('send', { session, key: 'a', content: 'First' });
  const { messageId } = await client.next('sent');
  await client.next('turn', ({ state }) => state === 'done');
  model.reply(says('Better'));
  client.send('send', { session, key: 'b', content: 'Second', replaceFrom: messageId });
  await client.next('rewound');
  for (const each of [client, other]) await each.next('message', ({ message }) => message.content === 'Better');
  expect(view(other).messages).toEqual(['user: Second', 'assistant: Better']);
  const stored = (await conversation.sessions.get(session)).messages.map(({ content }) => content);
  expect(stored).toEqual(['Second', 'Better']);
  // Not known any more: the watcher that has it starts anew.
  const behind = await greetSocket(port);
  behind.send('watch', { session, after: 1 });
  await behind.next('reset');
  await behind.next('current');
  expect(view(behind).messages).toEqual(['user: Second', 'assistant: Better']);
  client.send('send', { session, key: 'c', content: 'Third', replaceFrom: messageId });
  expect((await client.next('error')).error.code).toBe('CONFLICT');
});

test('nothing can be replaced while an answer is being given', async () => {
  const { model, session, client, conversation } = await makeWorld();
  model.reply({ type: 'text', parts: ['a', 'b'], gate: { before: 1, until: new Promise(() => undefined) } });
  client.send('watch', { session });
  client.send('send', { session, key: 'a', content: 'First' });
  const { messageId } = await client.next('sent');
  await client.next('delta');
  const re = client.send('send', { session, key: 'b', content: 'Second', replaceFrom: messageId });
  expect(await client.next('error')).toMatchObject({ re, error: { code: 'CONFLICT' } });
  expect((await conversation.sessions.get(session)).messages.map(({ content }) => content)).toEqual(['First']);
});

test('an agent other than the default one answers in its own sessions', async () => {
  const { session, client, conversation } = await makeWorld({ agentId: 'second' });
  expect(session).toMatch(/^second:webchat:default:direct:chat_/);
  client.send('watch', { session });
  client.send('send', { session, key: 'k', content: '/status' });
  const { message } = await client.next('message', (frame) => frame.message.role === 'assistant');
  expect(message.content).toContain('Agent: second');
  expect((await conversation.sessions.list({})).sessions).toHaveLength(1);
});

test('a session of another channel is watched but not written to', async () => {
  const { client, conversation } = await makeWorld();
  const { session } = await conversation.sessions.create({ channel: 'api', chatId: 'program' });
  client.send('watch', { session: session.key });
  await client.next('current');
  client.send('send', { session: session.key, key: 'k', content: 'Hi' });
  expect((await client.next('error')).error.code).toBe('CONFLICT');
});

test('a failed model gives a system message and a turn that ended in an error', async () => {
  const { model, session, client } = await makeWorld();
  model.reply({ type: 'status', status: 401, body: '{"error":{"message":"bad key"}}', headers: { 'content-type': 'application/json' } });
  client.send('watch', { session });
  client.send('send', { session, key: 'k', content: 'Hi' });
  await client.next('turn', ({ state }) => state === 'error');
  expect(view(client).messages[1]).toMatch(/^system: .*key/i);
});
