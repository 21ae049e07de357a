import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  adoptListenSocket,
  bindBeside,
  bindListenSocket,
  inheritListenSocket,
  type ListenSocket,
} from '../../../../daemon/supervisor/socket/listen-socket.js';
import { asAnotherUser } from '../../../helpers/as-another-user.js';
import { connectOutcome } from '../../../helpers/connect-outcome.js';
import { freePort } from '../../../helpers/free-port.js';
import { tempDir } from '../../../helpers/temp-dir.js';

async function bound(host: string, port: number): Promise<ListenSocket> {
  const socket = await bindListenSocket(host, port);
  onTestFinished(() => socket.close());
  return socket;
}

async function listeningServer(target: object | number, host?: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  if (typeof target === 'number') server.listen(target, host ?? '127.0.0.1');
  else server.listen(target, 16);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

describe('a free port is bound', () => {
  test('and nothing is accepted on it until somebody listens on the handle', async () => {
    const port = await freePort();
    const socket = await bound('127.0.0.1', port);
    expect(socket).toMatchObject({ host: '127.0.0.1', port, origin: 'bound' });
    expect(await connectOutcome(port)).toBe('ECONNREFUSED');
    expect(portOf(await listeningServer(socket.handle))).toBe(port);
    expect(await connectOutcome(port)).toBe('connected');
  });

  test('of the kernel’s choice when 0 is asked for', async () => {
    const socket = await bound('127.0.0.1', 0);
    expect(socket.port).toBeGreaterThan(0);
    expect(portOf(await listeningServer(socket.handle))).toBe(socket.port);
  });

  test('by a name, which stays what it was asked for', async () => {
    const socket = await bound('localhost', 0);
    expect(socket.host).toBe('localhost');
  });

  test('on every interface', async () => {
    const socket = await bound('0.0.0.0', 0);
    await listeningServer(socket.handle);
    expect(await connectOutcome(socket.port)).toBe('connected');
  });

  test('on IPv6, where the machine has it', async () => {
    if (!hasIpv6) return expect(bindListenSocket('::1', 0)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const socket = await bound('::1', 0);
    await listeningServer(socket.handle);
    expect(await connectOutcome(socket.port, '::1')).toBe('connected');
  });

  test('and is free again once it is closed, which may be done twice', async () => {
    const first = await bindListenSocket('127.0.0.1', 0);
    first.close();
    first.close();
    expect((await bound('127.0.0.1', first.port)).port).toBe(first.port);
  });
});

describe('a port that somebody else listens on is PORT_TAKEN, never another port', () => {
  test.each([
    ['on the same address', '127.0.0.1', '127.0.0.1'],
    ['on one address, where every interface is asked for', '127.0.0.1', '0.0.0.0'],
    ['on every interface, where one address is asked for', '0.0.0.0', '127.0.0.1'],
  ])('%s', async (_what, theirs, ours) => {
    const port = portOf(await listeningServer(0, theirs));
    await expect(bindListenSocket(ours, port)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(`port ${port} on ${ours}`) as string,
      details: { host: ours, port },
    });
  });

  test.each([
    ['0.0.0.0', '127.0.0.1'],
    ['127.0.0.1', '0.0.0.0'],
  ])("by the gateway's own socket on %s is not blamed on another program when it is to move to %s", async (from, to) => {
    const current = { host: from, port: portOf(await listeningServer(0, from)) };
    await expect(bindBeside(current, { host: to, port: current.port })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: `a running gateway cannot move from ${from} to ${to} on the same port (${current.port})`,
      hint: 'Stop it with: xopc gateway stop   Start it again with: xopc gateway start',
    });
    await expect(bindBeside({ ...current, port: 1 }, { host: to, port: current.port })).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  });

  test('a port that is only bound can be bound again; the later to listen gets EADDRINUSE, not another port', async () => {
    const first = await bound('127.0.0.1', 0);
    const second = await bound('127.0.0.1', first.port);
    expect(second.port).toBe(first.port);
    await listeningServer(first.handle);
    const late = createServer();
    late.listen(second.handle, 16);
    const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('EADDRINUSE');
  });
});

describe('an address that cannot be bound is CONFIG_INVALID with what to do', () => {
  test('one that this machine does not have', async () => {
    await expect(bindListenSocket('192.0.2.1', 0)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: "gateway.host '192.0.2.1' is not an address of this machine",
      hint: expect.stringContaining('127.0.0.1') as string,
    });
  });

  test.skipIf(process.platform !== 'linux')('a port that this user may not have', async () => {
    const isRestricted = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8')) > 1;
    const attempt = asAnotherUser(() => bindListenSocket('127.0.0.1', 1));
    if (!isRestricted) return (await attempt).close();
    await expect(attempt).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'this user may not listen on port 1',
      hint: expect.stringContaining('1024') as string,
    });
  });

  test('a name that does not resolve', async () => {
    await expect(bindListenSocket('not a host name', 0)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: "gateway.host 'not a host name' does not resolve to an address",
    });
  });
});

describe('a descriptor that a service manager passed', () => {
  test.each([
    ['a file', (directory: string) => openSync(join(directory, 'file'), 'w')],
    ['a descriptor that is not open', () => 999],
  ])('%s is refused', (_what, open) => {
    const fd = open(tempDir());
    expect(() => inheritListenSocket(fd)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
    if (fd !== 999) closeSync(fd);
  });

  test('a Unix socket is refused', async () => {
    const server = createServer().listen(join(tempDir(), 's'));
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { _handle: handle } = server as unknown as { _handle: object };
    expect(() => adoptListenSocket(handle, { origin: 'inherited' })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
  });
});

test('a handle that a predecessor passed keeps the host that was asked for there, and its port', async () => {
  const before = await bound('localhost', 0);
  const adopted = adoptListenSocket(before.handle, { host: 'localhost', origin: 'bound' });
  expect(adopted).toMatchObject({ host: 'localhost', port: before.port, origin: 'bound' });
  expect(adoptListenSocket(before.handle, { origin: 'inherited' }).host).toMatch(/^(127\.0\.0\.1|::1)$/);
});
