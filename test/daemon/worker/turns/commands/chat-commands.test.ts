import { expect, test } from 'vitest';
import { openAiCompletions } from '../../../../fakes/vendors/openai-completions.js';
import { says } from '../../../../fakes/vendors/vendor-reply.js';
import { startVendor } from '../../../../fakes/vendors/vendor-server.js';
import { makeConversation } from '../../../../helpers/make-conversation.js';

const KEY = 'main:webchat:default:direct:c';

async function startChat() {
  const fake = await startVendor(openAiCompletions);
  const models = { providers: { fake: { baseUrl: fake.baseUrl, apiKey: 'key-of-the-fake', models: [{ id: 'one' }, { id: 'two' }] } } };
  const conversation = await makeConversation({ models });
  const chat = async (content: string): Promise<string> =>
    (
      await conversation.messages.sync(
        { channel: 'webchat', chat_id: 'c', content },
        { deliver: false, signal: new AbortController().signal },
      )
    ).reply;
  return { fake, conversation, chat };
}

test('/model shows, changes and resets the model of a chat', async () => {
  const { fake, conversation, chat } = await startChat();
  expect(await chat('/model')).toContain('The model here is fake/one');
  expect(await chat('/model fake/nine')).toContain("'fake' has only one, two");
  expect(await chat('/model fake/two')).toBe('This chat now uses fake/two.');
  await chat('hello');
  expect(await chat('/model')).toContain('fake/two');
  // Another chat is not concerned, and a request's own model comes first.
  await conversation.messages.sync(
    { channel: 'webchat', chat_id: 'other', content: 'hello' },
    { deliver: false, signal: new AbortController().signal },
  );
  await chat('/model default');
  await chat('hello');
  expect(fake.requests.map(({ model }) => model)).toEqual(['two', 'one', 'one']);
});

test('a chosen model that no longer exists is reported, and can be reset', async () => {
  const { fake, conversation, chat } = await startChat();
  await chat('/model fake/two');
  conversation.setModels({ providers: { fake: { baseUrl: fake.baseUrl, apiKey: 'key-of-the-fake', models: [{ id: 'one' }] } } });
  await expect(chat('hello')).rejects.toMatchObject({ code: 'AGENT_ERROR', message: expect.stringContaining('fake/two') as string });
  await chat('/model default');
  expect(await chat('hello')).toBe('hello');
});

test('/stop does not wait for the answer that it stops, and the text so far is kept', async () => {
  const { fake, conversation, chat } = await startChat();
  fake.reply({ ...says('one ', 'two'), gate: { before: 1, until: new Promise(() => {}) } });
  const answering = chat('count').catch((error: unknown) => error);
  await expect.poll(() => fake.requests.length).toBe(1);
  // A model is asked while its question is being stored.
  const isStored = (): Promise<boolean> =>
    conversation.sessions.get(KEY).then(
      () => true,
      () => false,
    );
  await expect.poll(isStored).toBe(true);
  const watching = new AbortController();
  for await (const event of conversation.chat.watch(KEY, {}, watching.signal)) if (event.type === 'delta') break;
  watching.abort();
  expect(await chat('/stop')).toMatch(/^Stopped/);
  expect(await answering).toMatchObject({ code: 'CONFLICT' });
  await expect(fake.requests[0]?.ended).resolves.toBe('aborted');
  expect(await chat('go on')).toBe('hello');
  const { messages } = await conversation.sessions.get(KEY);
  expect(messages.map(({ role, status, content }) => `${role} ${status} ${content}`).slice(0, 3)).toEqual([
    'user complete count',
    expect.stringMatching(/^assistant aborted/),
    'user complete /stop',
  ]);
});
