import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { startHttpApp, type TestApp, TOKEN, type TestOptions } from '../../../../helpers/http-app.js';
import { openWire, type Wire } from '../../../../helpers/http-request.js';

const LOCAL = '127.0.0.1';
const limits = { maxConnections: 80, maxEntitled: 30, maxAnonymous: 30, maxAnonymousPerAddress: 20, dismissedMs: 100 };
const ask = (path: string, extra = ''): string => `GET ${path} HTTP/1.1\r\nHost: 192.0.2.10\r\n${extra}\r\n`;
const BEARER = `Authorization: Bearer ${TOKEN}\r\n`;
const UPGRADE = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`;

interface Network extends TestApp {
  /** Opens a connection that the gateway takes for one of that address. */
  readonly from: (address: string, bytes?: string) => Promise<Wire>;
}

async function startNetwork(options: TestOptions = {}): Promise<Network> {
  const app = await startHttpApp({ limits, ...options });
  const addresses: string[] = [];
  app.app.server.prependListener('connection', (socket: Socket) => {
    Object.defineProperty(socket, 'remoteAddress', { value: addresses.shift() ?? LOCAL });
  });
  const from = async (address: string, bytes = ''): Promise<Wire> => {
    addresses.push(address);
    const accepted = new Promise((resolve) => void app.app.server.once('connection', resolve));
    const wire = await openWire(app.port, bytes);
    await accepted;
    return wire;
  };
  return { ...app, from };
}

async function served(wire: Wire, path: string, extra = ''): Promise<void> {
  wire.socket.write(ask(path, extra));
  await wire.until(/ 200 OK[\s\S]+\}$/);
}

async function openMany(count: number, open: (index: number) => Promise<Wire>): Promise<Wire[]> {
  const wires: Wire[] = [];
  for (let index = 0; index < count; index += 1) wires.push(await open(index));
  return wires;
}

test('a WebSocket that waits its turn when a drain begins is refused', async () => {
  let isDraining = false;
  const { app, from } = await startNetwork({ isDraining: () => isDraining });
  app.server.on('upgrade', () => (isDraining = true));
  const wire = await from('198.51.100.7', ask('/ws', UPGRADE));
  await wire.until(/^HTTP\/1\.1 \d+ /);
  expect(wire.received()).toMatch(/^HTTP\/1\.1 503 [\s\S]+accepts no WebSocket/);
});

test('idle connections of one address take no place from others, and the oldest go first', async () => {
  const { from, send, app } = await startNetwork();
  const owner = await from('198.51.100.8');
  await served(owner, '/api/models', BEARER);
  const visitor = await from('198.51.100.9');
  const idle = await openMany(300, () => from('198.51.100.7'));
  await Promise.all(idle.slice(0, 280).map(({ closed }) => closed));
  expect(idle.slice(280).filter(({ socket }) => socket.destroyed)).toEqual([]);
  await expect.poll(() => app.vitals().connections).toBe(22);
  await served(visitor, '/health');
  await served(owner, '/health');
  expect((await send('/api/models')).status).toBe(200);
});

test('connections of many addresses end each other, never those that have shown the token', async () => {
  const { from, send, app } = await startNetwork();
  const owner = await from('198.51.100.8');
  await served(owner, '/api/models', BEARER);
  const idle = await openMany(100, (index) => from(`203.0.113.${index}`));
  await Promise.all(idle.slice(0, 70).map(({ closed }) => closed));
  await expect.poll(() => app.vitals().connections).toBe(31);
  await served(owner, '/health');
  expect((await send('/api/models')).status).toBe(200);
});

test('of one that is too many nothing is read any more; while there is room it stays open for a time', async () => {
  const { from } = await startNetwork({ limits: { ...limits, dismissedMs: 2_000 } });
  const [first] = await openMany(21, () => from('198.51.100.7'));
  first?.socket.write(ask('/health'));
  const visitor = await from('198.51.100.9');
  await served(visitor, '/health');
  expect([first?.socket.destroyed, first?.received()]).toEqual([false, '']);
  await first?.closed;
  expect(first?.received()).toBe('');
});

test('of two addresses in one IPv6 network, both count as one', async () => {
  const { from, app } = await startNetwork();
  const idle = await openMany(25, (index) => from(`2001:db8:1:2::${index}`));
  await Promise.all(idle.slice(0, 5).map(({ closed }) => closed));
  await expect.poll(() => app.vitals().connections).toBe(20);
});

test('an idle connection ends before one with a request in flight', async () => {
  const { from } = await startNetwork();
  const slow = await from(
    '198.51.100.7',
    `POST /api/page-session HTTP/1.1\r\nHost: 192.0.2.10\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{`,
  );
  const idle = await openMany(30, () => from('198.51.100.7'));
  await idle[10]?.closed;
  slow.socket.write('}');
  await slow.until(/ 401 /);
  await expect.poll(() => idle.filter(({ socket }) => socket.destroyed).length).toBe(11);
});

test('clients with credentials have a limit of their own, and leave places for this machine', async () => {
  const { from, send, app } = await startNetwork();
  const wires = await openMany(50, async () => {
    const wire = await from('198.51.100.8');
    await served(wire, '/api/models', BEARER);
    return wire;
  });
  await Promise.all(wires.slice(0, 20).map(({ closed }) => closed));
  await expect.poll(() => app.vitals().connections).toBe(30);
  expect((await send('/api/models')).status).toBe(200);
});

test('connections of a trusted proxy are not counted as those of one address', async () => {
  const { from } = await startNetwork({ gateway: { trustedProxies: ['198.51.100.0/24'] } });
  const pool = await openMany(50, () => from('198.51.100.7'));
  for (const wire of pool) await served(wire, '/health', 'X-Forwarded-For: 203.0.113.1\r\n');
  expect(pool.filter(({ socket }) => socket.destroyed)).toEqual([]);
});

test('a WebSocket counts as without credentials until its first frame has shown them', async () => {
  const { from, app } = await startNetwork();
  const sockets = await openMany(25, async () => {
    const wire = await from('198.51.100.7', ask('/ws', UPGRADE));
    await wire.until(/101 Switching/);
    return wire;
  });
  await Promise.all(sockets.slice(0, 5).map(({ closed }) => closed));
  await expect.poll(() => app.vitals().connections).toBe(20);
});

test('a refused upgrade is closed although its client leaves the connection open', async () => {
  const { from, app } = await startNetwork();
  const wire = await from('198.51.100.7', ask('/ws', `${UPGRADE}Authorization: Bearer wrong\r\n`));
  wire.socket.allowHalfOpen = true;
  await wire.until(/401/);
  await expect.poll(() => app.vitals().connections).toBe(0);
});
