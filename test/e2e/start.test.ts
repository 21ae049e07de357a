/** One gateway per configuration and port, however it is started. Through the real binary. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { withSlack } from '../helpers/machine-slack.js';
import { isAlive, launcher, RealGateway, until } from '../helpers/real-gateway.js';
import { tempDir } from '../helpers/temp-dir.js';
import { openTerminal } from '../helpers/terminal.js';

/** A program of somebody else's that listens on the port. */
async function foreignListener(port: number, options: { ignoresTerm?: boolean } = {}): Promise<number> {
  const program = `${options.ignoresTerm === true ? `process.on('SIGTERM', () => {});` : ''} require('node:net').createServer().listen(${port}, '0.0.0.0', () => process.stdout.write('up'))`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child.pid ?? -1;
}

describe('a start', () => {
  test('makes every file private, and a stop removes lock and socket', async () => {
    const gateway = await RealGateway.start();
    for (const name of readdirSync(gateway.xopcHome, { recursive: true }) as string[]) {
      const entry = statSync(join(gateway.xopcHome, name), { throwIfNoEntry: false });
      // An atomic write's temporary file may have been renamed since the listing.
      if (entry === undefined) continue;
      expect([name, (entry.mode & 0o777).toString(8)]).toEqual([name, entry.isDirectory() ? '700' : '600']);
    }
    expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
    expect((await gateway.process.done).code).toBe(0);
    expect(readdirSync(join(gateway.xopcHome, 'locks'))).toEqual([]);
    expect(readdirSync(join(gateway.xopcHome, 'run'))).toEqual([]);
  });

  test('on a terminal prints its headline first, then the log', async () => {
    const gateway = await RealGateway.create();
    const terminal = openTerminal([...launcher, 'gateway'], gateway.env);
    await terminal.shows('worker active');
    expect(terminal.all()).toMatch(/^✅ Gateway is running[^]* Page: http[^]*xopc setup[^]* INFO +supervisor gateway running/);
    terminal.type('\u0003');
    expect(await terminal.exitCode).toBe(0);
    expect(terminal.all()).toMatch(/INFO +supervisor gateway stopped[^\n]*\n$/);
  });

  test('in the background returns when the worker is ready, and outlives its terminal', async () => {
    const gateway = await RealGateway.create();
    const started = await gateway.xopc('gateway', 'start');
    expect(started.code, started.stderr).toBe(0);
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
    const { pid } = gateway.lock();
    process.kill(pid, 'SIGHUP');
    expect((await gateway.xopc('gateway', 'status')).code).toBe(0);
    expect(gateway.lock().pid).toBe(pid);
  });

  // Other locks: test/daemon/supervisor/lock/lock-race.test.ts.
  test('of 20 at once on the lock of one that was killed has one winner; the others exit 5 and name it', async () => {
    const gateway = await RealGateway.create();
    const first = await gateway.run();
    process.kill(first.pid, 'SIGKILL');
    await first.done;
    const starts = Array.from({ length: 20 }, () => gateway.spawn());
    await gateway.untilHealthy();
    const winner = gateway.lock().pid;
    const losers = await Promise.all(starts.filter((start) => start.pid !== winner).map((start) => start.done));
    expect(losers).toHaveLength(19);
    for (const loser of losers) {
      expect(loser.code, loser.stderr).toBe(5);
      expect(loser.stderr).toContain(String(winner));
    }
  });

  test('of 20 at once with --force over a running gateway is one takeover', async () => {
    const gate = join(tempDir(), 'gate');
    writeFileSync(gate, '');
    // A command counts from when its process began: on a busy machine the first could be done before the last is begun.
    const command = ['/bin/sh', '-c', 'until [ -e "$0" ]; do sleep 0.05; done; exec "$@"', gate, ...launcher] as const;
    const gateway = await RealGateway.start({ command });
    const before = gateway.process.pid;
    rmSync(gate);
    const starts = Array.from({ length: 20 }, () => gateway.spawn(['--background', '--force']));
    writeFileSync(gate, '');
    const outcomes = await Promise.all(starts.map(({ done }) => done));
    const said = outcomes.map(({ code, stdout, stderr }) => `${code}: ${stderr}${stdout}`).join('\n');
    expect(outcomes.map(({ code }) => code).toSorted(), said).toEqual([0, ...Array.from({ length: 19 }, () => 5)]);
    await gateway.untilHealthy();
    expect(gateway.lock().pid).not.toBe(before);
    expect((await gateway.process.done).code).toBe(0);
  });
});

describe('a port that is taken', () => {
  test('ends the start with 78 and the name of the holder; no other port is taken', async () => {
    const gateway = await RealGateway.create();
    const holder = await foreignListener(gateway.port);
    const outcome = await gateway.spawn().done;
    expect(outcome.code).toBe(78);
    expect(outcome.stderr).toContain(String(holder));
    expect(outcome.stderr).toMatch(/node/);
    expect(isAlive(holder)).toBe(true);
    const background = await gateway.xopc('gateway', 'start');
    expect(background.code).toBe(78);
    expect(background.stderr).toContain(String(holder));
  });

  test('by another gateway ends the start with 78 and its pid', async () => {
    const one = await RealGateway.start();
    const other = await RealGateway.create({ XOPC_PORT: String(one.port) });
    const outcome = await other.spawn().done;
    expect(outcome.code).toBe(78);
    expect(outcome.stderr).toMatch(new RegExp(`\\b(${one.process.pid}|${one.workerPid()})\\b`));
    expect((await fetch(`${one.url}/health`)).status).toBe(200);
  });

  test.each([[false], [true]])(
    'is freed by --force (listener ignores SIGTERM: %s); a client of the port is left alone',
    async (ignoresTerm) => {
      const gateway = await RealGateway.create();
      const holder = await foreignListener(gateway.port, { ignoresTerm });
      const client = connect(gateway.port, '127.0.0.1');
      client.on('error', () => undefined);
      await once(client, 'connect');
      const running = await gateway.run(['--force']);
      expect(isAlive(holder)).toBe(false);
      expect(running.output().stderr).toContain(String(holder));
      expect(gateway.lock().pid).toBe(running.pid);
    },
  );
});

describe('a cold start that cannot work', () => {
  test.each([
    ['broken JSON', '{ "gateway": }', /config\.json:1:\d+/],
    ['a wrong type', '{\n "gateway": { "port": "high" } }', /config\.json:2:\d+ gateway\.port/],
    ['an unknown key', '{\n "gatway": {} }', /config\.json:2:\d+ gatway/],
  ])('with %s exits 78 with the exact line', async (_name, text, expected) => {
    const gateway = await RealGateway.create();
    mkdirSync(gateway.xopcHome, { recursive: true, mode: 0o700 });
    writeFileSync(join(gateway.xopcHome, 'config.json'), text);
    const outcome = await gateway.spawn().done;
    expect(outcome.code).toBe(78);
    expect(outcome.stderr).toMatch(expected);
    expect(readdirSync(join(gateway.xopcHome, 'locks'))).toEqual([]);
  });

  test('on a port that is no port exits 2', async () => {
    const gateway = await RealGateway.create();
    expect((await gateway.spawn(['--port', '99999']).done).code).toBe(2);
    expect((await gateway.spawn([], { XOPC_PORT: 'x' }).done).code).toBe(2);
  });
});

describe('a supervisor that is stopped (SIGSTOP)', () => {
  test('makes status and start end in 3 s and say so; stop --force ends it', { tags: ['long'] }, async () => {
    const gateway = await RealGateway.start();
    process.kill(gateway.process.pid, 'SIGSTOP');
    // Each waits in vain, so they wait together.
    const commands = ['status', 'start'];
    const run = () => Promise.all(commands.map((command) => gateway.xopc('gateway', command)));
    const { outcome: outcomes, slackMs } = await withSlack(run);
    for (const [index, outcome] of outcomes.entries()) {
      expect([commands[index], outcome.code], outcome.stderr).toEqual([commands[index], 4]);
      expect(outcome.durationMs).toBeLessThan(3_000 + slackMs);
      expect(outcome.stderr + outcome.stdout).toContain(String(gateway.process.pid));
    }
    const worker = gateway.workerPid();
    const forced = await gateway.xopc('gateway', 'stop', '--force');
    expect(forced.code, forced.stderr).toBe(0);
    await until('both to be gone', () => !isAlive(gateway.process.pid) && !isAlive(worker));
    await gateway.run();
  });
});
