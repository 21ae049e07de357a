import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { says, unauthorized } from '../../../fakes/openai/reply.js';
import { NOTICES } from '../../../../daemon/worker/delivery/inbox-queue.js';
import { readRunningInbox } from '../../../../daemon/worker/store/delivery/inbox.js';
import { chatHistory, INBOUND_TOKEN, makeChat } from '../../../helpers/chat-fixture.js';
import { openStore } from '../../../helpers/open-store.js';

const SECRET = `whsec_${Buffer.from('a secret of twenty-four by').toString('base64')}`;

/** A promise and what resolves it. */
function gate(): { until: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const until = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { until, open };
}

test('a message is answered in its chat, and both are in its session', async () => {
  const { start, say, told, model, receiver } = await makeChat();
  const conversation = await start();
  model.reply(says('Good ', 'morning'));
  const id = await say(conversation, 'hello');
  expect(await told(1)).toEqual(['Good morning']);
  const { messages } = await conversation.sessions.get('main:webhook:default:direct:chat');
  expect(messages.map(({ role, content }) => `${role}: ${content}`)).toEqual(['user: hello', 'assistant: Good morning']);
  expect(messages[0]?.id).toBe(id);
  expect(receiver.received[0]).toMatchObject({ id: messages[1]?.id, chatId: 'chat' });
});

test('a message that is received twice is stored once', async () => {
  const { start, say, told, model } = await makeChat();
  const conversation = await start();
  const first = await say(conversation, 'hello', { id: 'evt-1' });
  await told(1);
  expect(await say(conversation, 'hello', { id: 'evt-1' })).toBe(first);
  // To take another text for a repetition would lose it.
  await expect(say(conversation, 'something else', { id: 'evt-1' })).rejects.toMatchObject({ code: 'CONFLICT' });
  await say(conversation, 'other', { id: 'evt-2' });
  await told(2);
  expect(model.requests).toHaveLength(2);
});

test('the messages of a chat are answered one after another, those of other chats beside them', async () => {
  const { start, say, told, model } = await makeChat();
  const conversation = await start();
  const slow = gate();
  model.reply({ ...says('first'), gate: { before: 0, until: slow.until } });
  await say(conversation, '1');
  await model.received(1);
  await say(conversation, '2');
  await say(conversation, 'beside', { chatId: 'other' });
  expect(await told(1)).toHaveLength(1);
  expect(await chatHistory(conversation)).toEqual(['user complete: 1']);
  slow.open();
  const texts = await told(3);
  expect(texts.indexOf('first')).toBe(1);
  expect((await chatHistory(conversation)).map((line) => line.split(': ')[0])).toEqual([
    'user complete',
    'assistant complete',
    'user complete',
    'assistant complete',
  ]);
});

test('a chat gets a notice when the model fails, and its next message is answered', async () => {
  const { start, say, told, model } = await makeChat();
  const conversation = await start();
  model.reply(unauthorized());
  await say(conversation, 'hello');
  await say(conversation, '/help');
  const [failure, help] = await told(2);
  expect(failure).toMatch(/^⚠️ .*key/s);
  expect(help).toContain('/new');
});

test('a chat is told that an answer is cut off', async () => {
  const { start, say, told, model } = await makeChat();
  const conversation = await start();
  model.reply({ ...says('Before opening the valve, you must'), finishReason: 'length' });
  await say(conversation, 'how?');
  expect(await told(1)).toEqual(["Before opening the valve, you must\n\n⚠️ The answer was cut off at the model's limit."]);
  expect(await chatHistory(conversation)).toEqual(['user complete: how?', 'assistant complete: Before opening the valve, you must']);
});

test('a command does not wait for the answers of other chats', async () => {
  const { start, say, told, model } = await makeChat();
  const conversation = await start();
  const slow = gate();
  const held = { ...says('an ', 'answer'), gate: { before: 1, until: slow.until } };
  model.reply(...Array.from({ length: 9 }, () => held));
  for (let chat = 1; chat <= 9; chat += 1) await say(conversation, 'hello', { chatId: `${chat}` });
  await model.received(8);
  await say(conversation, '/help', { chatId: 'ninth' });
  expect(await told(1)).toEqual([expect.stringContaining('/new')]);
  expect(model.requests).toHaveLength(8);
  slow.open();
  expect((await told(10)).slice(1)).toEqual(Array.from({ length: 9 }, () => 'an answer'));
});

test('/stop does not wait for the answer that it stops', async () => {
  const { start, say, told, model } = await makeChat();
  const conversation = await start();
  model.reply({ ...says('a long ', 'story'), gate: { before: 1, until: new Promise<void>(() => undefined) } });
  await say(conversation, 'tell me a story');
  await model.received(1);
  await say(conversation, '/stop');
  await say(conversation, '/help');
  const texts = await told(2);
  expect(texts.at(-1)).toContain('/new');
  expect(texts.join()).not.toContain('a long');
  expect((await chatHistory(conversation))[0]).toBe('user complete: tell me a story');
});

test('/stop takes back the messages before it, is answered at once, and says whether anything was stopped', async () => {
  const { start, say, told, model } = await makeChat();
  const conversation = await start();
  model.reply({ ...says('a long ', 'story'), gate: { before: 1, until: new Promise<void>(() => undefined) } }, says('two'));
  await say(conversation, 'one');
  await model.received(1);
  for (const text of ['two', '/stop please', '/status']) await say(conversation, text);
  expect(await told(2)).toEqual([
    'Stopped. What was written so far is kept in the session. 1 waiting message will not be answered.',
    expect.stringContaining('Agent:'),
  ]);
  await say(conversation, '/stop');
  expect((await told(3))[2]).toBe('No answer is in progress.');
  expect(model.requests).toHaveLength(1);
});

test('a repeated or refused /stop does not stop a later answer', async () => {
  const { start, say, told, model } = await makeChat();
  const conversation = await start();
  const { session } = await conversation.sessions.create({});
  const send = (key: string, content: string) => conversation.chat.send({ session: session.key, key, content }, undefined);
  const last = async () => (await conversation.sessions.get(session.key)).messages.at(-1)?.content;
  await say(conversation, '/stop', { id: 'evt-1' });
  await send('key-1', '/stop');
  await told(1);
  await expect.poll(last).toBe('No answer is in progress.');
  const slow = gate();
  const story = { ...says('a long ', 'story'), gate: { before: 1, until: slow.until } };
  model.reply(story, story);
  await say(conversation, 'tell me a story');
  await send('key-2', 'tell me a story');
  await model.received(2);
  await say(conversation, '/stop', { id: 'evt-1' });
  await expect(say(conversation, '/stop please', { id: 'evt-1' })).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await send('key-1', '/stop')).toMatchObject({ isRepeated: true });
  slow.open();
  expect((await told(2))[1]).toBe('a long story');
  await expect.poll(last).toBe('a long story');
});

test('/stop ends a question that waits for the turn of a program in its session, without a failure', async () => {
  const { start, say, told, model } = await makeChat();
  const conversation = await start();
  model.reply({ ...says('a long ', 'story'), gate: { before: 0, until: new Promise<void>(() => undefined) } });
  const message = { channel: 'webhook', chat_id: 'chat', content: 'tell a story' };
  const program = conversation.messages.sync(message, { deliver: false, signal: new AbortController().signal });
  const refused = program.catch((error: unknown) => error);
  const store = await openStore({ home: conversation.home });
  await model.received(1);
  await say(conversation, 'question');
  const state = async () => (await store.read(readRunningInbox)).map(({ content }) => content);
  await expect.poll(state).toEqual(['question']);
  await say(conversation, '/stop');
  expect(await told(1)).toEqual(['Stopped. What was written so far is kept in the session.']);
  expect(await refused).toMatchObject({ code: 'CONFLICT' });
  const said = await chatHistory(conversation);
  expect(said.slice(0, 3)).toEqual(['user complete: tell a story', 'user complete: question', `system error: ${NOTICES.withdrawn}`]);
  expect(conversation.log.entries.filter(({ level }) => level === 'error')).toEqual([]);
});

test('a message that was taken back is refused when it is sent again', async () => {
  const { start } = await makeChat();
  const conversation = await start({ isActive: false });
  const { session } = await conversation.sessions.create({});
  const send = () => conversation.chat.send({ session: session.key, key: 'once', content: 'hello' }, undefined);
  await send();
  expect(await send()).toMatchObject({ isRepeated: true });
  expect(await conversation.chat.stop(session.key, 'once')).toBe(true);
  await expect(send()).rejects.toMatchObject({ code: 'CONFLICT', message: 'the message was taken back' });
});

test('a message for a disabled agent gets a notice and is not retried', async () => {
  const { start, say, told, config } = await makeChat({ agentId: 'off' });
  const agents = { list: [{ id: 'main' }, { id: 'off', enabled: false }] };
  const conversation = await start({ config: { ...(config as object), agents } });
  await say(conversation, 'hello');
  expect(await told(1)).toEqual([expect.stringContaining("'off' is disabled")]);
});

test('a reply that is asked for over the API reaches the chat when it is to be delivered', async () => {
  const { start, told, model } = await makeChat();
  const conversation = await start();
  model.reply(says('for the chat'));
  const message = { channel: 'webhook', chat_id: 'chat', content: 'hello' };
  const signal = new AbortController().signal;
  expect(await conversation.messages.sync(message, { deliver: true, signal })).toEqual({ reply: 'for the chat' });
  expect(await told(1)).toEqual(['for the chat']);
  await conversation.messages.sync(message, { deliver: false, signal });
  expect((await conversation.outgoing.list({})).messages).toHaveLength(1);
});

test.each([
  ['its token', { authorization: `Bearer ${INBOUND_TOKEN}` }, 'valid'],
  ['its token in a header of its own', { 'x-webhook-token': INBOUND_TOKEN }, 'valid'],
  ['nothing', {}, 'none'],
  ['an empty token', { authorization: 'Bearer ' }, 'none'],
  ['a wrong token', { authorization: 'Bearer inbound-token-of-the-tes' }, 'wrong'],
  ['a signature that is none', { 'webhook-id': 'a', 'webhook-timestamp': '1', 'webhook-signature': 'v1,AAAA' }, 'wrong'],
])('an account that is called with %s: %o is %s', async (_title, headers, expected) => {
  const { start } = await makeChat({ secret: SECRET });
  const { webhooks } = await start();
  const verdict = (accountId: string): string => webhooks.authorize({ accountId, headers }, Buffer.from('{}')).type;
  expect(verdict('default')).toBe(expected);
  expect(verdict('nobody')).not.toBe('valid');
});

test('a signed call is right once, for five minutes, for these very bytes', async () => {
  const { start, told, model } = await makeChat({ secret: SECRET, inboundToken: undefined });
  const { webhooks } = await start();
  const body = '{"chat_id":"chat","content":"ü"}';
  const sign = (time: Date): Record<string, string> => ({
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(Math.floor(time.getTime() / 1_000)),
    'webhook-signature': new Webhook(SECRET).sign('evt_1', time, body),
  });
  const call = { accountId: 'default', headers: sign(new Date()) };
  const check = (headers: Record<string, string>, bytes = body) => webhooks.authorize({ ...call, headers }, Buffer.from(bytes));
  const valid = check(call.headers);
  expect(valid).toEqual({ type: 'valid', signedId: 'evt_1' });
  const wrong = [
    check(call.headers, `${body} `),
    check({ ...call.headers, 'webhook-id': 'evt_2' }),
    check(sign(new Date(Date.now() - 310_000))),
    check(sign(new Date(Date.now() + 310_000))),
  ];
  expect(wrong.map(({ type }) => type)).toEqual(['wrong', 'wrong', 'wrong', 'wrong']);
  const message = { chat_id: 'chat', content: 'ü' };
  const ids = { signedId: 'evt_1', key: 'k' };
  const first = await webhooks.receive(call, message, ids);
  expect(await webhooks.receive(call, { ...message, id: 'another' }, ids)).toEqual({ messageId: first.messageId, replayed: true });
  await told(1);
  expect(model.requests).toHaveLength(1);
});
