/** The service while its supervisor is replaced: by an upgrade, by force, or because it was killed. */
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asOtherBuild, buildBinary } from '../helpers/binary.js';
import { Load } from '../helpers/load.js';
import { until } from '../helpers/real-gateway.js';
import { ServiceGateway } from '../helpers/service-gateway.js';
import { SystemdMachine, whyNoSystemd } from '../helpers/systemd-machine.js';

const reason = whyNoSystemd();

/** 200 new connections a second, and clients that keep theirs. */
function loadOn(gateway: ServiceGateway): Load {
  return new Load({ port: gateway.port, connectionsPerSecond: 200, keepAliveClients: 2 });
}

describe.skipIf(process.platform !== 'linux' || reason !== undefined)('a service whose supervisor is replaced', () => {
  let machine: SystemdMachine;

  beforeAll(async () => {
    machine = await SystemdMachine.boot();
  });

  afterAll(() => machine.shutDown());

  test.each([{ options: [] }, { options: ['--socket'] }])('refuses no connection ($options)', async ({ options }) => {
    const gateway = await ServiceGateway.create(machine);
    const { pid } = await gateway.install(...options);
    const load = loadOn(gateway);
    const restarted = await gateway.xopc('gateway', 'restart', '--force', '--json');
    expect(restarted.code, restarted.stderr).toBe(0);
    const { succeeded } = load;
    await until('more requests', () => load.succeeded > succeeded + 50);
    expect(load.stop().failures).toEqual({});
    const status = await gateway.status();
    expect(status.pid).not.toBe(pid);
    expect(JSON.parse(restarted.stdout)).toMatchObject({ succession: 'service-manager', pid: status.pid, workerPid: status.worker?.pid });
    expect(await gateway.property('NRestarts')).toBe('1');
    expect(await gateway.property('ExecMainStatus')).toBe('0');
  });

  test.each([{ options: [] }, { options: ['--socket'] }])(
    'keeps the port when it is killed: a connection waits ($options)',
    async ({ options }) => {
      const gateway = await ServiceGateway.create(machine);
      const { instanceId, pid } = await gateway.install(...options);
      const load = new Load({ port: gateway.port, connectionsPerSecond: 200, keepAliveClients: 0 });
      await machine.ok('kill', ['-9', String(pid)]);
      await gateway.untilReplaced(instanceId);
      const { succeeded } = load;
      await until('more requests', () => load.succeeded > succeeded + 50);
      const { failures } = load.stop();
      // What was accepted dies with its worker; nothing is refused.
      expect(Object.keys(failures).filter((kind) => kind.includes('ECONNREFUSED'))).toEqual([]);
    },
  );

  test('moves to a newer package without a gap, and shows both versions meanwhile', async () => {
    const live = machine.installPackage('upgraded');
    const command = join(live, 'bin', 'xopc');
    const gateway = await ServiceGateway.create(machine, { command });
    await gateway.install();
    const before = await gateway.status();
    const load = loadOn(gateway);
    // The client of before, which has to understand the gateway of after.
    const oldPackage = machine.installPackage('old-client');
    const next = machine.installPackage('next');
    writeFileSync(join(next, 'dist', 'build.json'), JSON.stringify({ version: '9.9.9', buildId: 'ffffffffffffffff' }));
    rmSync(live, { recursive: true });
    renameSync(next, live);
    expect(await gateway.answers()).toBe(true);
    expect((await gateway.status()).build).toEqual({ running: before.build.running, installed: 'ffffffffffffffff' });
    // The agent's part is loaded late, from a package that is not there any more.
    const reply = await fetch(`${gateway.url}/api/agent`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ message: '/help' }),
    });
    expect(reply.status).toBe(200);
    const restarted = await gateway.xopc('gateway', 'restart', '--json');
    expect(restarted.code, restarted.stderr).toBe(0);
    const after = await gateway.status();
    expect(after).toMatchObject({ version: '9.9.9', build: { running: 'ffffffffffffffff', installed: 'ffffffffffffffff' } });
    expect(after.worker?.version).toBe('9.9.9');
    expect(after.pid).not.toBe(before.pid);
    const old = await machine.ok(join(oldPackage, 'bin', 'xopc'), ['gateway', 'status', '--json'], { XOPC_HOME: gateway.home });
    expect(JSON.parse(old)).toMatchObject({ running: true, version: '9.9.9' });
    expect(load.stop().failures).toEqual({});
  });

  test('finds its package elsewhere when it has been moved, and says so', async () => {
    const live = machine.installPackage('moving');
    const gateway = await ServiceGateway.create(machine, { command: join(live, 'bin', 'xopc') });
    const { instanceId } = await gateway.install();
    const prefix = mkdtempSync(join(machine.directory, 'prefix-'));
    const elsewhere = join(prefix, 'lib', 'node_modules', 'xopc');
    cpSync(live, elsewhere, { recursive: true });
    rmSync(live, { recursive: true });
    const bin = join(prefix, 'bin');
    await machine.ok('sh', ['-c', `mkdir -p ${bin} && ln -s ${elsewhere}/bin/xopc ${bin}/xopc`]);
    await machine.ok('sh', ['-c', `echo PATH=${bin}:$PATH >${gateway.home}/service.env`]);
    await machine.ok('kill', ['-9', await gateway.property('MainPID')]);
    const moved = ServiceGateway.at(gateway, join(elsewhere, 'bin', 'xopc'));
    const status = await moved.untilReplaced(instanceId);
    expect(status.warnings).toEqual([expect.objectContaining({ code: 'SERVICE_PROGRAM_MOVED' })]);
    expect(await moved.answers()).toBe(true);
    // Whoever cleans up needs a command line that exists.
    await moved.xopcOk('gateway', 'uninstall');
  });

  test('runs as the executable, and is upgraded by a new file in its place', async () => {
    const executable = join(mkdtempSync(join(machine.directory, 'binary-')), 'xopc');
    cpSync(buildBinary(), executable);
    const gateway = await ServiceGateway.create(machine, { command: executable });
    const { pid } = await gateway.install('--runtime', 'binary');
    expect(await machine.ok('readlink', [`/proc/${pid}/exe`])).toBe(`${executable}\n`);
    const load = loadOn(gateway);
    writeFileSync(`${executable}.new`, asOtherBuild(readFileSync(executable), { version: '9.9.9', buildId: 'ffffffffffffffff' }), {
      mode: 0o755,
    });
    renameSync(`${executable}.new`, executable);
    expect((await gateway.status()).build.installed).toBe('ffffffffffffffff');
    await gateway.xopcOk('gateway', 'restart');
    expect(await gateway.status()).toMatchObject({ version: '9.9.9', supervisedBy: 'systemd', warnings: [] });
    expect(load.stop().failures).toEqual({});
  });
});
