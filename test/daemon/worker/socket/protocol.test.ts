import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { startHttpApp, TOKEN } from '../../../helpers/http-app.js';
import { greetSocket, openSocket } from '../../../helpers/socket-client.js';

/** Tries to open a socket. @returns the status that it was refused with */
async function refusal(port: number, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers });
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, import('node:http').IncomingMessage];
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk as string;
  return { status: response.statusCode ?? 0, body };
}

test('from this machine a hello without a token is answered with who is there, then with events', async () => {
  const { port } = await startHttpApp();
  const client = await openSocket(port);
  const id = client.send('hello');
  expect(await client.next('hello')).toEqual({
    v: 1,
    id: 's1',
    type: 'hello',
    re: id,
    instanceId: 'wk_test',
    version: '1.2.3',
    buildId: 'b1',
  });
  expect(await client.next('event')).toMatchObject({ name: 'hello', data: { instanceId: 'wk_test' } });
});

test.each([
  { hello: {}, code: 4401 },
  { hello: { token: 'x'.repeat(43) }, code: 4401 },
])('from another machine, $hello is closed with $code and a reason', async ({ hello, code }) => {
  const { port } = await startHttpApp({ peer: '198.51.100.7' });
  const client = await openSocket(port, { headers: { Host: '192.0.2.10' } });
  client.send('hello', hello);
  expect((await client.next('error')).error.code).toBe('UNAUTHORIZED');
  expect((await client.closed).code).toBe(code);
});

test('from elsewhere the token in the hello and in the header let in', async () => {
  const { port } = await startHttpApp({ peer: '198.51.100.7' });
  const headers = { Host: '192.0.2.10' };
  const client = await openSocket(port, { headers });
  client.send('hello', { token: TOKEN });
  expect((await client.next('hello')).instanceId).toBe('wk_test');
  const program = await openSocket(port, { headers: { ...headers, Authorization: `Bearer ${TOKEN}` } });
  program.send('hello');
  expect((await program.next('hello')).re).toBe('c1');
});

test('the 20th wrong token in a minute is rate-limited; the right one still works', async () => {
  const { port } = await startHttpApp({ gateway: { auth: { enabled: true } } });
  const codes: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    const client = await openSocket(port);
    client.send('hello', { token: 'wrong-token' });
    codes.push((await client.closed).code);
  }
  expect(codes).toEqual([...Array<number>(19).fill(4401), 4429]);
  expect((await greetSocket(port, { token: TOKEN })).frames[0]?.type).toBe('hello');
});

test.each([
  { headers: { Origin: 'https://evil.example' }, status: 403 },
  { headers: { Origin: 'null' }, status: 403 },
  { headers: { Host: 'evil.example' }, status: 403 },
  { headers: { Authorization: 'Bearer wrong' }, status: 401 },
])('an upgrade with $headers is refused before it is one, with $status', async ({ headers, status }) => {
  const { port } = await startHttpApp();
  const refused = await refusal(port, headers as Record<string, string>);
  expect(refused.status).toBe(status);
  expect(JSON.parse(refused.body)).toMatchObject({ error: { code: status === 403 ? 'FORBIDDEN' : 'UNAUTHORIZED' } });
});

test('the page’s own origin may connect, and a listed one with the token', async () => {
  const { port } = await startHttpApp({ gateway: { cors: { enabled: true, origins: ['https://app.example'] } } });
  for (const [Origin, hello] of [[`http://127.0.0.1:${port}`], ['https://app.example', { token: TOKEN }]] as const) {
    const client = await openSocket(port, { headers: { Origin } });
    client.send('hello', hello);
    expect((await client.next('hello')).instanceId).toBe('wk_test');
  }
});

test('while the gateway drains an upgrade is answered 503', async () => {
  let isDraining = false;
  const { port } = await startHttpApp({ isDraining: () => isDraining });
  isDraining = true;
  const refused = await refusal(port, {});
  expect([refused.status, JSON.parse(refused.body)]).toEqual([503, { error: expect.objectContaining({ code: 'UNAVAILABLE' }) }]);
});

test.each(['not json', '{}', '{"v":2,"id":"a","type":"hello"}', '{"v":1,"id":"a","type":"ping"}', '{"v":1,"id":"a","type":"hello","x":1}'])(
  'a first frame of %s is no hello and ends with 4403',
  async (text) => {
    const { port } = await startHttpApp();
    const client = await openSocket(port);
    client.socket.send(text);
    expect((await client.closed).code).toBe(4403);
  },
);

test('after the hello a wrong frame is an error that names it, and the connection goes on', async () => {
  const { port, services } = await startHttpApp();
  const client = await greetSocket(port);
  const id = client.send('watch', { session: '' });
  expect(await client.next('error')).toMatchObject({ re: id, error: { code: 'INVALID_REQUEST' } });
  client.socket.send('{"broken');
  expect((await client.next('error')).error.message).toBe('The frame is not JSON.');
  client.socket.send('{"v":1,"id":"x","type":"stop","session":"one","\\u0073ession":"two"}');
  expect(await client.next('error')).toMatchObject({
    re: 'x',
    error: { message: expect.stringContaining("The frame has the key 'session' twice") },
  });
  expect(services.calls).toEqual([]);
  const missing = client.send('watch', { session: 'missing' });
  expect(await client.next('error')).toMatchObject({ re: missing, session: 'missing', error: { code: 'SESSION_NOT_FOUND' } });
  const twice = client.send('hello');
  expect(await client.next('error')).toMatchObject({ re: twice, error: { code: 'CONFLICT' } });
  const ping = client.send('ping');
  expect((await client.next('pong')).re).toBe(ping);
});

test('frames may follow the hello at once', async () => {
  const { port, services } = await startHttpApp();
  const client = await openSocket(port);
  client.send('hello');
  const re = client.send('stop', { session: 's' });
  expect((await client.next('stopped')).re).toBe(re);
  expect(client.frames[0]?.type).toBe('hello');
  expect(services.calls).toEqual([{ name: 'chat.stop', input: 's' }]);
});

test('a client without a hello in time is closed with 4401', async () => {
  const clock = new FakeClock();
  const { port } = await startHttpApp({ clock });
  const client = await openSocket(port);
  clock.advance(10_000);
  expect((await client.closed).code).toBe(4401);
});

test('a client that sends much before its first frame is complete is disconnected', async () => {
  const { port, app } = await startHttpApp();
  const client = await openSocket(port);
  client.socket.send('x'.repeat(1_000_000));
  expect((await client.closed).code).toBe(1006);
  await expect.poll(() => app.vitals().connections).toBe(0);
});

test('a large frame right behind the hello is read', async () => {
  const { port } = await startHttpApp();
  const client = await openSocket(port);
  client.send('hello');
  const re = client.send('ping', { ignored: 'x'.repeat(500_000) });
  expect(await client.next('error')).toMatchObject({ re, error: { code: 'INVALID_REQUEST' } });
});

test('binary frames, frames beyond the limit, and too many of them end the connection', async () => {
  const { port } = await startHttpApp();
  const binary = await greetSocket(port);
  binary.socket.send(Buffer.from('x'));
  expect((await binary.closed).code).toBe(4403);
  const large = await greetSocket(port);
  large.socket.send('x'.repeat(1_114_113));
  expect((await large.closed).code).toBe(1009);
  const many = await greetSocket(port);
  for (let count = 0; count < 201; count += 1) many.send('ping');
  expect((await many.closed).code).toBe(4429);
});

test.each([
  { mode: 'restart' as const, code: 1012 },
  { mode: 'stop' as const, code: 1001 },
])('a $mode closes every socket with $code at once', async ({ mode, code }) => {
  const { app, port } = await startHttpApp();
  const clients = [await greetSocket(port), await openSocket(port)];
  expect(app.vitals().connections).toBe(2);
  const cut = app.drain(mode, 5_000);
  expect(await Promise.all(clients.map(async ({ closed }) => (await closed).code))).toEqual([code, code]);
  expect(await cut).toEqual({ requests: 0, streams: 0, sockets: 0 });
  expect(app.vitals().connections).toBe(0);
});

test('a peer that disappears without closing is dropped after it misses a ping', async () => {
  const clock = new FakeClock();
  const { app, port } = await startHttpApp({ clock });
  const client = await greetSocket(port);
  client.socket.pause();
  clock.advance(30_000);
  clock.advance(30_000);
  await expect.poll(() => app.vitals().connections).toBe(0);
});

test('an offer of another protocol is answered as the request that it is, its body too', async () => {
  const { send, services } = await startHttpApp();
  const headers = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAoAAAAAIAAAAA' };
  const answer = await send('/api/agent', { method: 'POST', headers, body: { message: 'hi' } });
  expect([answer.status, (answer.json as { reply: string }).reply]).toEqual([200, 'You said: hi']);
  expect(services.calls.at(-1)).toEqual({ name: 'agent.run', input: { message: 'hi' } });
  expect((await send('/elsewhere', { headers: { Connection: 'Upgrade', Upgrade: 'websocket' } })).status).toBe(404);
});

const UPGRADE = "the header 'Upgrade: websocket'";
const CONNECTION = "the header 'Connection: Upgrade'";

test.each<{ headers: Record<string, string>; lacks: string }>([
  { headers: {}, lacks: `${UPGRADE} and ${CONNECTION}` },
  { headers: { Upgrade: 'websocket' }, lacks: CONNECTION },
  { headers: { Connection: 'Upgrade' }, lacks: UPGRADE },
  { headers: { Connection: 'Upgrade', Upgrade: 'h2c' }, lacks: UPGRADE },
])('a request without an upgrade ($headers) is answered 426, also without the token', async ({ headers, lacks }) => {
  const { send } = await startHttpApp({ peer: '198.51.100.7' });
  const answer = await send('/ws', { headers: { Host: '192.0.2.10', ...headers } });
  expect([answer.status, answer.headers.upgrade, answer.headers.connection]).toEqual([426, 'websocket', 'Upgrade']);
  expect(answer.json).toMatchObject({
    error: {
      code: 'UPGRADE_REQUIRED',
      message: `/ws is a WebSocket, and the request lacks ${lacks}. A reverse proxy must pass both headers on, with HTTP/1.1.`,
    },
  });
});
