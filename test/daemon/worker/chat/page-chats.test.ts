/** Messages of chats of the page whose agent or session goes away before they are answered. */
import { expect, onTestFinished, test } from 'vitest';
import { readRunningInbox } from '../../../../daemon/worker/store/delivery/inbox.js';
import { says } from '../../../fakes/openai/reply.js';
import { startFakeOpenAi } from '../../../fakes/openai/server.js';
import { ask, fakeModels, makeConversation } from '../../../helpers/make-conversation.js';
import { openStore } from '../../../helpers/open-store.js';

const agents = { list: [{ id: 'main' }, { id: 'second' }] };

async function makeChat() {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const conversation = await makeConversation({ config: { agents }, models: fakeModels(model.baseUrl), isActive: false });
  const { session } = await conversation.sessions.create({ agentId: 'second' });
  const send = (key: string, content = 'hello') => conversation.chat.send({ session: session.key, key, content }, undefined);
  const said = async () => (await conversation.sessions.get(session.key)).messages.map(({ role, content }) => `${role}: ${content}`);
  return { model, conversation, session: session.key, send, said };
}

test('a chat whose agent is removed or disabled refuses messages, and says why those that waited have no answer', async () => {
  const { conversation, session, send, said } = await makeChat();
  const { messageId } = await send('before');
  conversation.setConfig({ agents: { list: [{ id: 'main' }, { id: 'second', enabled: false }] } });
  const refusal = { code: 'INVALID_REQUEST', message: "the agent 'second' is disabled" };
  await expect(send('after')).rejects.toMatchObject(refusal);
  expect(await send('before')).toEqual({ messageId, isRepeated: true });
  const ending = new AbortController();
  const events = conversation.chat.watch(session, {}, ending.signal)[Symbol.asyncIterator]();
  expect((await events.next()).value).toMatchObject({ type: 'current' });
  const next = events.next();
  await conversation.activate();
  expect((await next).value).toMatchObject({ type: 'message', message: { id: messageId } });
  expect((await events.next()).value).toMatchObject({ type: 'message', message: { role: 'system', status: 'error' } });
  ending.abort();
  expect(await said()).toEqual(['user: hello', `system: ⚠️ ${refusal.message}`]);
  await expect(conversation.chat.regenerate({ session, messageId, key: 'again' }, undefined)).rejects.toMatchObject(refusal);
  conversation.setConfig({ agents });
  expect(await send('now')).toMatchObject({ isRepeated: false });
});

test('a chat that is deleted while a message of it waits is not answered, and can be restored', async () => {
  const { model, conversation, session, send, said } = await makeChat();
  await send('waits');
  await conversation.sessions.delete(session);
  await conversation.activate();
  // Chats are answered in the order of their messages.
  const other = await conversation.sessions.create({});
  model.reply(says('answer'));
  await conversation.chat.send({ session: other.session.key, key: 'other', content: 'hi' }, undefined);
  await expect.poll(async () => (await conversation.sessions.get(other.session.key)).messages.at(-1)?.content).toBe('answer');
  await conversation.sessions.restore(session);
  expect([await said(), model.requests.length]).toEqual([[], 1]);
  await expect(send('waits')).rejects.toMatchObject({ code: 'CONFLICT', message: 'the message was taken back' });
});

test('a message that waits for the turn of a program in its chat is taken back when that is deleted', async () => {
  const { model, conversation, session, send, said } = await makeChat();
  await conversation.activate();
  model.reply({ ...says('a story'), gate: { before: 0, until: new Promise<void>(() => undefined) } });
  const program = ask(conversation, { session, message: 'tell a story' });
  await model.received(1);
  await send('waits');
  const store = await openStore({ home: conversation.home });
  await expect.poll(async () => (await store.read(readRunningInbox)).length).toBe(1);
  await conversation.sessions.delete(session);
  expect((await program).last).toMatchObject({ type: 'error', code: 'SESSION_NOT_FOUND' });
  await conversation.sessions.restore(session);
  await expect(send('waits')).rejects.toMatchObject({ code: 'CONFLICT', message: 'the message was taken back' });
  expect(await said()).toEqual(['user: tell a story']);
});
