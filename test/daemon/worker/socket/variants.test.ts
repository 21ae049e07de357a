import { expect, onTestFinished, test } from 'vitest';
import { queriesOf } from '../../../../daemon/worker/store/transaction.js';
import { callsTools, says } from '../../../fakes/openai/reply.js';
import { startFakeOpenAi, type FakeOpenAi } from '../../../fakes/openai/server.js';
import { startHttpApp } from '../../../helpers/http-app.js';
import { fakeModels, makeConversation, type TestConversation } from '../../../helpers/make-conversation.js';
import { openStore } from '../../../helpers/open-store.js';
import { greetSocket, type SocketClient } from '../../../helpers/socket-client.js';
import { addWaitingTurn } from '../../../helpers/waiting-turn.js';

interface World {
  readonly model: FakeOpenAi;
  readonly conversation: TestConversation;
  readonly session: string;
  readonly client: SocketClient;
  readonly say: (content: string, answer: string, replaceFrom?: string) => Promise<string>;
  readonly again: (key: string, messageId: string, answer: string) => Promise<string>;
  /** `role: content (place/variants)` of each message. */
  readonly path: () => Promise<string[]>;
  readonly idOf: (content: string) => Promise<string>;
}

async function makeWorld(defaults: object = {}): Promise<World> {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const conversation = await makeConversation({
    config: { agents: { defaults: { model: 'fake/one', ...defaults } } },
    models: fakeModels(model.baseUrl),
  });
  const { port } = await startHttpApp({ services: conversation });
  const { session } = await conversation.sessions.create({});
  const client = await greetSocket(port);
  client.send('watch', { session: session.key });
  const ids = new Map<string, string>();
  const ask = async (type: string, answer: string, body: object): Promise<string> => {
    model.reply(says(answer));
    const re = client.send(type, { session: session.key, ...body });
    const sent = await client.next('sent', (frame) => frame.re === re);
    const { message } = await client.next('message', (frame) => frame.message.content === answer);
    ids.set(answer, message.id);
    await client.next('turn', ({ state }) => state === 'done');
    return sent.messageId;
  };
  return {
    model,
    conversation,
    session: session.key,
    client,
    async say(content, answer, replaceFrom) {
      const id = await ask('send', answer, { key: `said-${ids.size}`, content, ...(replaceFrom === undefined ? {} : { replaceFrom }) });
      ids.set(content, id);
      return id;
    },
    again: (key, messageId, answer) => ask('regenerate', answer, { key, messageId }),
    async path() {
      const { messages, session: document } = await conversation.sessions.get(session.key);
      expect(document.messageCount).toBe(messages.length);
      return messages.map(({ id, role, content, variants, replies }) =>
        [
          `${role}: ${content}`,
          variants === undefined ? '' : ` (${variants.indexOf(id) + 1}/${variants.length})`,
          replies === undefined ? '' : ` [${replies.length} hidden]`,
        ].join(''),
      );
    },
    idOf: async (content) => ids.get(content) ?? '',
  };
}

test('asking again keeps each answer, and any of them can be what the conversation goes on from', async () => {
  const { say, again, path, conversation, session, idOf, model, client } = await makeWorld();
  const question = await say('Q', 'A1');
  expect(await again('b', question, 'A2')).toBe(question);
  expect(await again('c', await idOf('A2'), 'A3')).toBe(question);
  expect(await path()).toEqual(['user: Q', 'assistant: A3 (3/3)']);
  expect(model.requests.map(({ messages }) => messages.at(-1)?.content)).toEqual(['Q', 'Q', 'Q']);
  await conversation.chat.choose(session, await idOf('A1'));
  await client.next('message', ({ message }) => message.content === 'A1' && message.variants?.length === 3);
  expect(await path()).toEqual(['user: Q', 'assistant: A1 (1/3)']);
  await say('Q2', 'B1');
  // Only the chosen variant is what the model knows, and what is copied and written to a file.
  expect(model.requests.at(-1)?.messages.map(({ content }) => content)).toEqual(['Q', 'A1', 'Q2']);
  const { text } = await conversation.archive.export(session, 'json');
  const pieces: string[] = [];
  for await (const piece of text) pieces.push(piece);
  const file = JSON.parse(pieces.join('')) as { messages: { content: string }[] };
  expect(file.messages.map(({ content }) => content)).toEqual(['Q', 'A1', 'Q2', 'B1']);
  const copy = await conversation.archive.fork(session, undefined);
  expect((await conversation.sessions.get(copy.key)).messages.map(({ content }) => content)).toEqual(['Q', 'A1', 'Q2', 'B1']);
  await expect(conversation.archive.fork(session, await idOf('A2'))).rejects.toMatchObject({ code: 'CONFLICT' });
  // What followed a variant comes back with it.
  await conversation.chat.choose(session, await idOf('A2'));
  expect(await path()).toEqual(['user: Q', 'assistant: A2 (2/3)']);
  await conversation.chat.choose(session, await idOf('B1'));
  expect(await path()).toEqual(['user: Q', 'assistant: A1 (1/3)', 'user: Q2', 'assistant: B1']);
  expect(await conversation.chat.choose(session, await idOf('B1'))).toMatchObject({ messageCount: 4 });
});

test('a question that was edited is a variant of it, with its own answers', async () => {
  const { say, again, path, conversation, session, idOf } = await makeWorld();
  await say('First', 'A');
  const second = await say('Second', 'B');
  await say('Third', 'C');
  await say('Edited', 'D', second);
  expect(await path()).toEqual(['user: First', 'assistant: A', 'user: Edited (2/2)', 'assistant: D']);
  await again('e', await idOf('Edited'), 'D2');
  await conversation.chat.choose(session, second);
  expect(await path()).toEqual(['user: First', 'assistant: A', 'user: Second (1/2)', 'assistant: B', 'user: Third', 'assistant: C']);
  await conversation.chat.choose(session, await idOf('Edited'));
  expect(await path()).toEqual(['user: First', 'assistant: A', 'user: Edited (2/2)', 'assistant: D2 (2/2)']);
  await say('Other beginning', 'E', await idOf('First'));
  expect(await path()).toEqual(['user: Other beginning (2/2)', 'assistant: E']);
  await conversation.chat.choose(session, await idOf('C'));
  expect(await path()).toHaveLength(6);
  const page = await conversation.archive.messages(session, { limit: 2 });
  const older = await conversation.archive.messages(session, { before: page.messages[0]?.seq ?? 0, limit: 2 });
  expect(older.messages.map(({ content, variants }) => [content, variants?.length])).toEqual([
    ['Second', 2],
    ['B', undefined],
  ]);
});

test('an answer outside of the chosen path is not asked for again', async () => {
  const { say, path, conversation, session, idOf } = await makeWorld();
  await say('First', 'A');
  await say('Edited', 'C', await say('Second', 'B'));
  const before = await path();
  const again = { session, key: 'again', messageId: await idOf('B') };
  await expect(conversation.chat.regenerate(again, undefined)).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await path()).toEqual(before);
});

test('an answer that never came leaves the ones before to be chosen, and a search finds what is chosen alone', async () => {
  const { say, conversation, session, client, path, idOf, model } = await makeWorld();
  const question = await say('Q', 'Needle');
  model.reply({ type: 'text', parts: ['x'], gate: { before: 0, until: new Promise(() => undefined) } });
  client.send('regenerate', { session, key: 'b', messageId: question });
  const again = await client.next('message', ({ message }) => message.replies !== undefined);
  expect(again.message).toMatchObject({ content: 'Q', replies: [await idOf('Needle')] });
  await client.next('turn', ({ state }) => state === 'running');
  await expect(conversation.chat.choose(session, await idOf('Needle'))).rejects.toMatchObject({ code: 'CONFLICT' });
  client.send('stop', { session });
  await client.next('turn', ({ state }) => state === 'aborted');
  expect(await path()).toEqual(['user: Q [1 hidden]']);
  expect((await conversation.sessions.list({ search: 'Needle' })).sessions).toEqual([]);
  await conversation.chat.choose(session, await idOf('Needle'));
  expect(await path()).toEqual(['user: Q', 'assistant: Needle']);
  expect((await conversation.sessions.list({ search: 'Needle' })).sessions).toHaveLength(1);
});

test('while a turn waits for a decision, its question is neither replaced nor asked again', async () => {
  const { say, conversation, session, client, idOf, model } = await makeWorld({ permissions: { time: 'ask' } });
  const question = await say('Q', 'A1');
  model.reply(callsTools({ name: 'time', input: {} }));
  client.send('regenerate', { session, key: 'b', messageId: question });
  await client.next('turn', ({ state }) => state === 'waiting');
  const busy = { code: 'CONFLICT', message: 'an answer is in progress in this session' };
  const { chat } = conversation;
  await expect(chat.choose(session, await idOf('A1'))).rejects.toMatchObject(busy);
  await expect(chat.regenerate({ session, key: 'c', messageId: question }, undefined)).rejects.toMatchObject(busy);
  await expect(chat.send({ session, key: 'd', content: 'Q2', replaceFrom: question }, undefined)).rejects.toMatchObject(busy);
  await chat.stop(session);
  await client.next('turn', ({ state }) => state === 'aborted');
  await chat.choose(session, await idOf('A1'));
});

test('a turn that waits in a deleted session with the same key is no answer in progress', async () => {
  const { say, again, path, conversation, session, idOf } = await makeWorld();
  await again('b', await say('Q', 'A1'), 'A2');
  const store = await openStore({ home: conversation.home });
  const { sessionId } = await addWaitingTurn(store, { name: 'old' });
  const deleted = { key: session, deleted_at: 1_000 };
  await store.write((tx) => queriesOf(tx).updateTable('sessions').set(deleted).where('id', '=', sessionId).execute());
  await conversation.chat.choose(session, await idOf('A1'));
  expect(await path()).toEqual(['user: Q', 'assistant: A1 (1/2)']);
});

test('a repeated request has one effect; an impossible one is refused with a hint and changes nothing', async () => {
  const { say, again, path, conversation, session, client, idOf } = await makeWorld();
  const question = await say('Q', 'A1');
  await again('b', question, 'A2');
  const re = client.send('regenerate', { session, key: 'b', messageId: await idOf('A1') });
  expect(await client.next('sent', (frame) => frame.re === re)).toMatchObject({ messageId: question, repeated: true });
  for (const input of [{ messageId: 'msg_none' }, { session: 'main:webchat:default:direct:none' }]) {
    const refused = client.send('regenerate', { session, key: 'z', messageId: question, ...input });
    const { error } = await client.next('error', (frame) => frame.re === refused);
    expect(error.code).toBe('session' in input ? 'SESSION_NOT_FOUND' : 'CONFLICT');
  }
  await expect(conversation.chat.choose(session, 'msg_none')).rejects.toMatchObject({ code: 'CONFLICT' });
  const offPath = client.send('send', { session, key: 'y', content: 'x', replaceFrom: await idOf('A1') });
  expect((await client.next('error', (frame) => frame.re === offPath)).error).toMatchObject({ code: 'CONFLICT' });
  expect(await path()).toEqual(['user: Q', 'assistant: A2 (2/2)']);
});
