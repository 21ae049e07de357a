/** The service beside others: a second gateway, another unit, and hands that edit. */
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../helpers/real-gateway.js';
import { ServiceGateway } from '../helpers/service-gateway.js';
import { SystemdMachine, whyNoSystemd } from '../helpers/systemd-machine.js';

interface DoctorDocument {
  readonly checks: readonly { readonly id: string; readonly level: string; readonly message: string; readonly fix: string | null }[];
  readonly repaired: readonly { readonly id: string; readonly did: string; readonly succeeded: boolean }[];
}

const reason = whyNoSystemd();

describe.skipIf(process.platform !== 'linux' || reason !== undefined)('a service beside others', () => {
  let machine: SystemdMachine;

  beforeAll(async () => {
    machine = await SystemdMachine.boot();
  });

  afterAll(() => machine.shutDown());

  test('lives on when another gateway is started by hand, which is refused: one owner, no loop', async () => {
    const gateway = await ServiceGateway.create(machine);
    const { pid } = await gateway.install();
    const second = await gateway.runByHand('--port', String(gateway.port));
    expect(second).toMatchObject({ code: 5, stderr: expect.stringContaining(`pid ${pid}`) as string });
    expect(await gateway.property('NRestarts')).toBe('0');
    expect((await gateway.status()).pid).toBe(pid);
  });

  test('gives way permanently, without a restart loop, when a gateway was started by hand first', async () => {
    const gateway = await ServiceGateway.create(machine);
    await gateway.install();
    await gateway.xopcOk('gateway', 'stop');
    const byHand = gateway.runByHand('--port', String(gateway.port));
    await until('the gateway', () => gateway.answers());
    await machine.systemctl('start', gateway.unit);
    await until('the service to give way', async () => (await gateway.property('ActiveState')) === 'failed');
    expect(await gateway.property('ExecMainStatus')).toBe('5');
    expect(await gateway.property('NRestarts')).toBe('0');
    const refused = await gateway.xopc('gateway', 'service-start');
    expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining('xopc gateway stop') as string });
    await gateway.xopcOk('gateway', 'stop');
    expect((await byHand).code).toBe(0);
    await gateway.xopcOk('gateway', 'service-start');
  });

  test('takes the place of a gateway that was started by hand', async () => {
    const gateway = await ServiceGateway.create(machine);
    const byHand = gateway.runByHand('--port', String(gateway.port));
    await until('the gateway', () => gateway.answers());
    await gateway.install();
    expect((await byHand).code).toBe(0);
    expect((await gateway.status()).supervisedBy).toBe('systemd');
  });

  test('does not overwrite a unit that was edited by hand: it shows the difference', async () => {
    const gateway = await ServiceGateway.create(machine);
    const { pid } = await gateway.install();
    writeFileSync(gateway.unitPath, readFileSync(gateway.unitPath, 'utf8').replace('KillMode=mixed', 'KillMode=process'));
    expect((await gateway.status()).warnings).toEqual([expect.objectContaining({ code: 'SERVICE_EDITED' })]);
    const refused = await gateway.xopc('gateway', 'install', '--port', String(gateway.port), '--host', '127.0.0.1');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('- KillMode=process\n+ KillMode=mixed') as string });
    expect((await gateway.status()).pid).toBe(pid);
    expect(await gateway.xopc('gateway', 'uninstall')).toMatchObject({ code: 1 });
    expect(await gateway.install('--force')).toMatchObject({ changed: true });
    expect(readFileSync(gateway.unitPath, 'utf8')).toContain('KillMode=mixed');
    expect(readFileSync(join(gateway.home, 'service', `${gateway.unit}.replaced`), 'utf8')).toContain('KillMode=process');
  });

  test('reports another unit that starts a gateway, and is installed beside it only with --force', async () => {
    const gateway = await ServiceGateway.create(machine);
    mkdirSync(machine.unitDirectory, { recursive: true });
    const other = join(machine.unitDirectory, 'my-gateway.service');
    onTestFinished(() => rmSync(other));
    writeFileSync(other, '[Service]\nExecStart=/usr/local/bin/xopc gateway --port 1\n');
    const refused = await gateway.xopc('gateway', 'install', '--port', String(gateway.port));
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('systemctl --user disable --now my-gateway.service') as string,
    });
    await gateway.install('--force');
    expect(JSON.parse((await gateway.xopc('gateway', 'service-status', '--json')).stdout)).toMatchObject({
      others: [{ path: expect.stringMatching(/my-gateway\.service$/) as string, scope: 'user' }],
    });
  });

  test('warns of a drain that has become longer than its stop limit, with the command that fixes it', async () => {
    const gateway = await ServiceGateway.create(machine);
    await gateway.install();
    await gateway.xopcOk('config', 'set', 'gateway.drainTimeoutMs', '60000');
    const [warning] = (await gateway.status()).warnings;
    expect(warning).toMatchObject({ code: 'SERVICE_OUTDATED', hint: `xopc gateway install --port ${gateway.port} --host 127.0.0.1` });
    await gateway.install();
    expect(readFileSync(gateway.unitPath, 'utf8')).toContain('TimeoutStopSec=70\n');
    expect((await gateway.status()).warnings).toEqual([]);
  });

  test('is repaired by doctor, which restarts nothing and keeps edited files', async () => {
    const gateway = await ServiceGateway.create(machine);
    const { instanceId } = await gateway.install();
    const healthy = JSON.parse(await gateway.xopcOk('doctor', '--json')) as DoctorDocument;
    expect(healthy.checks.filter(({ id }) => id.startsWith('service'))).toMatchObject([{ level: 'ok' }, { level: 'ok' }]);
    await gateway.xopcOk('config', 'set', 'gateway.drainTimeoutMs', '60000');
    rmSync(gateway.launcherPath);
    const { checks } = JSON.parse((await gateway.xopc('doctor', '--json')).stdout) as DoctorDocument;
    expect(checks.filter(({ id }) => id === 'service-files')).toHaveLength(2);
    const fixed = JSON.parse(await gateway.xopcOk('doctor', '--fix', '--json')) as DoctorDocument;
    expect(fixed.repaired).toEqual([
      { id: 'service-files', succeeded: true, did: expect.stringContaining('the service was not restarted') as string },
    ]);
    expect(await gateway.property('TimeoutStopUSec')).toBe('1min 10s');
    expect(await gateway.status()).toMatchObject({ instanceId, warnings: [] });
    writeFileSync(gateway.unitPath, readFileSync(gateway.unitPath, 'utf8').replace('KillMode=mixed', 'KillMode=process'));
    await gateway.xopc('doctor', '--fix');
    expect(readFileSync(gateway.unitPath, 'utf8')).toContain('KillMode=process');
    await gateway.install('--force');
    await gateway.xopcOk('gateway', 'restart', '--force');
  });

  test('ends for good with the reason when its configuration or its port cannot be used', async () => {
    const gateway = await ServiceGateway.create(machine);
    mkdirSync(gateway.home, { recursive: true });
    writeFileSync(join(gateway.home, 'config.json'), '{ "gateway": { "drainTimeoutMs": "soon" } }');
    const refused = await gateway.xopc('gateway', 'install', '--port', String(gateway.port));
    expect(refused).toMatchObject({ code: 78, stderr: expect.stringContaining('gateway.drainTimeoutMs') as string });
    expect(await gateway.property('NRestarts')).toBe('0');
    expect(await gateway.xopc('gateway', 'service-status')).toMatchObject({ code: 1 });
    writeFileSync(join(gateway.home, 'config.json'), '{}');
    await gateway.xopcOk('gateway', 'service-start');
    expect(await gateway.answers()).toBe(true);
  });

  test('goes on when it is to be replaced and what would be started could not serve', async () => {
    const gateway = await ServiceGateway.create(machine);
    const { pid } = await gateway.install();
    writeFileSync(join(gateway.home, 'config.json'), '{ "gateway": { "drainTimeoutMs": "soon" } }');
    const refused = await gateway.xopc('gateway', 'restart', '--force');
    expect(refused).toMatchObject({ code: 78, stderr: expect.stringContaining('gateway.drainTimeoutMs') as string });
    writeFileSync(join(gateway.home, 'config.json'), '{}');
    renameSync(gateway.launcherPath, `${gateway.launcherPath}.away`);
    const missing = await gateway.xopc('gateway', 'restart', '--force');
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('xopc doctor --fix') as string });
    expect(await gateway.status()).toMatchObject({ pid, ready: true });
    await gateway.xopcOk('doctor', '--fix');
    await gateway.xopcOk('gateway', 'restart', '--force');
    expect((await gateway.status()).pid).not.toBe(pid);
    // What could not be foreseen is told as soon as systemd has given up.
    writeFileSync(gateway.launcherPath, '#!/bin/sh\necho "xopc: the disk is upside down" >&2\nexit 78\n');
    const lost = await gateway.xopc('gateway', 'restart', '--force');
    expect(lost).toMatchObject({ code: 78, stderr: expect.stringContaining('the disk is upside down') as string });
    expect(await gateway.property('ActiveState')).toBe('failed');
    const doctor = await gateway.xopc('doctor');
    expect(doctor).toMatchObject({ code: 1, stdout: expect.stringContaining('systemd has given up (exit code 78)') as string });
    expect(doctor.stdout).toContain(`${gateway.launcherPath} was edited by hand`);
  });

  test('is taken over by `gateway --force` by letting its manager replace it: one owner, and it stays', async () => {
    const gateway = await ServiceGateway.create(machine);
    const { pid } = await gateway.install();
    const taken = await gateway.runByHand('--background', '--force');
    expect(taken).toMatchObject({ code: 0, stdout: expect.stringContaining('Gateway taken over') as string });
    const status = await gateway.status();
    expect(status).toMatchObject({ supervisedBy: 'systemd', ready: true });
    expect(status.pid).not.toBe(pid);
    expect(await gateway.property('MainPID')).toBe(String(status.pid));
    expect(await gateway.property('NRestarts')).toBe('1');
  });

  test('runs in a home whose path needs every kind of quoting', async () => {
    const gateway = await ServiceGateway.create(machine, { homeName: `it's 100% a "$HOME" \\ of \ttabs` });
    await gateway.install();
    expect((await gateway.status()).home).toBe(gateway.home);
    appendFileSync(join(gateway.home, 'service.env'), 'XOPC_LOG_LEVEL=debug\nnot a variable\n');
    await gateway.xopcOk('gateway', 'restart', '--force');
    expect(await gateway.answers()).toBe(true);
    expect((await gateway.status()).sources['level']).toBe('env');
  });
});
