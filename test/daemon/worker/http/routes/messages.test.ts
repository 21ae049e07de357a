import { expect, test, vi } from 'vitest';
import { startHttpApp, type TestOptions, TOKEN } from '../../../../helpers/http-app.js';
import { openWire } from '../../../../helpers/http-request.js';

const right = { channel: 'telegram', chat_id: '42', content: 'hi' };

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

test.each(cases)('$what is answered $status', async ({ body = right, headers = {}, options = {}, status }) => {
  const { send, services } = await startHttpApp(options);
  const { accept } = services.messages;
  services.messages.accept = async (message, given) => {
    if (message.channel === 'broken') throw new TypeError('a fault');
    return accept(message, given);
  };
  const answer = await send('/api/message', {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json', 'X-Request-Id': 'req_1', ...headers },
  });
  expect([answer.status, answer.headers['x-request-id']]).toEqual([status, 'req_1']);
  if (status === 200) expect(answer.json).toEqual({ status: 'ok', message_id: 'msg_1' });
  else expect(services.calls.filter(() => status !== 404)).toEqual([]);
});

test('a body is read in whatever pieces it arrives', async () => {
  const { port, services } = await startHttpApp();
  const content = 'ä'.repeat(50);
  const bytes = Buffer.from(JSON.stringify({ ...right, content }));
  const wire = await openWire(
    port,
    `POST /api/message HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${bytes.length}\r\n\r\n`,
  );
  const middleOfCharacter = bytes.indexOf('ä') + 1;
  wire.socket.write(bytes.subarray(0, middleOfCharacter));
  await new Promise(setImmediate);
  wire.socket.write(bytes.subarray(middleOfCharacter));
  await wire.until(/"message_id":"msg_1"/);
  expect(JSON.stringify(services.calls)).toContain(content);
});

test('a client that leaves in the middle of its body is counted, and no service is called', async () => {
  const { port, services, app, stats, lines } = await startHttpApp();
  const wire = await openWire(
    port,
    'POST /api/message HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"channel"',
  );
  await vi.waitFor(() => expect(app.vitals().inFlight).toBe(1));
  wire.socket.destroy();
  await vi.waitFor(() => expect(stats.totals.count).toBe(1));
  expect(lines.at(-1)?.message).toBe('the client disconnected before a response');
  expect(services.calls).toEqual([]);
  expect(app.vitals().inFlight).toBe(0);
});

test('while the gateway drains, a request is answered and its connection closed', async () => {
  const { send, stats } = await startHttpApp({ isDraining: () => true });
  const answer = await send('/api/message', { method: 'POST', body: right });
  expect(answer).toMatchObject({ status: 200, headers: { connection: 'close' } });
  expect(stats.totals.count).toBe(1);
});
