import Koa from 'koa';
import { afterEach, expect, test, vi } from 'vitest';
import { type LogLine, startHttpApp, type TestOptions, TOKEN } from '../../../helpers/http-app.js';
import { openWire } from '../../../helpers/http-request.js';

const right = { channel: 'telegram', chat_id: '42', content: 'hi' };

/** The same type, as only Koa takes it. */
const LONG_WAY = 'application/json; charset=utf-8';

afterEach(() => vi.restoreAllMocks());

const seenByKoa = () => vi.spyOn(Koa.prototype, 'createContext');

interface Case {
  readonly what: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string | string[]>;
  readonly options?: TestOptions;
  readonly status: number;
}

const cases: readonly Case[] = [
  { what: 'the right body', status: 200 },
  { what: 'a service that refuses', body: { ...right, channel: 'nowhere' }, status: 404 },
  { what: 'a service that breaks', body: { ...right, channel: 'broken' }, status: 500 },
  { what: 'an unknown key', body: { ...right, extra: 1 }, status: 400 },
  { what: 'a missing one', body: { channel: 'telegram' }, status: 400 },
  { what: 'an array', body: [right], status: 400 },
  { what: 'a number', body: '1', status: 400 },
  { what: 'nothing but spaces', body: '   ', status: 400 },
  { what: 'JSON cut short', body: '{"channel":', status: 400 },
  { what: 'a byte order mark', body: `\u{feff}${JSON.stringify(right)}`, status: 200 },
  { what: '__proto__', body: '{"__proto__":{},"channel":"telegram"}', status: 400 },
  { what: 'invalid UTF-8', body: Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]), status: 400 },
  { what: 'a trace', headers: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }, body: {}, status: 400 },
  {
    what: 'a body over the limit',
    options: { gateway: { maxBodyBytes: 1_024 } },
    body: { ...right, content: 'x'.repeat(2_000) },
    status: 413,
  },
  { what: 'a foreign Host', headers: { Host: 'evil.example' }, status: 403 },
  { what: 'a foreign Host with the token', headers: { Host: 'evil.example', Authorization: `Bearer ${TOKEN}` }, status: 200 },
  { what: 'a foreign Origin', headers: { Origin: 'http://evil.example' }, status: 403 },
  { what: 'its own Origin', headers: { Host: 'localhost', Origin: 'http://localhost' }, status: 200 },
  { what: 'a proxy', headers: { 'X-Forwarded-For': '127.0.0.1' }, status: 401 },
  { what: 'another machine', options: { peer: '198.51.100.7' }, status: 401 },
  { what: 'another machine with the token', options: { peer: '198.51.100.7' }, headers: { 'X-Api-Key': TOKEN }, status: 200 },
  { what: 'a wrong token where none is needed', headers: { 'X-Api-Key': 'wrong' }, status: 200 },
  { what: 'a wrong token', options: { peer: '198.51.100.7' }, headers: { 'X-Api-Key': 'wrong' }, status: 401 },
  { what: 'no token where one is needed', options: { gateway: { auth: { enabled: true } } }, status: 401 },
  { what: 'an address that may not connect', options: { gateway: { allowedIps: ['192.0.2.0/24'] } }, status: 403 },
  { what: 'CORS', options: { gateway: { cors: { enabled: true, origins: ['http://app.example'] } } }, status: 200 },
  { what: 'a key', headers: { 'Idempotency-Key': 'k' }, status: 200 },
];

/** What a caller and the log see, without what is new each time. */
async function ask({ body = right, headers = {}, options = {} }: Case, type: string) {
  const { send, lines, services } = await startHttpApp(options);
  const { accept } = services.messages;
  services.messages.accept = async (message, given) => {
    if (message.channel === 'broken') throw new TypeError('a fault');
    return accept(message, given);
  };
  const answer = await send('/api/message', {
    method: 'POST',
    body,
    headers: { ...headers, 'Content-Type': type, 'X-Request-Id': 'req_1' },
  });
  const { date: _date, 'content-length': _length, ...told } = answer.headers;
  await vi.waitFor(() => expect(lines.at(-1)?.fields['durationMs']).toBeDefined());
  const logged = lines.map(({ level, message, fields: { durationMs: _durationMs, err: _err, ...fields } }: LogLine) => ({
    level,
    message,
    fields,
  }));
  return { status: answer.status, text: answer.text, told, logged, calls: services.calls };
}

test.each(cases)('$what is answered the same before Koa as by it', async (one) => {
  const direct = await ask(one, 'application/json');
  expect(direct.status).toBe(one.status);
  expect(direct).toEqual(await ask(one, LONG_WAY));
});

test('a plain request is answered without Koa, in whatever pieces its body arrives; others by it', async () => {
  const koa = seenByKoa();
  const { port, send, app } = await startHttpApp();
  expect((await send('/api/message', { method: 'POST', body: right })).status).toBe(200);
  const body = JSON.stringify({ ...right, content: 'ä'.repeat(50) });
  const bytes = Buffer.from(body);
  const wire = await openWire(
    port,
    `POST /api/message HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${bytes.length}\r\n\r\n`,
  );
  // In the middle of a character.
  wire.socket.write(bytes.subarray(0, bytes.indexOf('ä') + 1));
  await new Promise(setImmediate);
  wire.socket.write(bytes.subarray(bytes.indexOf('ä') + 1));
  await wire.until(/"message_id":"msg_2"/);
  expect(koa).not.toHaveBeenCalled();
  expect((await send('/api/message', { method: 'POST', body: right, headers: { 'Idempotency-Key': 'k' } })).status).toBe(200);
  expect(koa).toHaveBeenCalledTimes(1);
  expect(app.totals()).toEqual({ count: 3, failed: 0 });
});

test('a client that leaves in the middle of its body is counted, and no service hears of it', async () => {
  const { port, services, app, lines } = await startHttpApp();
  const wire = await openWire(
    port,
    'POST /api/message HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"channel"',
  );
  await vi.waitFor(() => expect(app.vitals().inFlight).toBe(1));
  wire.socket.destroy();
  await vi.waitFor(() => expect(app.totals().count).toBe(1));
  expect(lines.at(-1)?.message).toBe('the client went away unanswered');
  expect(services.calls).toEqual([]);
  expect(app.vitals().inFlight).toBe(0);
});

test('while the gateway drains, a plain request is answered and its connection closed', async () => {
  const { send, app } = await startHttpApp({ isDraining: () => true });
  const answer = await send('/api/message', { method: 'POST', body: right });
  expect(answer).toMatchObject({ status: 200, headers: { connection: 'close' } });
  expect(app.totals().count).toBe(1);
});
