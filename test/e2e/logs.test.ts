/** `logs`, and what a worker prints beside the log. Through the real binary. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Installation } from '../helpers/installation.js';
import { launcher, RealGateway, runProcess, until } from '../helpers/real-gateway.js';

/** The smallest file size that the configuration allows, so that rotations come often. */
const MAX_BYTES = 65_536;

async function gatewayWithSmallLog(command?: readonly [string, ...string[]]): Promise<RealGateway> {
  const gateway = await RealGateway.create({}, command);
  gateway.put('config.json', { logs: { maxBytes: MAX_BYTES, files: 50, level: 'debug' } });
  return gateway;
}

function rotations(gateway: RealGateway): number {
  return readdirSync(dirname(gateway.logPath)).filter((name) => /\.log\.\d+$/.test(name)).length;
}

function requestIds(text: string): number[] {
  return [...text.matchAll(/"requestId":"n-(\d+)"/g)].map((match) => Number(match[1]));
}

describe('logs', () => {
  test('prints 50 lines, and exactly as many as asked for', async () => {
    const gateway = await RealGateway.start({ env: { XOPC_LOG_LEVEL: 'debug' } });
    for (let index = 0; index < 80; index += 1) await fetch(`${gateway.url}/api/models`);
    const count = async (...args: string[]): Promise<number> =>
      (await gateway.xopc('gateway', 'logs', ...args)).stdout.trim().split('\n').length;
    expect(await count()).toBe(50);
    expect(await count('--lines', '7')).toBe(7);
    await gateway.xopc('gateway', 'stop');
    expect(await count('--lines', '9')).toBe(9);
    const json = await gateway.xopc('gateway', 'logs', '--json', '--lines', '3');
    expect(
      json.stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { level: string }).level),
    ).toHaveLength(3);
  });

  test(
    '--follow gives every line once and in order across rotations, deletion and restarts under load',
    { tags: ['long'], timeout: 120_000 },
    async () => {
      const gateway = await gatewayWithSmallLog();
      await gateway.run();
      const follower = gateway.follow('--json', '--lines', '0', '--level', 'debug');
      let sent = 0;
      const send = async (): Promise<void> => {
        sent += 1;
        await fetch(`${gateway.url}/api/models`, { headers: { 'X-Request-Id': `n-${sent}` } });
      };
      await until('the follower to have begun', async () => {
        await send();
        return requestIds(follower.output().stdout).length > 0;
      });
      for (let restart = 0; restart < 3; restart += 1) {
        const before = rotations(gateway);
        while (rotations(gateway) < before + 4) await send();
        expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
        for (let index = 0; index < 50; index += 1) await send();
      }
      rmSync(gateway.logPath); // by hand, under the writers
      for (let index = 0; index < 20; index += 1) await send();
      await until('the writers to notice', async () => {
        await send();
        try {
          return requestIds(readFileSync(gateway.logPath, 'utf8')).length > 0;
        } catch {
          return false;
        }
      });
      const last = sent;
      await until('the last line', () => requestIds(follower.output().stdout).includes(last));
      follower.child.kill('SIGINT');
      expect((await follower.done).code).toBe(0);
      const seen = requestIds(follower.output().stdout);
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
      expect(seen).toHaveLength(last - (seen[0] ?? 0) + 1);
    },
  );
});

test('--follow ends with exit 0 when its reader closes while nothing is logged', async () => {
  const gateway = await RealGateway.start({});
  await gateway.xopc('gateway', 'stop');
  const { stdout, stderr } = await runProcess(
    ['/bin/sh', '-c', `("$0" gateway logs --follow; echo "exit $?" >&2) | head -1`, ...launcher],
    [],
    { env: gateway.env },
  ).done;
  expect(stdout.trim().split('\n')).toHaveLength(1);
  expect(stderr).toBe('exit 0\n');
});

describe('what a worker prints beside the log', () => {
  test('200 MB in some seconds neither fills the supervisor nor keeps the worker from answering', { timeout: 60_000 }, async () => {
    const installation = new Installation();
    const doneMarker = join(installation.directory, 'flooded');
    installation.append(
      'worker',
      `process.on('SIGUSR2', () => { const line = 'x'.repeat(1023) + '\\n'; let left = 200 * 1024; const more = () => { for (let n = 0; n < 256 && left > 0; n += 1, left -= 1) process.stdout.write(line); if (left > 0) setImmediate(more); else require('node:fs').writeFileSync(${JSON.stringify(doneMarker)}, ''); }; more(); });`,
    );
    const gateway = await RealGateway.start({ command: installation.command });
    const { pid } = gateway.process;
    process.kill(gateway.workerPid(), 'SIGUSR2');
    let peakMb = 0;
    await until(
      'the end of the flood',
      async () => {
        const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
        peakMb = Math.max(peakMb, Number(rss) / 1024);
        expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
        return existsSync(doneMarker);
      },
      40_000,
    );
    expect(peakMb).toBeLessThan(80);
    const bytes = readdirSync(dirname(gateway.logPath)).reduce(
      (sum, name) => sum + readFileSync(join(dirname(gateway.logPath), name)).length,
      0,
    );
    expect(bytes).toBeLessThan(20 * 1024 * 1024);
  });

  test('its last words are in status after a crash', async () => {
    const installation = new Installation();
    installation.append('worker', `process.on('SIGUSR2', () => { throw new TypeError('these are my last words'); });`);
    const gateway = await RealGateway.start({ command: installation.command });
    const pid = gateway.workerPid();
    process.kill(pid, 'SIGUSR2');
    await gateway.untilReplaced(pid);
    const { lastExit } = await gateway.status();
    expect(lastExit).toMatchObject({ pid, code: 1 });
    expect(lastExit?.output).toContain('these are my last words');
  });
});
