/** Several gateways of one user as services at once: what is done to one leaves the others alone. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { InstallRecord } from '../../../client/service/files/install-record.js';
import { freePort } from '../../helpers/free-port.js';
import { ServiceGateway } from '../../helpers/service-gateway.js';
import { SystemdMachine, whyNoSystemd } from '../../helpers/systemd-machine.js';

const reason = whyNoSystemd();

/** A second gateway in the home of the first. */
async function createBeside(first: ServiceGateway, command?: string): Promise<ServiceGateway> {
  const { home, machine } = first;
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeFileSync(join(home, 'work bot.json'), '{}');
  return ServiceGateway.create(machine, { home, configName: 'work bot.json', ...(command === undefined ? {} : { command }) });
}

function recordPath(gateway: ServiceGateway): string {
  return join(dirname(gateway.launcherPath), 'install.json');
}

function readRecord(gateway: ServiceGateway): InstallRecord {
  return JSON.parse(readFileSync(recordPath(gateway), 'utf8')) as InstallRecord;
}

/** Leaves an installation as an earlier version would: its record has no name, and its unit has the name that all had. */
async function installAsEarlier(gateway: ServiceGateway): Promise<number> {
  await gateway.install();
  const { name: _, ...plan } = readRecord(gateway).plan;
  const record = JSON.stringify({ ...readRecord(gateway), plan });
  await gateway.xopcOk('gateway', 'uninstall');
  mkdirSync(dirname(gateway.launcherPath));
  writeFileSync(recordPath(gateway), record);
  const { pid } = await gateway.install();
  writeFileSync(recordPath(gateway), record);
  return pid;
}

describe.skipIf(process.platform !== 'linux' || reason !== undefined)('services of several gateways', () => {
  let machine: SystemdMachine;

  beforeAll(async () => {
    machine = await SystemdMachine.boot();
  });

  afterAll(() => machine.shutDown());

  test('two of one home are installed, restarted, stopped and uninstalled without touching each other', { tags: ['long'] }, async () => {
    const first = await ServiceGateway.create(machine);
    const second = await createBeside(first);
    const { pid } = await first.install();
    const firstStays = async (): Promise<void> => {
      expect(await first.status()).toMatchObject({ pid, ready: true, warnings: [], restarts: { planned: 0, crashes: 0 } });
      expect(await first.property('NRestarts')).toBe('0');
    };
    await second.install();
    expect(second.name).toMatch(/^xopc-gateway-work-bot-[0-9a-f]{8}$/);
    expect([await first.answers(), await second.answers()]).toEqual([true, true]);
    expect(await second.status()).toMatchObject({
      supervisedBy: 'systemd',
      port: second.port,
      configPath: second.configPath,
      warnings: [],
    });
    expect([first.dataDir, second.dataDir]).toEqual([first.home, expect.stringContaining(join(first.home, 'gateways')) as string]);
    expect(readRecord(second).enabledLinger).toBe(readRecord(first).enabledLinger);
    expect(JSON.parse(await second.xopcOk('gateway', 'service-status', '--json'))).toMatchObject({ service: second.name, others: [] });
    expect(await second.xopcOk('gateway', 'service-status')).toContain(`Service: ${second.name} (systemd)`);
    const { gateways } = JSON.parse(await first.xopcOk('gateway', 'list', '--json')) as { gateways: { service: string }[] };
    expect(gateways.map(({ service }) => service)).toEqual([first.name, second.name]);
    expect((await second.xopc('doctor')).stdout).not.toContain('another service');
    await firstStays();

    await second.xopcOk('gateway', 'restart');
    await second.xopcOk('gateway', 'restart', '--force');
    expect(await second.property('NRestarts')).toBe('1');
    await firstStays();
    await second.xopcOk('gateway', 'stop');
    expect([await second.property('ActiveState'), await second.property('UnitFileState')]).toEqual(['inactive', 'enabled']);
    await firstStays();
    await second.xopcOk('gateway', 'service-start');
    const { pid: secondPid } = await second.status();
    await first.xopcOk('gateway', 'stop');
    expect([await first.answers(), await second.answers()]).toEqual([false, true]);
    await first.xopcOk('gateway', 'uninstall');
    expect(await first.property('LoadState')).toBe('not-found');
    expect(await second.status()).toMatchObject({ pid: secondPid, ready: true, warnings: [] });
    await second.xopcOk('gateway', 'uninstall');
    expect((await machine.systemctl('list-units', '--all', '--plain', '--no-legend', 'xopc*')).stdout).toBe('');
  });

  test('two of one home are installed at once, and upgraded one after the other', { tags: ['long'] }, async () => {
    const live = machine.installPackage('live');
    const command = join(live, 'bin', 'xopc');
    const first = await ServiceGateway.create(machine, { command });
    const second = await createBeside(first, command);
    // Whichever is first has its data in the home.
    const [{ pid }] = await Promise.all([first.install(), second.install('--socket')]);
    expect(new Set([first.dataDir, second.dataDir]).size).toBe(2);
    const next = machine.installPackage('next');
    writeFileSync(join(next, 'dist', 'build.json'), JSON.stringify({ version: '9.9.9', buildId: 'ffffffffffffffff' }));
    rmSync(live, { recursive: true });
    renameSync(next, live);
    await second.xopcOk('gateway', 'restart');
    expect(await second.status()).toMatchObject({ version: '9.9.9', build: { running: 'ffffffffffffffff' }, ready: true });
    const before = await first.status();
    expect(before).toMatchObject({ pid, ready: true, build: { installed: 'ffffffffffffffff' } });
    expect(before.version).not.toBe('9.9.9');
    await first.xopcOk('gateway', 'restart');
    expect(await first.status()).toMatchObject({ version: '9.9.9', ready: true });
    await second.xopcOk('gateway', 'uninstall');
    expect([await first.answers(), await second.answers()]).toEqual([true, false]);
  });

  test('reads the variables of each from its own service.env', { tags: ['long'] }, async () => {
    const first = await ServiceGateway.create(machine);
    const second = await createBeside(first);
    await first.install();
    await second.install();
    writeFileSync(join(second.dataDir, 'service.env'), 'XOPC_LOG_LEVEL=debug\n', { mode: 0o600 });
    await first.xopcOk('gateway', 'restart', '--force');
    await second.xopcOk('gateway', 'restart', '--force');
    expect((await first.status()).sources['level']).not.toBe('env');
    expect((await second.status()).sources['level']).toBe('env');
  });

  test('one of an earlier version keeps its name, and the default gateway is installed beside it', { tags: ['long'] }, async () => {
    const user = join(machine.directory, 'user');
    mkdirSync(join(user, '.xopc'), { recursive: true, mode: 0o700 });
    writeFileSync(join(user, '.xopc', 'old.json'), '{}');
    const earlier = await ServiceGateway.create(machine, { home: join(user, '.xopc'), configName: 'old.json' });
    const pid = await installAsEarlier(earlier);
    expect(await machine.property('MainPID', 'xopc-gateway.service')).toBe(String(pid));
    const xopc = (...args: string[]): Promise<string> =>
      machine.ok(join(machine.packageDirectory, 'bin', 'xopc'), ['gateway', ...args, '--json'], { HOME: user });
    const installed = JSON.parse(await xopc('install', '--port', String(await freePort()))) as { files: string[] };
    expect(installed.files).toContainEqual(expect.stringMatching(/xopc-gateway-config-[0-9a-f]{8}\.service$/));
    await xopc('stop');
    await xopc('uninstall');
    expect(
      JSON.parse(
        (await machine.run(join(machine.packageDirectory, 'bin', 'xopc'), ['gateway', 'service-status', '--json'], { HOME: user })).stdout,
      ),
    ).toMatchObject({ installed: false });
    expect(await earlier.status()).toMatchObject({ pid, ready: true, warnings: [] });
    await earlier.xopcOk('gateway', 'restart', '--force');
    expect(await machine.property('NRestarts', 'xopc-gateway.service')).toBe('1');
    await earlier.xopcOk('gateway', 'uninstall');
    expect(await machine.property('LoadState', 'xopc-gateway.service')).toBe('not-found');
  });
});
