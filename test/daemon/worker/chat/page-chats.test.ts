/** Messages of chats of the page whose agent or session goes away before they are answered. */
import { expect, onTestFinished, test } from 'vitest';
import { startFakeOpenAi } from '../../../fakes/openai/server.js';
import { fakeModels, makeConversation } from '../../../helpers/make-conversation.js';

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
