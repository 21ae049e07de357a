import { expect, onTestFinished, test } from 'vitest';
import { fakeHttp, json } from '../../../../fakes/http-server.js';
import { startHttpMcp } from '../../../../fakes/http-mcp.js';
import { eventually } from '../../../../helpers/eventually.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { freePort } from '../../../../helpers/free-port.js';
import { mcpServers } from '../../../../helpers/mcp-servers.js';

test('a server over HTTP is called with its credentials, in a session that is begun anew when it is lost, and ended', async () => {
  const remote = await startHttpMcp();
  onTestFinished(() => remote.close());
  const { servers, call, state } = mcpServers({
    remote: { url: remote.url, token: 'secret-token', headers: { 'X-Team': 'ops', AUTHORIZATION: 'other' } },
  });
  expect(servers.list()).toMatchObject([{ transport: 'http', target: new URL(remote.url).origin, state: 'idle', pid: null }]);
  expect(await servers.probe('remote')).toMatchObject({ ok: true, server: { name: 'remote', version: '1' }, tools: 12 });
  expect((await call('remote', 'echo')).text).toBe('here');
  expect((await call('remote', 'stream')).text).toBe('here');
  remote.forget();
  expect((await call('remote', 'echo')).text).toBe('here');
  expect(remote.seen.filter((line) => line.startsWith('POST initialize'))).toHaveLength(2);
  expect(remote.seen[0]).toBe('POST initialize Bearer secret-token');
  expect(remote.seen.every((line) => line.endsWith(' Bearer secret-token'))).toBe(true);
  await expect(call('remote', 'refused')).rejects.toMatchObject({
    code: 'CONFLICT',
    message:
      "the MCP server 'remote' cannot be used: it answered 401 (wrong token): it does not accept the token (mcp.servers.remote.token); sign-in by OAuth is not supported",
  });
  await expect(call('remote', 'away')).rejects.toThrow(/elsewhere\.invalid.* not followed/);
  await expect(call('remote', 'html')).rejects.toThrow('Unexpected content type');
  await expect(call('remote', 'huge')).rejects.toThrow('does not answer');
  expect(state('remote').state).toBe('running');
  expect((await call('remote', 'echo')).text).toBe('here');
  await servers.stop();
  expect(remote.seen.at(-1)).toBe('DELETE Bearer secret-token');
});

test('an answer to a call that has been given up is not read any further', async () => {
  const remote = await startHttpMcp();
  onTestFinished(() => remote.close());
  const { call, state } = mcpServers({ remote: { url: remote.url, timeoutMs: 1_000 } });
  const stopped = new AbortController();
  const calls = [call('remote', 'endless'), call('remote', 'endless', { signal: stopped.signal })];
  const ended = Promise.all(calls.map((one) => expect(one).rejects.toThrow()));
  await eventually(() => expect(remote.unfinished()).toBe(2));
  stopped.abort();
  await ended;
  await eventually(() => expect(remote.unfinished()).toBe(0));
  expect(state('remote').state).toBe('running');
});

test('a call whose answer ends without a result fails at once; one that the server lets go on elsewhere goes on', async () => {
  const remote = await startHttpMcp();
  onTestFinished(() => remote.close());
  const { call, state } = mcpServers({ remote: { url: remote.url } });
  const failed = {
    code: 'UNAVAILABLE',
    message: "the MCP server 'remote' cannot be used: the response ended without a readable result",
  };
  for (const tool of ['cut', 'dropped', 'garbled', 'immense']) await expect(call('remote', tool)).rejects.toMatchObject(failed);
  expect((await call('remote', 'resumed')).text).toBe('here');
  expect(state('remote').state).toBe('running');
});

const LOST = [
  { says: [404] },
  { says: [400, '{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: No valid session ID provided"},"id":null}'] },
  { says: [401, 'Unauthorized: Session not found'] },
] as const;

test.each(LOST)('a session that is lost, as $says.0 says, is begun anew by a call and by a test', async ({ says: [status, text] }) => {
  const remote = await startHttpMcp();
  onTestFinished(() => remote.close());
  const { servers, call } = mcpServers({ remote: { url: remote.url } });
  expect(await servers.probe('remote')).toMatchObject({ ok: true });
  remote.forget(status, text);
  expect((await call('remote', 'echo')).text).toBe('here');
  remote.forget(status, text);
  expect(await servers.probe('remote')).toMatchObject({ ok: true, tools: 12 });
  remote.forget(status, text);
  // Two that find it lost at once share the new one.
  expect((await Promise.all([call('remote', 'echo'), call('remote', 'echo')])).map((result) => result.text)).toEqual(['here', 'here']);
  expect(remote.seen.filter((line) => line.startsWith('POST initialize'))).toHaveLength(4);
});

test('after a refusal that may be of the session, the call is not repeated, and the next one begins another', async () => {
  const remote = await startHttpMcp();
  onTestFinished(() => remote.close());
  const { call, state } = mcpServers({ remote: { url: remote.url } });
  await call('remote', 'echo');
  remote.forget(500, 'unexpected');
  await expect(call('remote', 'echo')).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: "the MCP server 'remote' cannot be used: it answered 500: unexpected",
  });
  expect(state('remote').state).toBe('idle');
  expect((await call('remote', 'echo')).text).toBe('here');
  expect(remote.seen.filter((line) => line === 'POST tools/call echo')).toHaveLength(3);
});

test('one that has ended does not pass a test any more', async () => {
  const remote = await startHttpMcp();
  const { servers, call, state } = mcpServers({ remote: { url: remote.url } });
  expect(await servers.probe('remote')).toMatchObject({ ok: true, tools: 12 });
  await remote.close();
  expect(await servers.probe('remote')).toMatchObject({ ok: false, tools: null });
  await expect(call('remote', 'echo')).rejects.toThrow('ECONNREFUSED');
  expect(state('remote')).toMatchObject({ state: 'backoff', error: expect.stringContaining('ECONNREFUSED') as string });
});

test.each([
  ['pass%2Fword', 'pass/word'],
  ['100%', '100%'],
])('a user and the password %s in its URL are sent as such', async (written, password) => {
  const remote = await startHttpMcp();
  onTestFinished(() => remote.close());
  const { servers, state } = mcpServers({ remote: { url: remote.url.replace('//', `//me:${written}@`) } });
  expect(await servers.probe('remote')).toMatchObject({ ok: true });
  expect(remote.seen[0]).toBe(`POST initialize Basic ${Buffer.from(`me:${password}`).toString('base64')}`);
  await servers.stop();
  expect(state('remote').state).toBe('idle');
});

test('one that is not there is left alone for a while', async () => {
  const { servers, state } = mcpServers({ remote: { url: `http://127.0.0.1:${await freePort()}/mcp` } });
  expect(await servers.probe('remote')).toMatchObject({ ok: false, error: expect.stringContaining('ECONNREFUSED') as string });
  expect(state('remote').state).toBe('backoff');
});

test('one that ends its stream of events at once is not asked for it without a pause, whatever pause it names', async () => {
  const remotes = await Promise.all(['retry: 0\n\n', 'retry: 99999999999\n\n'].map((events) => startHttpMcp({ events })));
  onTestFinished(async () => void (await Promise.all(remotes.map((remote) => remote.close()))));
  for (const remote of remotes) {
    const clock = new FakeClock();
    const { call } = mcpServers({ remote: { url: remote.url, idleMs: 86_400_000 } }, clock);
    const streams = () => remote.seen.filter((line) => line === 'GET').length;
    for (let asked = 0; asked < 5; asked += 1) await call('remote', 'echo');
    await eventually(() => expect(streams()).toBe(1));
    await eventually(() => {
      clock.advance(60_000);
      expect(streams()).toBeGreaterThan(1);
    });
  }
});

test('an address that answers with other JSON is said not to speak MCP', async () => {
  const { port } = await fakeHttp((_request, response) => json(response, { hello: 'world' }));
  const { servers } = mcpServers({ remote: { url: `http://127.0.0.1:${port}/` } });
  expect(await servers.probe('remote')).toMatchObject({ ok: false, error: expect.stringMatching(/^it does not speak MCP/) as string });
});
