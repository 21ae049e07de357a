import { expect, test } from 'vitest';
import { startHttpApp, TOKEN } from '../../../../helpers/http-app.js';
import { openWire } from '../../../../helpers/http-request.js';

const chunkedTo = (path: string, ...lines: string[]): string =>
  [`POST ${path} HTTP/1.1`, 'Host: 192.0.2.10', 'Content-Type: application/json', 'Transfer-Encoding: chunked', ...lines, '', ''].join(
    '\r\n',
  );

test.each(['/api/webhook/any', '/api/page-session', '/api/models', '/health'])(
  'a body without a length of another machine without the token is answered 411 and not read: %s',
  async (path) => {
    const { port, app } = await startHttpApp({ peer: '198.51.100.7' });
    let parsed = 0;
    app.server.on('request', () => (parsed += 1));
    const wire = await openWire(port, chunkedTo(path) + '1\r\n \r\n'.repeat(10_000));
    await wire.until(/^HTTP\/1\.1 411 [\s\S]+no Content-Length/);
    expect(parsed).toBe(0);
    await wire.closed;
  },
);

test.each([
  { who: 'with the token', options: { peer: '198.51.100.7' }, lines: [`X-Api-Key: ${TOKEN}`], status: 200 },
  { who: 'of this machine', options: {}, lines: [], status: 401 },
  { who: 'where nobody needs the token', options: { peer: '198.51.100.7', gateway: { auth: { enabled: false } } }, lines: [], status: 401 },
])('a body without a length is read of a client $who', async ({ options, lines, status }) => {
  const { port } = await startHttpApp(options);
  const path = status === 200 ? '/api/page-session' : '/api/webhook/any';
  const wire = await openWire(port, `${chunkedTo(path, ...lines)}2\r\n{}\r\n0\r\n\r\n`);
  await wire.until(/^HTTP\/1\.1 \d+ /);
  expect(wire.received()).toMatch(`HTTP/1.1 ${status} `);
});

test('a refused offer to upgrade does not hide such a body', async () => {
  const { port } = await startHttpApp({ peer: '198.51.100.7' });
  const wire = await openWire(port, chunkedTo('/health', 'Connection: Upgrade', 'Upgrade: h2c'));
  await wire.until(/^HTTP\/1\.1 \d+ /);
  expect(wire.received()).toMatch('HTTP/1.1 411 ');
});
