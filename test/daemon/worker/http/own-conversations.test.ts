/** A token that is limited to agents may not read sessions: what it names is a conversation of its own. */
import { beforeEach, expect, test } from 'vitest';
import type { Scope } from '../../../../shared/api/gateway/tokens.js';
import { saying } from '../../../fakes/openai/replay.js';
import { type OpenAiGateway, startOpenAiGateway } from '../../../helpers/openai-gateway.js';

type Json = Readonly<Record<string, unknown>>;

const SECRET = 'the launch is on Friday';
const OWNERS = ['private', 'default', 'main:api:default:direct:private', 'main:api:default:direct:default'];

let gateway: OpenAiGateway;
/** Headers of the token, and its id. */
let bot: { readonly headers: Readonly<Record<string, string>>; readonly id: string };

async function add(name: string, agents?: readonly string[], scopes: readonly Scope[] = ['chat']): Promise<typeof bot> {
  const { secret, token } = await gateway.conversation.accessTokens.add({
    name,
    scopes: [...scopes],
    ...(agents && { agents: [...agents] }),
  });
  return { headers: { Authorization: `Bearer ${secret}` }, id: token.id };
}

const post = (path: string, body: object, headers: Readonly<Record<string, string>> = bot.headers) =>
  gateway.send(path, { method: 'POST', body, headers: { ...headers } });

const ask = (session: string | undefined, message: string, headers?: Readonly<Record<string, string>>) =>
  post('/api/agent', { message, ...(session === undefined ? {} : { session }) }, headers);

/** What the model was sent in the last call. */
const lastSent = (): string => JSON.stringify(gateway.upstream.bodies.at(-1));

beforeEach(async () => {
  gateway = await startOpenAiGateway({ agents: { list: [{ id: 'main' }, { id: 'other' }] } });
  for (const session of OWNERS.slice(0, 2)) expect((await ask(session, SECRET, {})).status).toBe(200);
  bot = await add('bot', ['main']);
});

test('a name is its own conversation, which it continues and forgets, and those of others stay as they are', async () => {
  for (const session of ['private', 'default', undefined]) {
    gateway.upstream.play(saying('noted'));
    const answer = await ask(session, `mine in ${session}`);
    const key = `main:api:${bot.id}:direct:${session ?? 'default'}`;
    expect(answer.json).toMatchObject({ status: 'ok', session: session ?? 'default', sessionKey: key });
    expect(lastSent()).not.toContain(SECRET);
  }
  await ask(`main:api:${bot.id}:direct:private`, 'by its key');
  expect(lastSent()).toContain('mine in private');
  await ask('private', '/new');
  await ask('private', 'after it');
  expect(lastSent()).not.toContain('mine in private');
  for (const key of OWNERS.slice(2)) {
    const { messages } = (await gateway.send(`/api/sessions/${key}`)).json as { messages: { content: string }[] };
    expect(messages.filter(({ content }) => content.includes('mine') || content === '/new')).toEqual([]);
  }
});

test.each([
  'main:api:default:direct:private',
  'main:telegram:default:direct:555',
  'main:api:tok_x:direct:a',
  'main:webchat:default:direct:a',
])('the complete key %s is refused, whether or not there is such a session', async (session) => {
  const calls = gateway.upstream.bodies.length;
  const refused = {
    error: { code: 'FORBIDDEN', message: expect.stringContaining("'bot' has conversations of its own") as string },
  };
  const header = { ...bot.headers, 'X-Xopc-Session': session };
  const messages = [{ role: 'user', content: 'hi' }];
  const answers = [
    await ask(session, 'hi'),
    await post('/api/agent', { message: 'hi', session }, { ...bot.headers, 'Idempotency-Key': 'k1' }),
    await post('/api/agent', { message: 'hi', session }, { ...bot.headers, Accept: 'text/event-stream' }),
    await post('/v1/chat/completions', { model: 'main', messages }, header),
    await post('/v1/responses', { model: 'main', input: 'hi' }, header),
    await post('/v1/messages', { model: 'main', max_tokens: 9, messages }, header),
  ];
  expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403, 403]);
  for (const { json } of answers.slice(0, 3)) expect(json).toMatchObject(refused);
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'ask_agent', arguments: { message: 'hi', session } } };
  const { text } = await post('/mcp', call, { ...bot.headers, Accept: 'application/json, text/event-stream' });
  expect(text).toContain("'bot' has conversations of its own");
  expect(gateway.upstream.bodies).toHaveLength(calls);
});

test('each API of /v1 and /mcp speaks in its own conversation', async () => {
  const header = { ...bot.headers, 'X-Xopc-Session': 'private' };
  const messages = [{ role: 'user', content: 'hi' }];
  const mcp = { name: 'ask_agent', arguments: { message: 'hi', session: 'private' } };
  const asked = [
    await post('/v1/chat/completions', { model: 'main', messages }, header),
    await post('/v1/responses', { model: 'main', input: 'hi' }, header),
    await post('/v1/messages', { model: 'main', max_tokens: 9, messages }, header),
    await post(
      '/mcp',
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params: mcp },
      { ...bot.headers, Accept: 'application/json, text/event-stream' },
    ),
  ];
  expect(asked.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  const key = `main:api:${bot.id}:direct:private`;
  const { messages: own } = (await gateway.send(`/api/sessions/${key}`)).json as { messages: { content: string }[] };
  expect(own.filter(({ content }) => content === 'hi')).toHaveLength(4);
  expect(lastSent()).not.toContain(SECRET);
});

test('it reads its own conversations over /mcp, by name and by key, and no others', async () => {
  await ask('readable', 'to be read');
  const key = `main:api:${bot.id}:direct:readable`;
  const read = async (session: string): Promise<string> => {
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'read_session', arguments: { session } } };
    return (await post('/mcp', call, { ...bot.headers, Accept: 'application/json, text/event-stream' })).text;
  };
  for (const session of ['readable', key]) expect(await read(session)).toContain('to be read');
  for (const session of ['main:api:default:direct:readable', 'main:webchat:default:direct:a', 'other:api:x:direct:a'])
    expect(await read(session)).toContain('FORBIDDEN');
});

test('two tokens have nothing in common', async () => {
  const other = await add('other-bot', ['main']);
  await ask('shared', 'from the first');
  await ask('shared', 'from the second', other.headers);
  expect(lastSent()).not.toContain('from the first');
});

test('it may not choose a model, by name or for its conversation', async () => {
  const refused = await post('/api/agent', { message: 'hi', model: 'up/vendor/two' });
  expect(refused.json).toMatchObject({ error: { code: 'FORBIDDEN', message: expect.stringContaining('choose a model') as string } });
  const call = { name: 'ask_agent', arguments: { message: 'hi', model: 'up/vendor/two' } };
  const { text } = await post(
    '/mcp',
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params: call },
    { ...bot.headers, Accept: 'application/json, text/event-stream' },
  );
  expect(text).toContain('choose a model');
  expect((await post('/api/agent', { message: 'hi', agentId: 'other' })).json).toMatchObject({ error: { code: 'FORBIDDEN' } });
});

test('where only the guide answers, a command of a program sets no model', async () => {
  gateway.conversation.setConfig({ agents: { list: [{ id: 'main', model: 'xopc/guide' }] } });
  const { json } = await ask('a', '/model up/vendor/two');
  expect((json as Json)['reply']).toContain('no language model is configured');
  expect((await ask('a', 'hi')).json).toMatchObject({ model: 'xopc/guide' });
});

test('a token for all agents, and callers without one, use the sessions that everybody has', async () => {
  const chat = await add('chat');
  for (const headers of [chat.headers, {}]) {
    await ask('private', 'and what was it?', headers);
    expect(lastSent()).toContain(SECRET);
    expect((await post('/api/agent', { message: 'hi', model: 'up/vendor/two', session: 'm' }, headers)).json).toMatchObject({
      model: 'up/vendor/two',
      sessionKey: 'main:api:default:direct:m',
    });
    expect((await gateway.send('/api/sessions', { headers })).status).toBe(200);
  }
  expect((await gateway.send('/api/sessions', { headers: bot.headers })).status).toBe(403);
});
