/** The single executable does what the package does. */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { posixLauncher } from '../../client/service/launcher/posix-launcher.js';
import { asOtherBuild, buildBinary } from '../helpers/binary.js';
import { Load } from '../helpers/load.js';
import { isAlive, RealGateway, root, runProcess, until } from '../helpers/real-gateway.js';
import { makeServicePlan } from '../helpers/service-plan.js';

const PACKAGE = [process.execPath, '--inspect-port=192.0.2.1:9229', join(root, 'dist', 'main.cjs')] as const;

/** From the start of the process to the first answer. */
async function timeStart(gateway: RealGateway): Promise<number> {
  const startedAt = performance.now();
  const running = await gateway.run();
  const durationMs = performance.now() - startedAt;
  running.child.kill('SIGTERM');
  await running.done;
  return durationMs;
}

/** What else the machine does only adds to a time: the least of many converges, and too many rounds are a true difference. */
const MAX_ROUNDS = 25;

describe.skipIf(process.platform !== 'linux')('the executable', () => {
  let binary: string;
  let directory: string;

  beforeAll(() => {
    directory = mkdtempSync('/var/tmp/xopc-binary-');
    binary = join(directory, 'xopc');
    copyFileSync(buildBinary(), binary);
  }, 120_000);

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test('runs in the background, answers, and understands every command', async () => {
    const gateway = await RealGateway.create({}, [binary]);
    expect(await gateway.xopc('gateway', 'start')).toMatchObject({ code: 0 });
    expect(await gateway.status()).toMatchObject({ state: 'running', ready: true });
    const commands: readonly { args: string[]; says: string }[] = [
      { args: ['agent', '/help'], says: '/help' },
      { args: ['gateway', 'logs', '--lines', '1'], says: 'worker' },
      { args: ['config', 'validate'], says: 'valid' },
      { args: ['config', 'schema'], says: 'json-schema.org' },
      { args: ['doctor'], says: 'one executable' },
      { args: ['gateway', 'token'], says: '...' },
      { args: ['gateway', 'install', '--print'], says: `binary='${binary}'` },
      { args: ['--help'], says: 'service-status' },
    ];
    for (const { args, says } of commands) {
      const { code, stdout, stderr } = await gateway.xopc(...args);
      expect(code, `${args.join(' ')}: ${stderr}`).toBe(0);
      expect(stdout).toContain(says);
    }
    expect(await gateway.xopc('gateway', 'stop')).toMatchObject({ code: 0 });
    expect(await gateway.xopc('gateway', 'status')).toMatchObject({ code: 3 });
  });

  test('started by the service, opens no debugger and lives in a storm of SIGUSR1 from the first millisecond', async () => {
    const gateway = await RealGateway.create();
    const launcherPath = join(mkdtempSync(join(directory, 'service-')), 'launch');
    const plan = makeServicePlan({ home: gateway.xopcHome, launcherPath, program: { runtime: 'binary', path: binary, nodePath: null } });
    writeFileSync(launcherPath, posixLauncher(plan), { mode: 0o700 });
    const running = runProcess(['sh', '-c', `trap '' USR1; echo trapped; exec ${launcherPath}`], [], { env: gateway.env });
    await until('the signal to be held off', () => running.output().stdout.includes('trapped'));
    const storm = setInterval(() => {
      if (running.child.exitCode === null) process.kill(running.pid, 'SIGUSR1');
    }, 1);
    onTestFinished(() => clearInterval(storm));
    await gateway.untilHealthy();
    await until('some storm', () => gateway.log().some((entry) => String(entry['msg']).includes('SIGUSR1')));
    expect(running.child.exitCode).toBeNull();
    expect(running.output().stderr).not.toContain('Debugger');
  });

  test('restarts worker and supervisor without a gap, and comes back after a crash', async () => {
    const gateway = await RealGateway.start({ command: [binary] });
    const load = new Load({
      port: gateway.port,
      connectionsPerSecond: 200,
      keepAliveClients: 2,
      post: { path: '/api/sessions', body: '{}' },
    });
    const before = await gateway.status();
    expect(await gateway.xopc('gateway', 'restart')).toMatchObject({ code: 0 });
    expect(await gateway.xopc('gateway', 'restart', '--force')).toMatchObject({ code: 0 });
    expect(load.stop().failures).toEqual({});
    const after = await gateway.status();
    expect(after.pid).not.toBe(before.pid);
    const worker = gateway.workerPid();
    process.kill(worker, 'SIGKILL');
    await gateway.untilReplaced(worker);
    expect(isAlive(after.pid)).toBe(true);
    expect(await gateway.xopc('gateway', 'stop')).toMatchObject({ code: 0 });
  });

  test('is upgraded by a new file in its place, without a gap', async () => {
    const gateway = await RealGateway.start({ command: [binary] });
    const load = new Load({
      port: gateway.port,
      connectionsPerSecond: 200,
      keepAliveClients: 2,
      post: { path: '/api/sessions', body: '{}' },
    });
    const original = readFileSync(binary);
    onTestFinished(() => {
      rmSync(binary);
      writeFileSync(binary, original, { mode: 0o755 });
    });
    writeFileSync(`${binary}.new`, asOtherBuild(original, { version: '9.9.9', buildId: 'ffffffffffffffff' }), { mode: 0o755 });
    renameSync(`${binary}.new`, binary);
    const before = await gateway.status();
    expect(before.build).toEqual({ running: expect.not.stringMatching(/^f+$/) as string, installed: 'ffffffffffffffff' });
    expect(await gateway.xopc('gateway', 'restart')).toMatchObject({ code: 0 });
    expect(await gateway.status()).toMatchObject({ version: '9.9.9', build: { running: 'ffffffffffffffff' } });
    expect(load.stop().failures).toEqual({});
  });

  test('does not trust a native part that was cut short', async () => {
    const gateway = await RealGateway.start({ command: [binary] });
    await gateway.xopc('gateway', 'stop');
    const cache = join(gateway.xopcHome, 'cache');
    const file = join(cache, readdirSync(cache)[0] ?? '', 'libsql.node');
    truncateSync(file, 100);
    await gateway.run();
    expect(readFileSync(file).length).toBeGreaterThan(1_000_000);
  });

  test('starts in at most 1.2 times the time of the package', async () => {
    const ofPackage = await RealGateway.create({}, PACKAGE);
    const ofBinary = await RealGateway.create({}, [binary]);
    // The first start of each makes its home, and the executable unpacks its native part.
    await timeStart(ofPackage);
    await timeStart(ofBinary);
    const least = { package: Infinity, binary: Infinity };
    for (let round = 0; round < MAX_ROUNDS && (round < 3 || least.binary > 1.2 * least.package); round += 1) {
      least.package = Math.min(least.package, await timeStart(ofPackage));
      least.binary = Math.min(least.binary, await timeStart(ofBinary));
    }
    expect(least.binary / least.package).toBeLessThanOrEqual(1.2);
  });

  test('refuses to be replaced by an invalid executable, and continues', async () => {
    const gateway = await RealGateway.start({ command: [binary] });
    const original = readFileSync(binary);
    writeFileSync(`${binary}.new`, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    renameSync(`${binary}.new`, binary);
    onTestFinished(() => {
      rmSync(binary);
      writeFileSync(binary, original, { mode: 0o755 });
    });
    // The client is the broken file itself: the signal form is what is left.
    const other = runProcess([...PACKAGE], ['gateway', 'restart', '--force'], { env: gateway.env });
    expect((await other.done).code).toBe(1);
    await until('the old one to answer', () => gateway.untilHealthy());
  });
});
