import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type ConnectionEnds, isOwnConnection, knowsOwners } from '../../../../../daemon/worker/http/admission/own-connection.js';
import { tempDir } from '../../../../helpers/temp-dir.js';

const isLinux = process.platform === 'linux';
const isRoot = process.geteuid?.() === 0;

/** @returns the server's end of a connection that `open` makes to its port */
async function accept(host: string, open: (port: number) => void): Promise<Socket> {
  const server = createServer().listen(0, host);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  open((server.address() as AddressInfo).port);
  const [socket] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => void socket.destroy());
  return socket;
}

const connectTo = (host: string) => (port: number) => {
  const client = connect(port, host);
  onTestFinished(() => void client.destroy());
};

test.runIf(isLinux).each([
  { listen: '127.0.0.1', to: '127.0.0.1' },
  { listen: '::1', to: '::1' },
  { listen: '::', to: '127.0.0.1' },
  { listen: '::', to: '::ffff:127.0.0.1' },
  { listen: '127.0.0.1', to: '::ffff:127.0.0.1' },
])('a connection of our own to $to is ours, and nobody else’s, where $listen is listened on', async ({ listen, to }) => {
  const socket = await accept(listen, connectTo(to));
  expect(await isOwnConnection(socket)).toBe(true);
  expect(await isOwnConnection(socket, { uid: (process.geteuid?.() ?? 0) + 1 })).toBe(false);
});

test.runIf(isLinux && isRoot)('a connection of another user is not ours', async () => {
  const socket = await accept('127.0.0.1', (port) => {
    const script = `require('node:net').connect(${port}, '127.0.0.1')`;
    const child = spawn('setpriv', ['--reuid=12345', '--regid=12345', '--clear-groups', process.execPath, '-e', script], { cwd: '/' });
    onTestFinished(() => void child.kill());
  });
  expect([await isOwnConnection(socket), await isOwnConnection(socket, { uid: 12_345 })]).toEqual([false, true]);
});

const ends: ConnectionEnds = { remoteAddress: '127.0.0.1', remotePort: 0xc001, localAddress: '127.0.0.1', localPort: 0x4966 };
const CLIENT = '0100007F:C001 0100007F:4966';
const rest = (state: string, uid: number, inode: number): string =>
  ` ${state} 00000000:00000000 00:00000000 00000000 ${uid}        0 ${inode} 1 0 20 4 30 10 -1`;

test.each([
  { what: 'an established one of ours', row: CLIENT + rest('01', 1000, 77), isOwn: true },
  { what: 'one of another user', row: CLIENT + rest('01', 1001, 77), isOwn: false },
  { what: 'one that is closing', row: CLIENT + rest('06', 1000, 77), isOwn: false },
  { what: 'one that nobody has open', row: CLIENT + rest('01', 1000, 0), isOwn: false },
  { what: 'the server’s end', row: `0100007F:4966 0100007F:C001${rest('01', 1000, 77)}`, isOwn: false },
  { what: 'one to another port', row: `0100007F:C001 0100007F:4967${rest('01', 1000, 77)}`, isOwn: false },
  { what: 'a row that is cut off', row: `${CLIENT} 01 00000000:0`, isOwn: false },
  { what: 'a row beyond the limit', row: `${'x'.repeat(4_194_304)}\n   9: ${CLIENT}${rest('01', 1000, 77)}`, isOwn: false },
])('of a table with $what, ours is $isOwn', async ({ row, isOwn }) => {
  const directory = tempDir();
  writeFileSync(join(directory, 'tcp'), `  sl  local_address rem_address   st\n   0: ${row}\n`);
  expect(await isOwnConnection(ends, { directory, uid: 1000 })).toBe(isOwn);
});

test('where nothing can be known, no connection is ours', async () => {
  const directory = tempDir();
  expect(await isOwnConnection(ends, { directory, uid: 1000 })).toBe(false);
  expect(await isOwnConnection({ ...ends, remoteAddress: undefined }, { uid: 0 })).toBe(false);
  writeFileSync(join(directory, 'tcp'), `   0: ${CLIENT}${rest('01', 65_534, 77)}\n`);
  expect(await isOwnConnection(ends, { directory, uid: 65_534 })).toBe(false);
});

test.runIf(isLinux).each([
  { what: 'this machine', isKnown: true },
  { what: 'Docker', file: '.dockerenv', isKnown: false },
  { what: 'Podman', file: 'run/.containerenv', isKnown: false },
  { what: 'a container with systemd', file: 'run/systemd/container', isKnown: false },
  { what: 'a user namespace', map: '         0       1000          1\n', isKnown: false },
])('owners are told apart in $what: $isKnown', ({ file, map = '         0          0 4294967295\n', isKnown }) => {
  const root = `${tempDir()}/`;
  for (const directory of ['proc/self', 'run/systemd']) mkdirSync(root + directory, { recursive: true });
  writeFileSync(`${root}proc/self/uid_map`, map);
  if (file !== undefined) writeFileSync(root + file, '');
  expect(knowsOwners(root)).toBe(isKnown);
});
