import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startHttpApp } from '../helpers/http-app.js';
import { fuzz } from './fuzz.js';
import { oddText } from './values.js';

const method = fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT', 'PRI', 'M-SEARCH', 'get', 'G\u0001T', '');
const target = fc.constantFrom(
  '/health', '/api/status', '/v1/models', '/api/message', '*', 'http://evil.example/health', '//health', '/health?%', '/\u00ff', '/api/../health', '', '/%2e%2e/', '/ws', '/'.repeat(9_000),
); // prettier-ignore
const version = fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.1 ', 'http/1.1', '');
const header = fc.oneof(
  fc.constantFrom(
    'Content-Length: 2', 'Content-Length: -1', 'Content-Length: 99999999999999999999', 'Content-Length: 2, 2', 'Transfer-Encoding: chunked', 'Transfer-Encoding: xchunked',
    'Connection: close', 'Connection: upgrade', 'Upgrade: websocket', 'Upgrade: h2c', 'Expect: 100-continue', 'Expect: soon', 'Host: a', 'Host: ', 'Host: [::1', ' folded', 'No colon',
    'Content-Type: application/json', 'Content-Encoding: gzip', 'X-Forwarded-For: 1.2.3.4', 'Authorization: Bearer', 'Accept-Encoding: gzip;q=x', 'Trailer: Content-Length', 'Range: bytes=0-',
  ), // prettier-ignore
  fc.tuple(fc.stringMatching(/^[A-Za-z-]{1,12}$/), oddText()).map((pair) => pair.join(': ')),
);
const body = fc.constantFrom(
  '',
  '{}',
  '2\r\n{}\r\n0\r\n\r\n',
  'ffffffffffffffff\r\n',
  'x\r\n',
  '{"a":',
  '0\r\nX: y\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n',
);
const eol = fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r');

const message = fc
  .record({ method, target, version, host: fc.boolean(), headers: fc.array(header, { maxLength: 5 }), body, eol })
  .map((parts) => {
    const lines = [
      `${parts.method} ${parts.target} ${parts.version}`,
      ...(parts.host ? ['Host: localhost'] : []),
      ...parts.headers,
      '',
      parts.body,
    ];
    return Buffer.from(lines.join(parts.eol), 'latin1');
  });
const bytes = fc.oneof(
  { weight: 8, arbitrary: message },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }).map((list) => Buffer.from(list)) },
);

/** What has arrived until the other side has closed, or has been silent after its first bytes. */
async function exchange(port: number, pieces: readonly Buffer[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let received = '';
  socket.setEncoding('latin1').on('data', (chunk) => (received += String(chunk)));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  for (const piece of pieces) if (!socket.destroyed) socket.write(piece);
  socket.end();
  if (!socket.destroyed) await once(socket, 'close', { signal: AbortSignal.timeout(15_000) });
  return received;
}

test('any bytes end with an answer that HTTP and the API allow, or with the connection', () =>
  fuzz(80, async () => {
    const { port, lines, send } = await startHttpApp();
    return fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 3 }), async (pieces) => {
      const received = await exchange(port, pieces);
      if (received !== '') expect(received).toMatch(/^HTTP\/1\.1 [1-5]\d\d /);
      expect(received).not.toMatch(/HTTP\/1\.1 500 |INTERNAL_ERROR|node_modules|HPE_/);
      expect((await send('/health')).status).toBe(200);
      expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
    });
  }));
