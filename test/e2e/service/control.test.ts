/** Control of a service that hangs, that cannot serve, or that is not there. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ServiceGateway } from '../../helpers/service-gateway.js';
import { SystemdMachine, whyNoSystemd } from '../../helpers/systemd-machine.js';

const reason = whyNoSystemd();

describe.skipIf(process.platform !== 'linux' || reason !== undefined)('a service', () => {
  let machine: SystemdMachine;

  beforeAll(async () => {
    machine = await SystemdMachine.boot();
  });

  afterAll(() => machine.shutDown());

  test('that is not installed has a status with a headline and what to do', async () => {
    const gateway = await ServiceGateway.create(machine);
    expect(await gateway.xopc('gateway', 'service-status')).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^⚪ Gateway is not installed as a service\n[\s\S]*xopc gateway install/) as string,
    });
  });

  test('completes a restart that is asked for inside its own cgroup, although the caller is killed with it', async () => {
    const gateway = await ServiceGateway.create(machine);
    const { instanceId, pid } = await gateway.install();
    const group = (await gateway.property('ControlGroup')).replace(/\/$/, '');
    const command = `echo $$ >/sys/fs/cgroup${group}/cgroup.procs && exec ${machine.packageDirectory}/bin/xopc gateway restart --force`;
    await machine.run('sh', ['-c', command], { XOPC_HOME: gateway.home });
    const status = await gateway.untilReplaced(instanceId);
    expect(status.pid).not.toBe(pid);
    expect(await gateway.property('NRestarts')).toBe('1');
    await machine.ok('sh', ['-c', command.replace(' --force', '')], { XOPC_HOME: gateway.home });
    expect((await gateway.status()).restarts.planned).toBe(1);
  });

  test('that hangs is replaced by its manager, and stays stopped after stop --force', { tags: ['long'] }, async () => {
    const gateway = await ServiceGateway.create(machine);
    const { pid } = await gateway.install();
    await machine.ok('kill', ['-STOP', String(pid)]);
    await gateway.xopcOk('gateway', 'restart', '--force');
    const status = await gateway.status();
    expect(status).toMatchObject({ supervisedBy: 'systemd', ready: true });
    expect(status.pid).not.toBe(pid);
    expect(await gateway.property('MainPID')).toBe(String(status.pid));
    await machine.ok('kill', ['-STOP', String(status.pid)]);
    await gateway.xopcOk('gateway', 'stop', '--force');
    expect(await gateway.property('ActiveState')).not.toBe('active');
    expect(await gateway.answers()).toBe(false);
    expect(await gateway.xopc('gateway', 'status')).toMatchObject({ code: 3 });
  });

  test('that hangs is ended by gateway --force and started by its manager', { tags: ['long'] }, async () => {
    const gateway = await ServiceGateway.create(machine);
    const { pid } = await gateway.install();
    // It does not change the options of a service.
    const refused = { code: 1, stderr: expect.stringContaining('xopc gateway install --port 1') as string };
    expect(await gateway.runByHand('--background', '--force', '--port', '1')).toMatchObject(refused);
    expect((await gateway.status()).pid).toBe(pid);
    await machine.ok('kill', ['-STOP', String(pid)]);
    expect(await gateway.runByHand('--background', '--force', '--port', '1')).toMatchObject(refused);
    expect(await gateway.runByHand('--background', '--force')).toMatchObject({ code: 0 });
    expect(await gateway.status()).toMatchObject({ supervisedBy: 'systemd', ready: true });
  });

  test('is watched by gateway --force until it is stopped', async () => {
    const gateway = await ServiceGateway.create(machine);
    const { instanceId } = await gateway.install();
    const watching = gateway.runByHand('--force');
    await gateway.untilReplaced(instanceId);
    await gateway.xopcOk('gateway', 'stop');
    expect(await watching).toMatchObject({ code: 0, stderr: expect.stringContaining('it is a service; Ctrl-C detaches') as string });
  });

  test('that exits each time ends service-start at once, with its last output', async () => {
    const gateway = await ServiceGateway.create(machine);
    await gateway.install();
    await gateway.xopcOk('gateway', 'stop');
    writeFileSync(gateway.launcherPath, '#!/bin/sh\necho "the disk is upside down" >&2\nexit 1\n');
    const startedAt = performance.now();
    const started = await gateway.xopc('gateway', 'service-start');
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(started).toMatchObject({ code: 1, stderr: expect.stringContaining('the disk is upside down') as string });
    expect(started.stderr).toContain('the service exits each time it is started; its last output:');
  });
});
