import { expect, onTestFinished, test } from 'vitest';
import { says } from '../../../fakes/openai/reply.js';
import { startFakeOpenAi } from '../../../fakes/openai/server.js';
import { startHttpApp } from '../../../helpers/http-app.js';
import { makeConversation, type ConversationOptions } from '../../../helpers/make-conversation.js';
import { greetSocket } from '../../../helpers/socket-client.js';
import { tempDir } from '../../../helpers/temp-dir.js';

/** A limit that the first call of a model uses up. */
const LITTLE = 0.000_001;
const SCOPES: ('read' | 'chat' | 'send')[] = ['read', 'chat', 'send'];
const REFUSED = expect.stringContaining("The access token 'bot' has spent") as string;

async function makeWorld() {
  const model = await startFakeOpenAi();
  onTestFinished(() => model.close());
  model.replyAlways(says('one two three'));
  const one = { id: 'one', maxTokens: 100, cost: { input: 1, output: 1_000 } };
  const options: ConversationOptions = {
    home: tempDir(),
    models: { providers: { fake: { baseUrl: model.baseUrl, apiKey: 'sk', models: [one] } } },
    config: { agents: { list: [{ id: 'main', model: 'fake/one', tools: [] }] } },
  };
  return { model, make: (more: ConversationOptions = {}) => makeConversation({ ...options, ...more }) };
}

test('what a token asks on a socket is in its usage, and ends with the limit of its day', async () => {
  const { model, make } = await makeWorld();
  const conversation = await make();
  const { port } = await startHttpApp({ services: conversation });
  const { secret, token } = await conversation.accessTokens.add({ name: 'bot', scopes: SCOPES, dailyUsd: LITTLE });
  const { session } = await conversation.sessions.create({});
  const client = await greetSocket(port, { token: secret });
  client.send('watch', { session: session.key });
  client.send('send', { session: session.key, key: 'a', content: 'Hi' });
  const { messageId } = await client.next('sent');
  await client.next('turn', ({ state }) => state === 'done');
  client.send('send', { session: session.key, key: 'b', content: 'More' });
  await client.next('turn', ({ state }) => state === 'error');
  client.send('regenerate', { session: session.key, key: 'c', messageId });
  await client.next('turn', ({ state }) => state === 'error');
  expect(model.requests).toHaveLength(1);
  expect((await conversation.sessions.get(session.key)).messages.at(-1)).toMatchObject({ role: 'system', content: REFUSED });
  expect((await conversation.usage.read({ days: 1, utcOffsetMinutes: 0 })).tokens).toMatchObject([{ id: token.id, name: 'bot', turns: 3 }]);
  expect(await conversation.accessTokens.list()).toMatchObject([{ spentTodayUsd: expect.closeTo(0.004, 3) as number }]);
});

test('a message that waits through a restart is still that of its token', async () => {
  const { model, make } = await makeWorld();
  const first = await make({ isActive: false, instanceId: 'wk_1' });
  const { token } = await first.accessTokens.add({ name: 'bot', scopes: SCOPES, dailyUsd: LITTLE });
  const { session } = await first.sessions.create({});
  for (const key of ['a', 'b']) await first.chat.send({ session: session.key, key, content: 'Hi' }, token.id);
  await first.close();
  const second = await make({ instanceId: 'wk_2' });
  await expect
    .poll(async () => (await second.usage.read({ days: 1, utcOffsetMinutes: 0 })).tokens)
    .toMatchObject([{ id: token.id, turns: 2 }]);
  expect(model.requests).toHaveLength(1);
  expect((await second.sessions.get(session.key)).messages.at(-1)).toMatchObject({ role: 'system', content: REFUSED });
});

test('a message that a token sends in the place of a chat is charged to it', async () => {
  const { model, make } = await makeWorld();
  const conversation = await make();
  const { send } = await startHttpApp({ services: conversation });
  const { secret } = await conversation.accessTokens.add({ name: 'bot', scopes: SCOPES, dailyUsd: LITTLE });
  const ask = (key: Record<string, string>) =>
    send('/api/message/sync', {
      method: 'POST',
      headers: { Authorization: `Bearer ${secret}`, ...key },
      body: { channel: 'webchat', chat_id: 'me', content: 'Hi' },
    });
  expect((await ask({})).status).toBe(200);
  for (const key of [{}, { 'Idempotency-Key': 'k' }])
    expect(await ask(key as Record<string, string>)).toMatchObject({ status: 429, json: { error: { message: REFUSED } } });
  expect(model.requests).toHaveLength(1);
});

test('a turn that a socket asks for is a request of its token, which notes its last use', async () => {
  const { port, services } = await startHttpApp({ peer: '198.51.100.7' });
  const noted: string[] = [];
  services.accessTokens.noteUse = ({ name }, address) => void noted.push(`${name} ${address}`);
  const client = await greetSocket(port, { token: services.grant({ name: 'bot', scopes: SCOPES, requestsPerMinute: 2 }) });
  const chat = { session: 'main:webchat:default:direct:me', content: 'Hi' };
  client.send('ping');
  client.send('send', { ...chat, key: 'a' });
  client.send('regenerate', { session: chat.session, key: 'b', messageId: 'msg_a' });
  const re = client.send('send', { ...chat, key: 'c' });
  expect(await client.next('error')).toMatchObject({
    re,
    error: { code: 'RATE_LIMITED', message: expect.stringContaining("'bot'") as string },
  });
  expect(services.calls).toMatchObject([{ input: { key: 'a', tokenId: 'tok_1' } }, { name: 'chat.regenerate' }]);
  expect(noted).toEqual(['bot 198.51.100.7', 'bot 198.51.100.7']);
});
