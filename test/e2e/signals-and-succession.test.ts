/** SIGUSR1, and the supervisor's own replacement. Through the real binary. */
import { connect } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { WorkerStatus } from '../../shared/api/gateway/status.js';
import { Installation } from '../helpers/installation.js';
import { Load } from '../helpers/load.js';
import { isAlive, RealGateway, until } from '../helpers/real-gateway.js';
import { machineSlackMs } from '../helpers/machine-slack.js';

/** Whether something accepts on Node's inspector port. */
function isInspectorOpen(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(9229, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

/** Whether the launcher ignores SIGUSR1, or is past that. proc(5): the mask of ignored signals, in hexadecimal. */
function hasLaunched(pid: number): boolean {
  if (process.platform !== 'linux') return true;
  if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('main.cjs')) return true;
  const [, ignored = '0'] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return (BigInt(`0x${ignored}`) & 0x200n) !== 0n;
}

describe('SIGUSR1', () => {
  test('only makes a log line', async () => {
    const gateway = await RealGateway.start();
    const worker = gateway.workerPid();
    process.kill(gateway.process.pid, 'SIGUSR1');
    await until('the log line', () => gateway.log().some((entry) => String(entry['msg']).includes('SIGUSR1')));
    expect(gateway.workerPid()).toBe(worker);
  });

  test('restarts with XOPC_ALLOW_SIGUSR1_RESTART=1', async () => {
    const gateway = await RealGateway.start({ env: { XOPC_ALLOW_SIGUSR1_RESTART: '1' } });
    const worker = gateway.workerPid();
    process.kill(gateway.process.pid, 'SIGUSR1');
    await gateway.untilReplaced(worker);
    const { code, stdout, stderr } = await gateway.process.done;
    expect({ code, text: stdout + stderr }).toEqual({ code: 0, text: expect.stringContaining('continues in the background') as string });
    const { pid } = await gateway.status();
    expect(pid).not.toBe(gateway.process.pid);
    // The successor has the environment of its predecessor.
    process.kill(pid, 'SIGUSR1');
    await until('the next one', () => gateway.lock().pid !== pid);
    await gateway.untilHealthy();
  });

  test('under a service manager leaves with 75 to be started again', async () => {
    const gateway = await RealGateway.start({ env: { XOPC_ALLOW_SIGUSR1_RESTART: '1', XOPC_SERVICE_MARKER: 'systemd' } });
    process.kill(gateway.process.pid, 'SIGUSR1');
    expect((await gateway.process.done).code).toBe(75);
  });

  test('in a storm from its first statement on opens no debugger and kills nothing', async () => {
    const gateway = await RealGateway.create();
    const running = gateway.spawn();
    // Before the launcher's first statement it is a shell like any other.
    await until('the launcher to run', () => hasLaunched(running.pid));
    let isOver = false;
    const storm = setInterval(() => {
      for (const pid of [running.pid, findWorker(gateway)]) if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGUSR1');
    }, 5);
    const watch = (async () => {
      while (!isOver) if (await isInspectorOpen()) return true;
      return false;
    })();
    await gateway.untilHealthy();
    await until('some storm', () => gateway.log().some((entry) => String(entry['msg']).includes('SIGUSR1')));
    clearInterval(storm);
    isOver = true;
    expect(await watch).toBe(false);
    expect(running.child.exitCode).toBeNull();
    expect((await gateway.status()).restarts).toEqual({ planned: 0, crashes: 0 });
  });
});

describe('restart --force', () => {
  test('replaces the supervisor under load without a failed request', async () => {
    const gateway = await RealGateway.start();
    const before = gateway.process.pid;
    const load = new Load({ port: gateway.port, connectionsPerSecond: 200, keepAliveClients: 10 });
    const outcome = await gateway.xopc('gateway', 'restart', '--force');
    expect(outcome.code, outcome.stderr).toBe(0);
    const ended = await gateway.process.done;
    expect(load.stop().failures).toEqual({});
    expect(ended.code).toBe(0);
    expect(ended.stdout + ended.stderr).toMatch(/continues in the background/);
    const { pid } = gateway.lock();
    expect(pid).not.toBe(before);
    expect(outcome.stdout + outcome.stderr).toContain(String(pid));
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[5]).toBe(String(pid)); // leads its own session
    expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
  });

  test('ends a predecessor that hangs in the middle of it, and its worker, and serves', { tags: ['long'] }, async () => {
    const gateway = await RealGateway.start();
    const { pid } = gateway.process;
    const worker = gateway.workerPid();
    // Stopped, it can neither quiesce nor end itself; its supervisor waits for it, until that is stopped too.
    process.kill(worker, 'SIGSTOP');
    const restarting = gateway.xopc('gateway', 'restart', '--force', '--timeout', '500');
    await until('the hand-over', () => gateway.lock().pid !== pid);
    process.kill(pid, 'SIGSTOP');
    const outcome = await restarting;
    expect(outcome.code, outcome.stderr).toBe(0);
    await until('the end of both', () => !isAlive(pid) && !isAlive(worker), 1_000 + machineSlackMs());
    expect(await gateway.status()).toMatchObject({ state: 'running', ready: true });
  });

  test('ends with 0 although Ctrl-C comes in the moment of its end', async () => {
    const gateway = await RealGateway.start();
    const { pid, child, done } = gateway.process;
    // A connection that is kept alive makes it stay for its drain.
    await fetch(`${gateway.url}/health`, { headers: { Connection: 'keep-alive' } });
    expect((await gateway.xopc('gateway', 'restart', '--force')).code).toBe(0);
    while (child.exitCode === null && child.signalCode === null) {
      process.kill(pid, 'SIGINT');
      // Often enough to meet the last moment; a flood would keep the process from ending at all.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(await done).toMatchObject({ code: 0, signal: null });
    expect((await gateway.status()).ready).toBe(true);
  });

  test('with XOPC_NO_RESPAWN=1 restarts in place', async () => {
    const gateway = await RealGateway.start({ env: { XOPC_NO_RESPAWN: '1' } });
    const worker = gateway.workerPid();
    expect((await gateway.xopc('gateway', 'restart', '--force')).code).toBe(0);
    expect(gateway.lock().pid).toBe(gateway.process.pid);
    expect(gateway.workerPid()).not.toBe(worker);
    const elsewhere = await gateway.xopc('gateway', 'start', '--force', '--port', String(gateway.port + 1));
    expect(elsewhere).toMatchObject({ code: 1, stderr: expect.stringContaining('xopc config set gateway.port') as string });
    expect((await gateway.xopc('gateway', 'start', '--force', '--port', String(gateway.port))).code).toBe(0);
  });

  test('under a service manager leaves with 75 to be started again', async () => {
    const gateway = await RealGateway.start({ env: { XOPC_SERVICE_MARKER: 'test' } });
    const restarting = gateway.xopc('gateway', 'restart', '--force');
    expect((await gateway.process.done).code).toBe(75);
    const again = await gateway.run(); // what the service manager does
    expect((await restarting).code).toBe(0);
    expect(gateway.lock().pid).toBe(again.pid);
  });

  test('with a successor that cannot start changes nothing', async () => {
    const installation = new Installation();
    const gateway = await RealGateway.start({ command: installation.command });
    const { pid } = gateway.process;
    const repair = installation.replace('supervisor', 'not JavaScript');
    const outcome = await gateway.xopc('gateway', 'restart', '--force');
    expect(outcome.code).toBe(1);
    expect(gateway.lock().pid).toBe(pid);
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
    repair();
    expect((await gateway.xopc('gateway', 'restart', '--force')).code).toBe(0);
  });
});

describe('an upgrade', () => {
  test('shows both builds in status, and a plain restart moves supervisor and worker to the new one', async () => {
    const installation = new Installation();
    const gateway = await RealGateway.start({ command: installation.command });
    installation.setBuild({ version: '9.9.9', buildId: 'ffffffffffffffff' });
    const status = await gateway.status();
    expect(status.build.installed).toBe('ffffffffffffffff');
    expect(status.warnings.map((warning) => warning.code)).toContain('NEWER_BUILD');
    expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
    await gateway.process.done;
    expect(await gateway.status()).toMatchObject({
      version: '9.9.9',
      build: { running: 'ffffffffffffffff', installed: 'ffffffffffffffff' },
    });
  });
});

describe('a package that is removed while the gateway runs', () => {
  test('does not affect parts that the running worker has not loaded yet', async () => {
    const installation = new Installation();
    const gateway = await RealGateway.start({ command: installation.command });
    installation.remove();
    const metrics = await fetch(`${gateway.url}/metrics`);
    expect(metrics.status).toBe(200);
    expect(await metrics.text()).toContain('# TYPE');
    const page = await (await fetch(gateway.url, { headers: { Accept: 'text/html' } })).text();
    const assets = [...page.matchAll(/(?:src|href)="\.?(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(assets.length).toBeGreaterThan(0);
    for (const path of [...assets, '/docs', '/openapi.json']) expect((await fetch(`${gateway.url}${path}`)).status).toBe(200);
    const configPath = join(gateway.xopcHome, 'config.json');
    const account = { botToken: '1:x', apiRoot: `${gateway.url}/nobody` };
    writeFileSync(configPath, JSON.stringify({ channels: { telegram: { enabled: true, accounts: { main: account } } } }));
    const telegram = await until('telegram to have tried', async () => {
      const status = (await (await fetch(`${gateway.url}/api/status`)).json()) as { worker: WorkerStatus };
      const channel = status.worker.channels['telegram:main'];
      return channel?.message !== undefined && channel;
    });
    // The part that speaks to it was there, and asked.
    expect(telegram.message).toContain('the server answered 404');
    expect(gateway.log().filter((entry) => JSON.stringify(entry).includes('ENOENT'))).toEqual([]);
  });
});

function findWorker(gateway: RealGateway): number | undefined {
  try {
    return gateway.findWorkerPid();
  } catch {
    return undefined;
  }
}
