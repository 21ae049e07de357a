/** Supervisor and worker without free descriptors. Through the real binary. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { isAlive, RealGateway, until } from '../helpers/real-gateway.js';

/** Fewer than a supervisor needs to start a process. */
const FREE = 5;

const limitFiles = (pid: number, soft: number): void => void execFileSync('prlimit', ['--pid', String(pid), `--nofile=${soft}:`]);

const usedBelow = (pid: number, limit: number): number => readdirSync(`/proc/${pid}/fd`).filter((name) => Number(name) < limit).length;

/** Leaves a running process {@link FREE} descriptors, and takes them by connections. */
async function exhaust(pid: number, to: NetConnectOpts): Promise<Socket[]> {
  let limit = FREE;
  while (limit - usedBelow(pid, limit) < FREE) limit += 1;
  limitFiles(pid, limit);
  const sockets: Socket[] = [];
  // libuv keeps one, which it gives up to close further connections: what the process itself closes later is taken by the next ones.
  await until('all descriptors to be used', () => {
    if (usedBelow(pid, limit) >= limit - 1) return true;
    sockets.push(...Array.from({ length: FREE }, () => connect(to).on('error', () => undefined)));
    return false;
  });
  return sockets;
}

test('a supervisor whose worker dies says what it lacks, and starts the next one as soon as it can', async () => {
  const gateway = await RealGateway.start();
  const { pid } = gateway.process;
  const sockets = await exhaust(pid, { path: gateway.lock().controlPath });
  process.kill(gateway.workerPid(), 'SIGKILL');
  const status = await until('a failed start', async () => {
    const { stdout } = await gateway.xopc('gateway', 'status');
    return stdout.includes('failed to start') && stdout;
  });
  expect(status).toMatch(/Last exit: failed to start \(too many open files, see LimitNOFILE= .* EMFILE\)/);
  limitFiles(pid, 1_024); // a worker needs more than is left
  for (const socket of sockets) socket.destroy();
  await gateway.untilHealthy();
  expect(isAlive(pid)).toBe(true);
  expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
});

test('a worker fails the calls that need a descriptor, and those only', async () => {
  const gateway = await RealGateway.start();
  const worker = gateway.workerPid();
  const { stdout: token } = await gateway.xopc('gateway', 'token', '--show');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const statusOf = async (method: string, path: string, body?: object): Promise<number | undefined> => {
    const headers = { Authorization: `Bearer ${token.trim()}`, 'Content-Type': 'application/json' };
    const sent = request(`${gateway.url}${path}`, { agent, method, headers }).end(body && JSON.stringify(body));
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    await once(response.resume(), 'end');
    return response.statusCode;
  };
  expect(await statusOf('GET', '/api/logs')).toBe(200);
  limitFiles(worker, 3);
  expect(await statusOf('GET', '/api/logs')).toBe(500);
  expect(await statusOf('GET', '/api/config')).toBe(500);
  expect(await statusOf('POST', '/api/message', { channel: 'webchat', chat_id: 'a', content: 'kept' })).toBe(200);
  agent.destroy();
  await until('a heartbeat after that', async () => (await gateway.status()).worker?.connections === 0);
  limitFiles(worker, 1_024);
  expect(await statusOf('GET', '/api/logs')).toBe(200);
  agent.destroy();
  expect(gateway.workerPid()).toBe(worker);
});
