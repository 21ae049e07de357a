/** Socket activation: systemd listens, and starts the gateway for the first connection. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Load } from '../../helpers/load.js';
import { until } from '../../helpers/real-gateway.js';
import { ServiceGateway } from '../../helpers/service-gateway.js';
import { SystemdMachine, whyNoSystemd } from '../../helpers/systemd-machine.js';

const reason = whyNoSystemd();

describe.skipIf(process.platform !== 'linux' || reason !== undefined)('a service with socket activation', () => {
  let machine: SystemdMachine;

  beforeAll(async () => {
    machine = await SystemdMachine.boot();
  });

  afterAll(() => machine.shutDown());

  test('has both units enabled and clean, and the gateway serves on the passed socket', async () => {
    const gateway = await ServiceGateway.create(machine);
    await gateway.install('--socket');
    expect(await gateway.property('UnitFileState')).toBe('enabled');
    expect(await machine.property('UnitFileState', gateway.socketUnit)).toBe('enabled');
    expect(await machine.property('ActiveState', gateway.socketUnit)).toBe('active');
    expect(await gateway.answers()).toBe(true);
    expect(await gateway.status()).toMatchObject({ port: gateway.port, warnings: [] });
    const units = ['service', 'socket'].map((kind) => join(machine.unitDirectory, `${gateway.name}.${kind}`));
    expect(await machine.run('systemd-analyze', ['--user', 'verify', ...units])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  test('is started by the first connection', async () => {
    const gateway = await ServiceGateway.create(machine);
    await gateway.install('--socket');
    await machine.ok('systemctl', ['--user', 'stop', gateway.unit]);
    expect(await gateway.property('ActiveState')).toBe('inactive');
    expect(await gateway.answers()).toBe(true);
    expect(await gateway.property('ActiveState')).toBe('active');
  });

  test('refuses no connection while the service is restarted by its manager, at 200 requests a second', async () => {
    const gateway = await ServiceGateway.create(machine);
    const { instanceId } = await gateway.install('--socket');
    const load = new Load({
      port: gateway.port,
      connectionsPerSecond: 200,
      keepAliveClients: 0,
      post: { path: '/api/sessions', body: '{}' },
    });
    await until('some requests', () => load.succeeded > 50);
    await machine.ok('systemctl', ['--user', 'restart', gateway.unit]);
    await gateway.untilReplaced(instanceId);
    const { succeeded } = load;
    await until('more requests', () => load.succeeded > succeeded + 50);
    // To the gateway this is a stop: a connection that it had accepted, and that has not asked yet, ends with it.
    expect(Object.keys(load.stop().failures).filter((kind) => !kind.includes('ECONNRESET'))).toEqual([]);
    expect(await machine.property('ActiveState', gateway.socketUnit)).toBe('active');
  });

  test('stays stopped after stop although clients go on connecting, until service-start', { tags: ['long'] }, async () => {
    const gateway = await ServiceGateway.create(machine);
    await gateway.install('--socket');
    const stopped = await gateway.xopc('gateway', 'stop');
    expect(stopped).toMatchObject({ code: 0, stdout: expect.stringContaining('Gateway stopped') as string });
    expect([await gateway.answers(), await gateway.answers()]).toEqual([false, false]);
    expect(await gateway.property('ActiveState')).toBe('inactive');
    expect(await machine.property('ActiveState', gateway.socketUnit)).toBe('inactive');
    await gateway.xopcOk('gateway', 'service-start');
    expect(await gateway.answers()).toBe(true);
    expect(await machine.property('ActiveState', gateway.socketUnit)).toBe('active');
  });

  test('loses its socket unit when it is installed without, and gets it back', { tags: ['long'] }, async () => {
    const gateway = await ServiceGateway.create(machine);
    const unit = join(machine.unitDirectory, gateway.socketUnit);
    await gateway.install('--socket');
    await gateway.install();
    expect(existsSync(unit)).toBe(false);
    expect(await machine.property('LoadState', gateway.socketUnit)).toBe('not-found');
    expect(await gateway.answers()).toBe(true);
    await gateway.install('--socket');
    expect(existsSync(unit)).toBe(true);
    expect(await gateway.answers()).toBe(true);
    await gateway.xopcOk('gateway', 'uninstall');
    expect(existsSync(unit)).toBe(false);
    expect(await gateway.answers()).toBe(false);
  });

  test('needs an address, not a name', async () => {
    const gateway = await ServiceGateway.create(machine);
    const refused = await gateway.xopc('gateway', 'install', '--socket', '--host', 'gateway.example');
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("'gateway.example' is a host name") as string });
  });
});
