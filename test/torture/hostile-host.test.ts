/** Each way in which another host without the token can load a gateway, while its owner and a client with the token use it. */
import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { launcher, RealGateway, root, type Running, runProcess, until } from '../helpers/real-gateway.js';
import { connectTwoHosts, type Host, whyNoHosts } from '../helpers/two-hosts.js';

/** For each kind. */
const SECONDS = Number(process.env['XOPC_HOSTILE_SECONDS'] ?? 20);
const KINDS = [
  'pipelined unread files',
  'idle connections',
  'slow headers',
  'slow bodies',
  'slow readers',
  'unread documentation',
  'costly bodies',
  'bodies in chunks of a byte',
  'connection churn',
  'WebSockets without hello',
  'half-open upgrades',
  'wrong tokens',
] as const;
/** The client with the token has an address of its own. */
const FRIEND = '192.0.2.21';
/** On a machine where the worker has a processor of its own. */
const MAX_P99_MS = 250;
const MAX_RSS_MB = 300;

interface Served {
  readonly answered: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly failures: Record<string, number>;
}

function runOn(host: Host, fixture: string, args: readonly string[]): Running {
  return runProcess(host.prefix, [process.execPath, join(root, 'test', 'fixtures', fixture), ...args], { env: {} });
}

/** Ends a program of this test. @returns what it printed last */
async function finish(running: Running): Promise<unknown> {
  running.child.kill('SIGTERM');
  const { code, signal, stdout, stderr } = await running.done;
  const last = stdout.trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`no result, exit ${code ?? signal}: ${stdout}${stderr}`);
  return JSON.parse(last) as unknown;
}

function rssMb(pid: number): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024);
}

/** How long a process has run, and waited for a processor. Source: Documentation/scheduler/sched-stats.rst of Linux. */
function scheduled(pid: number): { ran: number; waited: number } {
  const [ran = 0, waited = 0] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ').map(Number);
  return { ran, waited };
}

/**
 * Waits while the attack goes on.
 * @returns the most memory that the worker had, and by which factor other programs, the attacker included, made its work take longer
 */
async function watchWorker(pid: number): Promise<{ rss: number; stretch: number }> {
  const endMs = performance.now() + SECONDS * 1_000;
  const before = scheduled(pid);
  let rss = 0;
  while (performance.now() < endMs) {
    rss = Math.max(rss, rssMb(pid));
    await pause(200);
  }
  const { ran, waited } = scheduled(pid);
  const stretch = 1 + (waited - before.waited) / (ran - before.ran);
  return { rss, stretch: Math.round(stretch * 10) / 10 };
}

const reason = whyNoHosts();

describe.skipIf(reason !== undefined)(`a host without the token${reason === undefined ? '' : ` (${reason})`}`, () => {
  test(`stops nobody in ${SECONDS} s of each attack`, { timeout: (SECONDS + 60) * KINDS.length * 1_000 }, async () => {
    const { here, elsewhere } = await connectTwoHosts();
    const [enter, ...rest] = elsewhere.prefix;
    execFileSync(enter, [...rest, 'ip', 'addr', 'add', `${FRIEND}/24`, 'dev', 'cable1']);
    const gateway = await RealGateway.create({}, [...here.prefix, ...launcher]);
    gateway.put('config.json', { gateway: { host: '0.0.0.0' } });
    expect((await gateway.xopc('gateway', 'start')).code).toBe(0);
    const token = readFileSync(join(gateway.xopcHome, 'credentials', 'token'), 'utf8').trim();
    const url = `http://${here.address}:${gateway.port}`;
    const worker = gateway.workerPid();
    const table: object[] = [];
    for (const kind of KINDS) {
      const owner = runOn(here, 'steady-client.mjs', [`http://127.0.0.1:${gateway.port}`]);
      const friend = runOn(elsewhere, 'steady-client.mjs', [url, token, FRIEND]);
      for (const client of [owner, friend]) await until('the clients to be served', () => client.output().stdout.includes('ready'));
      const attacker = runOn(elsewhere, 'hostile-host.mjs', [kind, here.address, String(gateway.port)]);
      await until('the attack to begin', () => attacker.output().stderr.includes('attacking'));
      const { rss, stretch } = await watchWorker(worker);
      const served = { owner: (await finish(owner)) as Served, friend: (await finish(friend)) as Served };
      const attack = (await finish(attacker)) as object;
      const { failures, ...owned } = served.owner;
      table.push({ kind, ...attack, rss, stretch, ...owned, friend: served.friend.answered, friendP99: served.friend.p99 });
      expect.soft({ owner: failures, friend: served.friend.failures }, kind).toEqual({ owner: {}, friend: {} });
      expect.soft(served.owner.p99, kind).toBeLessThanOrEqual(MAX_P99_MS * stretch);
      expect.soft(rss, kind).toBeLessThanOrEqual(MAX_RSS_MB);
      expect.soft((await gateway.status()).restarts.crashes, kind).toBe(0);
      expect(gateway.workerPid(), kind).toBe(worker);
    }
    console.table(table);
  });
});
