import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort, portTaken, reasonToSpare, selfAndAncestors } from '../../../client/ports/free-port.js';
import { findPortOwners } from '../../../client/ports/port-owner.js';
import { type PortListener } from '../../../client/ports/port-listener.js';
import type { ServicePlan } from '../../../client/service/plan/service-plan.js';
import { isAlive } from '../../../shared/node/process/process-identity.js';
import { testPaths } from '../../helpers/lock-file.js';
import { makeServicePlan } from '../../helpers/service-plan.js';
import { endOf, listenerCode, startProgram } from '../../helpers/child-program.js';

const silent = (): Promise<void> => Promise.resolve();

test('a listener is named before it is ended, and the port is free afterwards', async () => {
  const program = await startProgram(listenerCode());
  const port = Number(program.line);
  const notes: string[] = [];
  await freePort({ host: '127.0.0.1', port }, (text) => {
    notes.push(`${text} ${isAlive(program.pid)}`);
    return silent();
  });
  expect(notes).toEqual([expect.stringMatching(new RegExp(`^Port ${port} is taken by node \\(pid ${program.pid}, user \\S+\\).* true$`))]);
  expect(await endOf(program)).toBe('SIGTERM');
  expect(findPortOwners('127.0.0.1', port)).toEqual([]);
});

test('one that ignores SIGTERM is killed', async () => {
  const program = await startProgram(listenerCode({ before: "process.on('SIGTERM', () => {})" }));
  await freePort({ host: '127.0.0.1', port: Number(program.line) }, silent);
  expect(await endOf(program)).toBe('SIGKILL');
});

test('a client of the port stays alive', async () => {
  const program = await startProgram(listenerCode());
  const port = Number(program.line);
  const client = await startProgram(
    `const s = require('net').connect(${port}, '127.0.0.1', () => console.log('in')); s.on('error', () => {}); setInterval(() => {}, 1e6)`,
  );
  await freePort({ host: '127.0.0.1', port }, silent);
  expect(await endOf(program)).toBe('SIGTERM');
  expect(isAlive(client.pid)).toBe(true);
});

test('a free port is left as it is', async () => {
  await expect(freePort({ host: '127.0.0.1', port: 1 }, silent)).resolves.toBeUndefined();
});

test('the calling process is never ended', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await expect(freePort({ host: '127.0.0.1', port }, silent)).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: expect.stringMatching(/not touched: this command runs inside it/),
    hint: 'Use another port with --port, or end that process yourself.',
  });
  await expect(freePort({ host: '127.0.0.1', port, service: makeServicePlan({ port }) }, silent)).rejects.toMatchObject({
    hint: 'Use another port with: xopc gateway install --port PORT   Or end that process yourself.',
  });
});

test('no owner is ended when one of several must not be', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const program = await startProgram(listenerCode({ host: '127.0.0.2', port }));
  await expect(freePort({ host: '0.0.0.0', port }, silent)).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  expect(isAlive(program.pid)).toBe(true);
});

test('a port that is taken again at once is reported', async () => {
  // The listener hands its socket back to its parent before it ends.
  const child = JSON.stringify(`
    let server;
    process.on('message', (message, handle) => { if (message === 'take') { server = handle; process.send('has'); } else process.exit(); });
    process.on('SIGTERM', () => process.send('back', server));`);
  const keeper = await startProgram(`
    const child = require('child_process').spawn(process.execPath, ['-e', ${child}], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const server = require('net').createServer().listen(0, '127.0.0.1', () => child.send('take', server));
    child.on('message', (message, handle) => {
      if (message === 'has') { const { port } = server.address(); server.close(() => console.log(port + ' ' + child.pid)); }
      else { globalThis.kept = handle; child.send('end'); }
    });
    setInterval(() => {}, 1e6);`);
  const [port = 0, childPid = 0] = keeper.line.split(' ').map(Number);
  expect(findPortOwners('127.0.0.1', port).map(({ pid }) => pid)).toEqual([childPid]);
  await expect(freePort({ host: '127.0.0.1', port }, silent)).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: expect.stringMatching(new RegExp(`pid ${keeper.pid}.*something started it again`)),
  });
  expect(isAlive(childPid)).toBe(false);
  expect(isAlive(keeper.pid)).toBe(true);
});

const own = { uid: 1000, ancestors: new Set([50, 51]) };
const listener: PortListener = { pid: 812, uid: 1000, user: 'u', name: 'node', commandLine: 'node', startTime: '1', address: '*' };

test.each<[Partial<PortListener>, RegExp | undefined]>([
  [{}, undefined],
  [{ uid: null }, undefined],
  [{ pid: null }, /another user/],
  [{ pid: 1 }, /process 1/],
  [{ name: 'systemd' }, /one of its units/],
  [{ pid: 51 }, /inside it/],
  [{ uid: 0 }, /another user/],
  [{ uid: 33 }, /another user/],
  [{ startTime: null }, /cannot be distinguished/],
])('%j is spared: %s', (change, reason) => {
  const found = reasonToSpare({ ...listener, ...change }, own);
  if (reason === undefined) expect(found).toBeUndefined();
  else expect(found).toMatch(reason);
});

test("root spares other users' processes too", () => {
  expect(reasonToSpare({ ...listener, uid: 33 }, { uid: 0, ancestors: new Set() })).toMatch(/another user/);
});

test('the ancestors reach from this process to the first', () => {
  const ancestors = selfAndAncestors();
  expect(ancestors.has(process.pid)).toBe(true);
  expect(ancestors.has(process.ppid)).toBe(true);
  expect(ancestors.size).toBeGreaterThanOrEqual(2);
});

test('the error for a taken port names all owners', () => {
  const ours = { ...listener, uid: process.getuid?.() ?? null };
  expect(portTaken({ port: 80 }, [ours, { ...ours, pid: 813 }], testPaths())).toMatchObject({
    code: 'PORT_TAKEN',
    message: 'port 80 is taken by node (pid 812, user u) and node (pid 813, user u)',
    hint: 'Use another port with --port, or free this one with: xopc gateway --force --port 80',
  });
});

test.each<[Partial<ServicePlan>, Partial<PortListener>, string]>([
  [{ port: 80 }, {}, 'Use another port with: xopc gateway install --port PORT   Or free this one with: xopc gateway start --force'],
  [{}, { pid: null }, 'Use another port with: xopc config set gateway.port PORT   Or end that process yourself.'],
])('the error for the port of a service names the commands that have an effect on the service: %j', (plan, owner, hint) => {
  const ours = { ...listener, uid: process.getuid?.() ?? null, ...owner };
  expect(portTaken({ port: 80, service: makeServicePlan(plan) }, [ours], testPaths()).hint).toBe(hint);
});

test('the error for a port of another user does not suggest what a start refuses', () => {
  const { hint } = portTaken({ port: 80 }, [{ ...listener, pid: null }], testPaths());
  expect(hint).toBe('Use another port with --port, or end that process yourself.');
});

test.each([
  [[{ name: 'systemd' }], 'systemctl --user list-sockets'],
  [[{ name: 'systemd', pid: 1 }], 'systemctl list-sockets'],
  [[{ name: 'systemd' }, { pid: 900 }], 'systemctl --user status 900'],
  [[{ name: 'systemd' }, { pid: null }], 'systemctl --user list-sockets'],
])('the error for a port of systemd says how its unit is found, and not to use --force: %j', (owners, found) => {
  const { hint } = portTaken(
    { port: 80 },
    owners.map((owner) => ({ ...listener, ...owner })),
    testPaths(),
  );
  expect(hint).toContain(`Find the unit with: ${found} `);
  expect(hint).not.toContain('--force');
});

test('a browser-like client of ours does not count as a listener of its own port', async () => {
  const program = await startProgram(listenerCode());
  const client = connect(Number(program.line), '127.0.0.1');
  await once(client, 'connect');
  const localPort = client.localPort ?? 0;
  await expect(freePort({ host: '127.0.0.1', port: localPort }, silent)).resolves.toBeUndefined();
  client.destroy();
});
