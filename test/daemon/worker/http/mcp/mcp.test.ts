import { once } from 'node:events';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as OlderClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OlderTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { expect, onTestFinished, test } from 'vitest';
import type { McpErrorResponse } from '../../../../../shared/api/tools/mcp-server.js';
import { GatewayError } from '../../../../../shared/errors.js';
import { echoScript, hangingScript } from '../../../../helpers/fake-services.js';
import { startHttpApp, type TestApp, TOKEN } from '../../../../helpers/http-app.js';

const info = { name: 'test', version: '1' };

async function connect({ port }: TestApp, { secret, revision }: { secret?: string; revision?: string } = {}): Promise<Client> {
  const client = new Client(info, revision === undefined ? {} : { versionNegotiation: { mode: { pin: revision } } });
  const headers = secret === undefined ? {} : { Authorization: `Bearer ${secret}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`), { requestInit: { headers } }));
  onTestFinished(() => client.close());
  return client;
}

async function connectOlder({ port }: TestApp): Promise<OlderClient> {
  const client = new OlderClient(info);
  await client.connect(new OlderTransport(new URL(`http://127.0.0.1:${port}/mcp`)) as never);
  onTestFinished(() => client.close());
  return client;
}

const namesOf = async (client: Client): Promise<string[]> => (await client.listTools()).tools.map(({ name }) => name);
const textOf = ({ content }: { content?: unknown }): string => (content as { text: string }[])[0]?.text ?? '';

const ALL = ['ask_agent', 'send_message', 'list_sessions', 'read_session', 'search_messages', 'list_jobs', 'create_job', 'read_status'];

test('clients of each revision ask an agent, and hear its words as they come', async () => {
  const app = await startHttpApp();
  const clients = [
    { client: await connect(app), version: '2025-11-25' },
    { client: await connect(app, { revision: '2026-07-28' }), version: '2026-07-28' },
    { client: await connectOlder(app), version: undefined },
  ];
  for (const { client, version } of clients) {
    if (client instanceof Client) expect(client.getNegotiatedProtocolVersion()).toBe(version);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(ALL);
    expect(tools.filter(({ annotations }) => annotations?.readOnlyHint !== true).map(({ name }) => name)).toEqual([
      'ask_agent',
      'send_message',
      'create_job',
    ]);
    const words: (string | undefined)[] = [];
    const onprogress = ({ message }: { message?: string | undefined }) => void words.push(message);
    const call = { name: 'ask_agent', arguments: { message: 'hi', session: 'notes', agentId: 'main' } };
    const answer =
      client instanceof Client ? await client.callTool(call, { onprogress }) : await client.callTool(call, undefined, { onprogress });
    expect(words).toEqual(['You said: ', undefined, 'hi']);
    expect(answer).toMatchObject({
      content: [{ type: 'text', text: 'You said: hi' }],
      structuredContent: { status: 'ok', reply: 'You said: hi' },
    });
    expect(app.services.calls.at(-1)).toMatchObject({ name: 'agent.run', input: { message: 'hi', session: 'notes', agentId: 'main' } });
  }
});

test('each tool does what its operation of the API does', async () => {
  const app = await startHttpApp();
  const client = await connect(app);
  const called = async (name: string, given: Record<string, unknown> = {}) => {
    const { isError, structuredContent } = await client.callTool({ name, arguments: given });
    expect(isError, name).toBeUndefined();
    return { answer: structuredContent, asked: app.services.calls.at(-1) };
  };
  const sent = await called('send_message', { channel: 'telegram', chat_id: 12, content: 'hello' });
  expect(sent.asked).toMatchObject({
    name: 'messages.accept',
    input: { message: { channel: 'telegram', chat_id: '12', content: 'hello' } },
  });
  expect(sent.answer).toEqual({ status: 'ok', message_id: expect.stringMatching(/^msg_/) as string });
  // Models send null for what they leave out.
  expect((await called('list_sessions', { limit: 3, cursor: null })).asked?.input).toEqual({ limit: 3 });
  expect((await called('search_messages', { query: 'tea from:telegram' })).asked?.input).toEqual({
    limit: 10,
    search: 'tea from:telegram',
  });
  expect((await called('read_session', { session: 'notes', before: 9 })).answer).toMatchObject({
    status: 'ok',
    messages: expect.any(Array) as [],
  });
  expect((await called('list_jobs')).answer).toMatchObject({ jobs: [{ id: 'job_1' }] });
  const job = await called('create_job', { schedule: 'every 1h', message: 'drink', channel: 'webchat', chat_id: 'me' });
  expect(job.asked).toMatchObject({ name: 'cron.create', input: { schedule: 'every 1h', message: 'drink' } });
  expect((await called('read_status')).answer).toMatchObject({ status: 'ok', state: 'running' });
});

test('a token sees and calls what its scopes and its agents allow', async () => {
  const app = await startHttpApp({ peer: '198.51.100.7' });
  const { grant } = app.services;
  const read = await connect(app, { secret: grant({ name: 'reader', scopes: ['read'] }) });
  expect(await namesOf(read)).toEqual(['list_sessions', 'read_session', 'search_messages', 'list_jobs', 'read_status']);
  expect(await namesOf(await connect(app, { secret: grant({ scopes: ['send'] }) }))).toEqual(['send_message']);
  expect(await namesOf(await connect(app, { secret: TOKEN }))).toEqual(ALL);
  const refused = await read.callTool({ name: 'send_message', arguments: { channel: 'webchat', chat_id: 'me', content: 'x' } });
  expect([refused.isError, textOf(refused)]).toEqual([
    true,
    expect.stringContaining("FORBIDDEN: The access token 'reader' has the scope read"),
  ]);
  const limited = await connect(app, { secret: grant({ scopes: ['chat', 'cron'], agents: ['work'] }), revision: '2026-07-28' });
  expect(await namesOf(limited)).toEqual(['ask_agent', 'read_session']);
  expect((await limited.callTool({ name: 'ask_agent', arguments: { message: 'hi', agentId: 'work' } })).isError).toBeUndefined();
  for (const call of [
    { name: 'ask_agent', arguments: { message: 'hi', agentId: 'main' } },
    { name: 'list_sessions', arguments: {} },
  ])
    expect(textOf(await limited.callTool(call))).toMatch(/^FORBIDDEN: /);
  expect(app.services.calls.map(({ name }) => name)).toEqual(['agent.run']);
  await expect(connect(app)).rejects.toThrow(/needs a token|token/);
});

test('what is not a message of the protocol is refused in its shape, with the field', async () => {
  const app = await startHttpApp();
  const accept = { Accept: 'application/json, text/event-stream' };
  const post = async (body: unknown, headers: Record<string, string> = {}) => {
    const { status, json } = await app.send('/mcp', { method: 'POST', body, headers: { ...accept, ...headers } });
    const { error } = json as unknown as McpErrorResponse;
    return [status, error.code, error.message] as const;
  };
  const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
  expect(await post([list, list])).toEqual([400, -32_600, expect.stringContaining('it is a list; it must be an object')]);
  expect(await post({ ...list, jsonrpc: '1.0' })).toEqual([400, -32_600, expect.stringContaining('\'jsonrpc\' must be "2.0"')]);
  expect(await post({ ...list, method: 5 })).toEqual([400, -32_600, expect.stringContaining("'method' is a number")]);
  expect(await post({ ...list, params: [] })).toEqual([400, -32_600, expect.stringContaining("'params' is a list")]);
  expect(await post('{"jsonrpc":')).toEqual([415, -32_000, expect.stringContaining('application/json')]);
  expect(await post('{"jsonrpc":', { 'Content-Type': 'application/json' })).toEqual([
    400,
    -32_700,
    expect.stringContaining('not valid JSON'),
  ]);
  const deep = `{"jsonrpc":"2.0","id":1,"method":"ping","params":${'{"a":'.repeat(100)}1${'}'.repeat(100)}}`;
  expect(await post(deep, { 'Content-Type': 'application/json' })).toEqual([400, -32_600, expect.stringContaining('deeper than 64')]);
  expect(await post({ ...list, params: { a: 'x'.repeat(2 ** 20) } })).toEqual([
    413,
    -32_000,
    expect.stringContaining('gateway.maxBodyBytes'),
  ]);
  expect(await post(list, { Origin: 'https://evil.example' })).toEqual([403, -32_000, expect.stringContaining('origin')]);
  expect(await post(list, { Host: 'evil.example' })).toEqual([403, -32_000, expect.stringContaining('not a name of this gateway')]);
  app.configure({ cors: { enabled: true, origins: ['https://app.example'] } });
  const asking = {
    Origin: 'https://app.example',
    'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers': 'mcp-protocol-version',
  };
  const preflight = await app.send('/mcp', { method: 'OPTIONS', headers: asking });
  expect(preflight.headers['access-control-allow-headers']).toMatch(/Mcp-Protocol-Version,Mcp-Method,Mcp-Name,Mcp-Session-Id/);
  for (const method of ['GET', 'DELETE']) expect((await app.send('/mcp', { method, headers: accept })).status).toBe(405);
  const client = await connect(app);
  const text = 'x'.repeat(1_000_000);
  const wrong = await client.callTool({ name: 'read_session', arguments: { session: text, limit: '5', deep: { a: [[]] } } });
  expect(wrong.isError).toBe(true);
  expect(textOf(wrong)).toMatch(/^INVALID_REQUEST: Invalid arguments: 'session' .*512.*'limit' is a string.*unknown key 'deep'/);
  await expect(client.callTool({ name: text.slice(0, 999), arguments: {} })).rejects.toThrow(/Unknown tool 'x{100}'/);
});

test('a turn ends with its client, and a drain is reported in the answer', async () => {
  const app = await startHttpApp();
  const signals: AbortSignal[] = [];
  app.services.script = (_message, signal) => {
    signals.push(signal);
    return hangingScript('so far', signal);
  };
  const client = await connect(app);
  const ask = { name: 'ask_agent', arguments: { message: 'hi' } };
  /** Resolves with the first word, and with how the call goes on. */
  const begin = (from: Client): Promise<{ ended: ReturnType<Client['callTool']> }> =>
    new Promise((resolve) => {
      const ended = from.callTool(ask, { onprogress: () => resolve({ ended }) });
    });
  const left = await begin(client);
  const aborted = once(signals[0] as AbortSignal, 'abort');
  await Promise.all([client.close(), aborted, expect(left.ended).rejects.toThrow()]);

  const { ended } = await begin(await connect(app));
  await app.app.drain('stop', 0);
  expect(textOf(await ended)).toMatch(/^UNAVAILABLE: /);
});

test('the failure of a service is a result with the code, and one of the gateway itself is only in the log', async () => {
  const app = await startHttpApp({
    services: {
      cron: { list: () => Promise.reject(new GatewayError('STORE_UNAVAILABLE', { message: 'the database is locked' })) } as never,
      status: { read: () => Promise.reject(new TypeError('a secret detail')) },
    },
  });
  const client = await connect(app);
  expect(textOf(await client.callTool({ name: 'list_jobs' }))).toMatch(/^STORE_UNAVAILABLE: /);
  expect(textOf(await client.callTool({ name: 'read_status' }))).toMatch(/^INTERNAL_ERROR: Internal error in the gateway/);
  expect(app.lines).toContainEqual(expect.objectContaining({ level: 'error', message: 'tool of /mcp failed' }));
});

test('an answer that waits for a decision says so', async () => {
  const app = await startHttpApp();
  const approval = {
    id: 12,
    state: 'pending',
    tool: 'files__write',
    input: { path: 'a' },
    said: 'I will write.',
    agentId: 'main',
    session: 's',
    turnId: 't',
    askedAt: '2026-01-31T08:00:00.000Z',
    expiresAt: '2026-02-01T08:00:00.000Z',
    decidedAt: null,
    decidedBy: null,
    note: null,
    remember: null,
  } as const;
  app.services.script = async function* (message) {
    for await (const event of echoScript(message)) yield event.type === 'done' ? { ...event, approvals: [approval] } : event;
  };
  const client = await connect(app);
  await client.listTools();
  const answer = await client.callTool({ name: 'ask_agent', arguments: { message: 'hi' } });
  expect(textOf(answer)).toBe(
    "You said: hi\n\nThis waits for a person's decision: files__write (approval 12). The answer then goes on in the session.",
  );
  expect(answer.structuredContent).toMatchObject({ approvals: [{ id: 12, input: { path: 'a' } }] });
});
