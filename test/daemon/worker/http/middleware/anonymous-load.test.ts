import { once } from 'node:events';
import { expect, test } from 'vitest';
import { startHttpApp, TOKEN } from '../../../../helpers/http-app.js';
import { openWire, type Wire } from '../../../../helpers/http-request.js';

/** Requests through a trusted proxy, each on a connection of its own, whose bodies do not arrive. @param from  the client of each */
async function sendSlowly(
  count: number,
  length: number,
  from = (_index: number): string => '203.0.113.7',
): Promise<{ wires: Wire[]; ask: (client: string, headers?: Record<string, string>) => Promise<number> }> {
  const { port, app, send } = await startHttpApp({ gateway: { trustedProxies: ['127.0.0.1'] } });
  const head = ['POST /api/webhook/any HTTP/1.1', 'Host: localhost', 'Content-Type: application/json'];
  const wires: Wire[] = [];
  for (let index = 0; index < count; index += 1) {
    const begun = once(app.server, 'request');
    wires.push(await openWire(port, [...head, `X-Forwarded-For: ${from(index)}`, `Content-Length: ${length}`, '', '{'].join('\r\n')));
    await begun;
  }
  const ask = async (client: string, more: Record<string, string> = {}): Promise<number> => {
    const headers = { 'X-Forwarded-For': client, Host: 'localhost', ...more };
    return (await send('/api/webhook/any', { method: 'POST', headers, body: { text: 'x' } })).status;
  };
  return { wires, ask };
}

test.each([
  { what: 'requests', count: 64, length: 1_000 },
  { what: 'bytes of bodies', count: 16, length: 1_048_576 },
])('a client of a proxy has its number of $what, and others are answered', async ({ count, length }) => {
  const { wires, ask } = await sendSlowly(count, length);
  expect(await ask('203.0.113.7')).toBe(429);
  expect(await ask('203.0.113.8')).toBe(401);
  expect(await ask('203.0.113.7', { 'X-Api-Key': TOKEN })).toBe(401);
  wires[0]?.socket.destroy();
  await expect.poll(() => ask('203.0.113.7')).toBe(401);
});

test('a client whose proxy sets only X-Real-IP has no more by inventing addresses', async () => {
  const { ask } = await sendSlowly(64, 1_000, (index) => `198.51.100.${index}\r\nX-Real-IP: 203.0.113.7`);
  expect(await ask('198.51.100.99', { 'X-Real-IP': '203.0.113.7' })).toBe(429);
  expect(await ask('198.51.100.99', { 'X-Real-IP': '203.0.113.8' })).toBe(401);
});

test('a client that names another one in headers that its proxy passes on does not use up the limit of that one', async () => {
  const { ask } = await sendSlowly(64, 1_000, () => '203.0.113.7\r\nX-Real-IP: 203.0.113.8\r\nForwarded: for=203.0.113.8');
  expect(await ask('203.0.113.7')).toBe(429);
  expect(await ask('203.0.113.8')).toBe(401);
});

test('what this machine has in flight is not limited, not even where any Host is taken', async () => {
  const { port, app, send } = await startHttpApp();
  const head = ['POST /api/webhook/any HTTP/1.1', 'Host: localhost', 'Content-Type: application/json', 'Content-Length: 9'];
  for (let index = 0; index < 65; index += 1) {
    const begun = once(app.server, 'request');
    await openWire(port, [...head, '', '{'].join('\r\n'));
    await begun;
  }
  expect((await send('/api/webhook/any', { method: 'POST', body: { text: 'x' } })).status).toBe(401);
  expect((await send('/health')).status).toBe(200);
});

test('the bodies of all clients without the token together are limited, however many addresses they have', async () => {
  const { ask, wires } = await sendSlowly(32, 1_048_576, (index) => `2001:db8:${index}::1`);
  expect(await ask('2001:db8:99::1')).toBe(429);
  wires[0]?.socket.destroy();
  await expect.poll(() => ask('2001:db8:99::1')).toBe(401);
});
