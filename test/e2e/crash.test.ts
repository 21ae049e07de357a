/** What is killed comes back, leaves nothing behind, and blocks nobody. Through the real binary. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { StatusDocument } from '../../shared/api/gateway/status.js';
import { Installation } from '../helpers/installation.js';
import { Load } from '../helpers/load.js';
import { isAlive, RealGateway, until } from '../helpers/real-gateway.js';
import { machineSlackMs } from '../helpers/machine-slack.js';

describe('a killed worker', () => {
  test('is replaced; only requests that it had accepted fail', async () => {
    const gateway = await RealGateway.start();
    const load = new Load({ port: gateway.port, connectionsPerSecond: 200, keepAliveClients: 10 });
    for (let round = 0; round < 4; round += 1) {
      const pid = gateway.workerPid();
      process.kill(pid, 'SIGKILL');
      await gateway.untilReplaced(pid);
      await until('requests in between', () => load.succeeded > (round + 1) * 50);
    }
    const { failures, succeeded } = load.stop();
    const kinds = Object.keys(failures).filter((kind) => !/ECONNRESET|EPIPE|socket hang up/.test(kind));
    expect(kinds, JSON.stringify(failures)).toEqual([]);
    // A connection that waits in the kernel is not reset: at most one request of each client per kill is lost.
    expect(Object.values(failures).reduce((sum, count) => sum + count, 0)).toBeLessThan(4 * 25);
    expect(succeeded).toBeGreaterThan(200);
    expect(await gateway.status()).toMatchObject({ restarts: { crashes: 4 }, lastExit: { signal: 'SIGKILL' } });
  });

  test('that is stopped by SIGTERM is replaced without a failed request', async () => {
    const gateway = await RealGateway.start();
    const pid = gateway.workerPid();
    process.kill(pid, 'SIGTERM');
    await gateway.untilReplaced(pid);
    await until('the restart to be complete', async () => (await gateway.status()).restarts.planned === 1);
    expect((await gateway.status()).restarts.crashes).toBe(0);
  });
});

describe('a worker that dies at once', () => {
  test('is tried again with growing pauses while status and HTTP answer with the reason, and recovers by itself', async () => {
    const installation = new Installation();
    const repair = installation.replace('worker', `process.stderr.write('cannot live like this\\n'); process.exit(1);`);
    const gateway = await RealGateway.create({}, installation.command);
    const running = gateway.spawn();
    const failed = await until('the state failed', async () => {
      const outcome = await gateway.xopc('gateway', 'status', '--json');
      const status = JSON.parse(outcome.stdout) as StatusDocument;
      expect(outcome.code).not.toBe(0);
      return status.state === 'failed' && status;
    });
    expect(failed.nextAttemptAt).not.toBeNull();
    expect(failed.lastExit?.output).toContain('cannot live like this');
    const answer = await until('the fallback', () => fetch(`${gateway.url}/api/agent`).catch(() => undefined));
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await answer.json()).toMatchObject({
      error: { code: 'UNAVAILABLE', message: expect.stringContaining('exited with code 1: cannot live like this') as string },
    });
    const page = await fetch(gateway.url, { headers: { Accept: 'text/html' } });
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain('exited with code 1: cannot live like this');
    expect(gateway.log().filter((entry) => entry['msg'] === 'worker starting').length).toBeLessThanOrEqual(6);
    repair();
    expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
    expect(await gateway.status()).toMatchObject({ state: 'running', fallback: false });
    expect(running.child.exitCode).toBeNull();
  });
});

describe('a killed supervisor', () => {
  test.each([
    ['idle', undefined],
    ['spinning', 'SIGUSR2'],
    ['stopped', 'SIGSTOP'],
  ] as const)('with its worker %s leaves no orphan, and the next start works at once', async (_name, signal) => {
    const installation = new Installation();
    installation.append('worker', `process.on('SIGUSR2', () => { for (;;); });`);
    const gateway = await RealGateway.start({ command: installation.command });
    const worker = gateway.workerPid();
    if (signal !== undefined) process.kill(worker, signal);
    process.kill(gateway.process.pid, 'SIGKILL');
    if (signal !== 'SIGSTOP') await until('the worker to be gone', () => !isAlive(worker), 1_000 + machineSlackMs());
    const again = await gateway.run();
    expect(isAlive(worker)).toBe(false);
    expect((await gateway.status()).pid).toBe(again.pid);
  });

  test('with everything else, many times over, never keeps the next one from starting', { tags: ['long'] }, async () => {
    const gateway = await RealGateway.create();
    for (let round = 0; round < 8; round += 1) {
      const running = await gateway.run();
      const { children } = gateway.lock();
      for (const pid of [running.pid, ...children.map((child) => child.pid)]) process.kill(pid, 'SIGKILL');
      await running.done;
    }
    expect(readdirSync(join(gateway.xopcHome, 'locks')).filter((name) => /^gateway\..*\.lock$/.test(name))).toHaveLength(1);
  });

  test('in a container that restarts with the same pid is told apart by its start time', async () => {
    const gateway = await RealGateway.start();
    const record = gateway.lock();
    expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
    // The test process stands for an unrelated one that has the old pid now.
    const stale = { ...record, pid: process.pid, startTime: '1', children: [] };
    writeFileSync(join(gateway.xopcHome, 'locks', `gateway.${lockHash(record.controlPath)}.lock`), JSON.stringify(stale));
    const again = await gateway.run();
    expect(gateway.lock().pid).toBe(again.pid);
  });
});

describe('a worker that hangs', () => {
  test('is found, its stack is logged, and it is replaced', { tags: ['long'], timeout: 60_000 }, async () => {
    const installation = new Installation();
    installation.append('worker', `process.on('SIGUSR2', function spinsForEver() { for (;;); });`);
    const gateway = await RealGateway.start({ command: installation.command });
    const pid = gateway.workerPid();
    process.kill(pid, 'SIGUSR2');
    await until('the hung worker to be replaced', () => gateway.findWorkerPid() !== pid, 25_000);
    await gateway.untilHealthy();
    expect(isAlive(pid)).toBe(false);
    const status = await gateway.status();
    expect(status.lastExit?.reason).toMatch(/did not answer for 1[5-9] s/);
    expect(JSON.stringify(gateway.log())).toContain('spinsForEver');
  });
});

function lockHash(controlPath: string): string {
  return /([0-9a-f]{16})\.sock$/.exec(controlPath)?.[1] ?? '';
}
