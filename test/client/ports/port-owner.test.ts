import { once } from 'node:events';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findLsofListeners, parseLsof, parseNetstat } from '../../../client/ports/command-listeners.js';
import { describeListener, isInTheWay, type PortListener, programName } from '../../../client/ports/port-listener.js';
import { findPortOwners } from '../../../client/ports/port-owner.js';
import { parseSocketTable } from '../../../client/ports/proc-listeners.js';
import { listenerCode, startProgram } from '../../helpers/child-program.js';

test('the listener is found with pid, name, command line, user and start time', async () => {
  const program = await startProgram(listenerCode());
  const owners = findPortOwners('127.0.0.1', Number(program.line));
  expect(owners).toEqual([
    {
      pid: program.pid,
      uid: process.getuid?.() ?? null,
      user: userInfo().username,
      name: 'node',
      commandLine: expect.stringContaining('require('),
      startTime: program.startTime,
      address: '127.0.0.1',
    },
  ]);
});

test('a client of the port is never an owner', async () => {
  const program = await startProgram(listenerCode());
  const port = Number(program.line);
  const client = connect(port, '127.0.0.1');
  onTestFinished(() => void client.destroy());
  await once(client, 'connect');
  expect(findPortOwners('127.0.0.1', port).map(({ pid }) => pid)).toEqual([program.pid]);
  // The client's own end is a port too, and nobody listens there.
  expect(findPortOwners('127.0.0.1', client.localPort ?? 0)).toEqual([]);
});

test('all processes that share a listening socket are owners', async () => {
  const program = await startProgram(`
    const server = require('net').createServer().listen(0, '127.0.0.1', () => {
      const child = require('child_process').spawn(process.execPath, ['-e', "process.on('message', (m, server) => { globalThis.kept = server; process.send('has') })"], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      child.on('message', () => console.log(server.address().port + ' ' + child.pid));
      child.send('take', server);
    });`);
  const [port, childPid] = program.line.split(' ').map(Number);
  const owners = findPortOwners('0.0.0.0', port ?? 0).map(({ pid }) => pid);
  expect(owners.toSorted()).toEqual([program.pid, childPid].toSorted());
  process.kill(childPid ?? expect.fail('no child was named'), 'SIGKILL');
});

test('a free port, and port 0, have no owner', async () => {
  const program = await startProgram(listenerCode());
  program.child.kill('SIGKILL');
  await once(program.child, 'exit');
  expect(findPortOwners('0.0.0.0', Number(program.line))).toEqual([]);
  expect(findPortOwners('0.0.0.0', 0)).toEqual([]);
});

test('a listener on another address of the same port is not in the way', async () => {
  const program = await startProgram(listenerCode({ host: '127.0.0.1' }));
  expect(findPortOwners('127.0.0.2', Number(program.line))).toEqual([]);
  expect(findPortOwners('0.0.0.0', Number(program.line))).toHaveLength(1);
});

test.each([
  ['0.0.0.0', '127.0.0.1', true],
  ['127.0.0.1', '0.0.0.0', true],
  ['127.0.0.1', '127.0.0.1', true],
  ['127.0.0.1', '192.0.2.1', false],
  ['::', '127.0.0.1', true],
  ['*', '127.0.0.1', true],
  ['[::]', '0.0.0.0', true],
  ['0.0.0.0', '::', true],
  ['0.0.0.0', '::1', false],
  ['::1', '127.0.0.1', false],
  ['::1', '::', true],
  ['::1', '0.0.0.0', false],
  ['::ffff:127.0.0.1', '127.0.0.1', true],
  ['fe80::1%eth0', 'fe80::1', true],
  ['127.0.0.1', 'localhost', true],
])('a listener on %s is in the way of %s: %s', (address, host, expected) => {
  expect(isInTheWay(address, host)).toBe(expected);
});

describe('the socket table of Linux', () => {
  const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  const row = (local: string, state: string): string =>
    `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 98765 1 0000000000000000 100 0 0 10 0\n`;

  test.each([
    ['0100007F:4966', '127.0.0.1'],
    ['00000000:4966', '0.0.0.0'],
    ['00000000000000000000000000000000:4966', '::'],
    ['00000000000000000000000001000000:4966', '::1'],
    ['0000000000000000FFFF00000100007F:4966', '127.0.0.1'],
    ['B80D01200000000067452301EFCDAB89:4966', '2001:db8::123:4567:89ab:cdef'],
  ])('%s is %s', (local, address) => {
    expect(parseSocketTable(HEAD + row(local, '0A'), 18_790)).toEqual([{ address, uid: 1000, inode: '98765' }]);
  });

  test('other states and other ports are left out, and so is what cannot be read', () => {
    const text = HEAD + row('0100007F:4966', '01') + row('0100007F:0050', '0A') + 'garbage\n\n';
    expect(parseSocketTable(text, 18_790)).toEqual([]);
    expect(parseSocketTable('', 18_790)).toEqual([]);
  });
});

test('the output of lsof is read by its field letters', () => {
  expect(parseLsof('p812\ncnginx\nu33\nLwww-data\nf6\nn*:80\nf7\nn[::1]:80\np900\ncnode\nu1000\nLu\nf20\nn127.0.0.1:80\n')).toEqual([
    { pid: 812, uid: 33, user: 'www-data', name: 'nginx', address: '*' },
    { pid: 812, uid: 33, user: 'www-data', name: 'nginx', address: '[::1]' },
    { pid: 900, uid: 1000, user: 'u', name: 'node', address: '127.0.0.1' },
  ]);
});

test('lsof finds the same listener as /proc, and nobody on a free port', async () => {
  const program = await startProgram(listenerCode());
  const listeners = findLsofListeners(Number(program.line));
  // Where there is no lsof, there is nothing to compare.
  if (listeners === undefined) return;
  expect(listeners).toEqual([
    expect.objectContaining({ pid: program.pid, name: 'node', startTime: program.startTime, address: '127.0.0.1' }),
  ]);
  program.child.kill('SIGKILL');
  await once(program.child, 'exit');
  expect(findLsofListeners(Number(program.line))).toEqual([]);
});

test('a German Windows is understood: a listener is told by its remote address, a client is not', () => {
  const text = `
Aktive Verbindungen

  Proto  Lokale Adresse         Remoteadresse          Status           PID
  TCP    0.0.0.0:18790          0.0.0.0:0              ABHÖREN          4321
  TCP    127.0.0.1:18790        127.0.0.1:50000        HERGESTELLT      4321
  TCP    127.0.0.1:50000        127.0.0.1:18790        HERGESTELLT      99
  TCP    [::]:18790             [::]:0                 ABHÖREN          4322
  TCP    0.0.0.0:8790           0.0.0.0:0              ABHÖREN          5
`.replaceAll('\n', '\r\n');
  expect(parseNetstat(text, 18_790)).toEqual([
    { pid: 4321, address: '0.0.0.0' },
    { pid: 4322, address: '[::]' },
  ]);
});

test.each<[Partial<PortListener>, string]>([
  [{}, 'nginx (pid 812, user www-data): nginx -g daemon'],
  [{ user: null }, 'nginx (pid 812, user id 33): nginx -g daemon'],
  [{ pid: null, name: '', commandLine: '' }, 'a process (user www-data)'],
  [{ commandLine: 'nginx' }, 'nginx (pid 812, user www-data)'],
])('%j is described as %s', (change, text) => {
  const listener: PortListener = {
    pid: 812,
    uid: 33,
    user: 'www-data',
    name: 'nginx',
    commandLine: 'nginx -g daemon',
    startTime: '1',
    address: '*',
  };
  expect(describeListener({ ...listener, ...change })).toBe(text);
});

test.each([
  ['MainThread', '/usr/bin/node', 'node'],
  ['MainThread', 'node', 'node'],
  ['node-MainThread', '/usr/bin/node', 'node'],
  ['MainThread', '', 'MainThread'],
  ['nginx', '/usr/sbin/nginx:', 'nginx'],
])('a process that the system calls %j and that was called as %j is %j to people', (processName, program, name) => {
  expect(programName(processName, program)).toBe(name);
});
