import { expect, test } from 'vitest';
import { describeRoutes } from '../../../../daemon/worker/http/openapi/describe-routes.js';
import { type Scope, SCOPES } from '../../../../shared/api/gateway/tokens.js';
import { hangingScript } from '../../../helpers/fake-services.js';
import { sendRequest } from '../../../helpers/http-request.js';
import { startHttpApp, TOKEN } from '../../../helpers/http-app.js';
import { openSocket } from '../../../helpers/socket-client.js';

const bearer = (secret: string) => ({ Authorization: `Bearer ${secret}` });
const ask = { method: 'POST', body: { message: 'hi' } } as const;

/** Every operation of the OpenAPI document, with the scopes of which it says that a token needs one. */
function operations(): { method: string; path: string; scopes: readonly string[] | string }[] {
  return Object.entries(describeRoutes('1.2.3').paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { 'x-scopes': scopes = 'public' }]) => ({
      method: method.toUpperCase(),
      path: path.replaceAll(/\{\w+\}/g, 'x'),
      scopes: scopes.length === 0 ? 'any' : scopes,
    })),
  );
}

/** Streams that do not end. */
const ENDLESS = new Set(['/api/events', '/api/logs/follow']);

test('each operation lets in exactly the scopes that its description names', async () => {
  const app = await startHttpApp({ peer: '198.51.100.7' });
  const all = operations();
  const secrets = Object.fromEntries(SCOPES.map((scope) => [scope, app.services.grant({ scopes: [scope] })]));
  const surprises: string[] = [];
  let tried = 0;
  for (const { method, path, scopes } of all) {
    if (ENDLESS.has(path)) continue;
    for (const scope of SCOPES) {
      // A body would be the business of the handler.
      const { status, json } = await sendRequest(app.port, path, { method, headers: bearer(secrets[scope] ?? '') });
      const isLetIn = status !== 403 || !JSON.stringify(json).includes('The access token');
      const mayEnter = typeof scopes === 'string' || scopes.includes(scope);
      tried += 1;
      // Public ones may have credentials of their own.
      if (isLetIn !== mayEnter || (status === 401 && scopes !== 'public')) surprises.push(`${scope}: ${method} ${path} → ${status}`);
    }
  }
  expect(surprises).toEqual([]);
  expect(tried).toBeGreaterThan(300);
});

test('a token allows no more on this machine, where none is needed', async () => {
  const { send, services } = await startHttpApp();
  const headers = bearer(services.grant({ name: 'ci', scopes: ['cron'] }));
  expect((await send('/api/agent', { ...ask, headers })).json).toMatchObject({
    error: { code: 'FORBIDDEN', message: expect.stringContaining("'ci' has the scope cron, and this needs chat or admin") as string },
  });
  expect((await send('/api/cron', { headers })).status).toBe(200);
  expect((await send('/api/logs', { headers })).status).toBe(403);
});

test('a token that only sends has no agent answer in a chat; one that only chats delivers no answer there', async () => {
  const { send, services } = await startHttpApp();
  const [sends, chats, both] = [['send'], ['chat'], ['send', 'chat']].map((scopes) => services.grant({ scopes: scopes as Scope[] }));
  const write = async (secret: string | undefined, deliver: boolean): Promise<number> => {
    const body = { channel: 'telegram', chat_id: '7', content: 'hello', deliver };
    return (await send('/api/message/sync', { method: 'POST', body, ...(secret && { headers: bearer(secret) }) })).status;
  };
  const statuses = async (secret?: string) => [await write(secret, false), await write(secret, true)];
  expect(await statuses(sends)).toEqual([403, 403]);
  expect(await statuses(chats)).toEqual([200, 403]);
  expect(await statuses(both)).toEqual([200, 200]);
  expect(await statuses()).toEqual([200, 200]);
});

test('one that has ended is refused, also where none is needed', async () => {
  const { send, services } = await startHttpApp();
  const secret = services.grant({ name: 'ci', scopes: ['admin'] });
  expect((await send('/api/logs', { headers: bearer(secret) })).status).toBe(200);
  await services.accessTokens.revoke('ci');
  for (const headers of [bearer(secret), { 'X-Api-Key': secret }])
    expect((await send('/api/models', { headers })).json).toMatchObject({
      error: { code: 'UNAUTHORIZED', message: expect.stringContaining('revoked') as string },
    });
  // Programs that must send some key send this.
  expect((await send('/api/models', { headers: bearer('none') })).status).toBe(200);
});

test('while tokens cannot be read, the answer is 503', async () => {
  const { send, services } = await startHttpApp({ peer: '198.51.100.7', services: {} });
  services.accessTokens.find = () => 'unread';
  expect((await send('/api/models', { headers: bearer('xopc_x') })).status).toBe(503);
  expect((await send('/health')).status).toBe(200);
});

test('revoking a token ends its stream and its socket', async () => {
  const { send, port, services } = await startHttpApp({ peer: '198.51.100.7' });
  const secret = services.grant({ name: 'ci', scopes: ['chat', 'read'] });
  services.script = (_message, signal) => hangingScript('Hello', signal);
  const controller = new AbortController();
  const stream = await fetch(`http://127.0.0.1:${port}/api/agent`, {
    method: 'POST',
    headers: { ...bearer(secret), 'Content-Type': 'application/json', Accept: 'text/event-stream' },
    body: JSON.stringify({ message: 'hi' }),
    signal: controller.signal,
  });
  expect(stream.status).toBe(200);
  const socket = await openSocket(port);
  socket.send('hello', { token: secret });
  await socket.next('hello');
  await services.accessTokens.revoke('ci');
  await expect(stream.text()).rejects.toThrow();
  expect((await socket.closed).code).toBe(4401);
  expect((await send('/api/models', { headers: bearer(secret) })).status).toBe(401);
});

test('a token that revokes itself gets the answer, and is refused from then on', async () => {
  const { send, services } = await startHttpApp();
  const headers = bearer(services.grant({ name: 'me', scopes: ['admin'] }));
  expect(await send('/api/tokens/me', { method: 'DELETE', headers })).toMatchObject({ status: 200, json: { token: { name: 'me' } } });
  expect((await send('/api/models', { headers })).status).toBe(401);
});

test('a socket needs a token that may chat and read, with all agents', async () => {
  const { port, services } = await startHttpApp({ peer: '198.51.100.7' });
  for (const token of [{ scopes: ['chat'] }, { scopes: ['read'] }, { scopes: ['chat'], agents: ['main'] }] as const) {
    const socket = await openSocket(port);
    socket.send('hello', { token: services.grant(token) });
    expect((await socket.next('error')).error.code).toBe('FORBIDDEN');
    expect(await socket.closed).toEqual({ code: 4401, reason: 'the access token may not do this' });
  }
});

test('a token for agents asks these agents, and does nothing else', async () => {
  const { send, services } = await startHttpApp();
  const headers = bearer(services.grant({ name: 'bot', scopes: ['chat'], agents: ['main'] }));
  const chat = (model: string) =>
    send('/v1/chat/completions', { method: 'POST', headers, body: { model, messages: [{ role: 'user', content: 'hi' }] } });
  const statuses = [
    await send('/api/agent', { ...ask, headers }),
    await send('/api/agent', { method: 'POST', headers, body: { message: 'hi', agentId: 'other' } }),
    await chat('main'),
    await chat('fake/echo'),
    await send('/api/sessions', { headers }),
    await send('/v1/embeddings', { method: 'POST', headers, body: { model: 'fake/echo', input: 'a' } }),
    await send('/openapi.json', { headers }),
  ].map(({ status }) => status);
  expect(statuses).toEqual([200, 403, 200, 403, 403, 403, 200]);
  const { json } = await send('/v1/models', { headers });
  expect((json as { data: { id: string }[] }).data.map(({ id }) => id)).toEqual(['main']);
});

test('a token has as many requests in a minute as it was given', async () => {
  const { send, services } = await startHttpApp();
  const headers = bearer(services.grant({ scopes: ['read'], requestsPerMinute: 2 }));
  const answers = [await send('/api/models', { headers }), await send('/api/models', { headers }), await send('/api/models', { headers })];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
  expect(Number(answers[2]?.headers['retry-after'])).toBeGreaterThan(0);
});

test('a session of the page may do what its token may, and ends with it', async () => {
  const { send, services } = await startHttpApp({ peer: '198.51.100.7' });
  const page = { Host: '192.0.2.10:18790', Origin: 'http://192.0.2.10:18790' };
  const secret = services.grant({ name: 'wall', scopes: ['read'] });
  const signedIn = await send('/api/page-session', { method: 'POST', headers: { ...page, ...bearer(secret) } });
  const headers = { ...page, Cookie: String(signedIn.headers['set-cookie']).split(';')[0] ?? '' };
  expect([(await send('/api/status', { headers })).status, (await send('/api/agent', { ...ask, headers })).status]).toEqual([200, 403]);
  await services.accessTokens.revoke('wall');
  expect((await send('/api/status', { headers })).status).toBe(401);
});

test('the log and the metrics name the token, never its secret', async () => {
  const { send, services, lines } = await startHttpApp();
  const secret = services.grant({ name: 'ci', scopes: ['read'] });
  await send('/api/models', { headers: bearer(secret) });
  const { text } = await send('/metrics', { headers: bearer(secret) });
  expect(text).toContain('xopc_token_requests_total{token="ci"} 2');
  await expect.poll(() => lines.find(({ fields }) => fields['path'] === '/api/models')?.fields).toMatchObject({ token: 'ci' });
  expect(JSON.stringify(lines)).not.toContain(secret);
});

test('the log names the token that has changed the gateway at the usual level, and not for what only reads or tries', async () => {
  const { send, services, lines } = await startHttpApp();
  const headers = bearer(services.grant({ name: 'ci', scopes: ['admin'] }));
  const change = (path: string, body?: object) => send(path, { method: 'POST', body, headers });
  await change('/api/config/text', { text: '{}', dryRun: true });
  await send('/api/tokens', { headers });
  await change('/api/agent', { message: 'hi' });
  await change('/api/models/ask', { model: 'fake/echo' });
  await change('/api/providers/test', { baseUrl: 'http://127.0.0.1:9/v1' });
  await change('/api/mcp/files/test');
  await change('/api/mcp/files/tools/read/call', {});
  const answers = [await change('/api/config/text', { text: '{}' }), await change('/api/tokens', { name: 'new', scopes: ['read'] })];
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  await expect.poll(() => lines).toHaveLength(9);
  const noted = lines.filter(({ level }) => level === 'info').map(({ fields }) => [fields['path'], fields['token']]);
  expect(noted).toEqual([
    ['/api/config/text', 'ci'],
    ['/api/tokens', 'ci'],
  ]);
});

test('what is wrong with a new token is named by its field, with a code', async () => {
  const { send } = await startHttpApp();
  const right = { name: 'ci', scopes: ['chat'] };
  const wrong: readonly (readonly [object, string, string])[] = [
    [{ name: 'a b' }, 'name', 'token-name'],
    [{ name: 'x'.repeat(1_000_000) }, 'name', 'token-name'],
    [{ scopes: [] }, 'scopes', 'empty'],
    [{ scopes: ['root'] }, 'scopes.0', 'must-be'],
    [{ agents: [1] }, 'agents.0', 'wrong-type'],
    [{ expiresAt: 'soon' }, 'expiresAt', 'not-a'],
    [{ requestsPerMinute: 0.5 }, 'requestsPerMinute', 'wrong-type'],
    [{ dailyUsd: '2' }, 'dailyUsd', 'wrong-type'],
    [{ color: 'red' }, '', 'unknown-keys'],
  ];
  for (const [change, path, code] of wrong) {
    const { status, json } = await send('/api/tokens', { method: 'POST', body: { ...right, ...change }, headers: bearer(TOKEN) });
    expect([status, json?.['error']]).toMatchObject([400, { code: 'INVALID_REQUEST', details: { issues: [{ path, code }] } }]);
  }
});
