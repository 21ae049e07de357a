/** `xopc setup` with the service as its last step, with a real systemd. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startFakeOpenAi } from '../../fakes/openai/server.js';
import { ServiceGateway } from '../../helpers/service-gateway.js';
import { SystemdMachine, whyNoSystemd } from '../../helpers/systemd-machine.js';

const reason = whyNoSystemd();

describe.skipIf(process.platform !== 'linux' || reason !== undefined)('setup', () => {
  let machine: SystemdMachine;

  beforeAll(async () => {
    machine = await SystemdMachine.boot();
  });

  afterAll(() => machine.shutDown());

  test('ends with a service that answers with the model, and a repetition changes nothing', { tags: ['long'] }, async () => {
    const models = await startFakeOpenAi({ models: ['tiny'] });
    onTestFinished(() => models.close());
    const gateway = await ServiceGateway.create(machine);
    await gateway.xopcOk('config', 'set', 'gateway.port', String(gateway.port));
    const args = ['setup', '--provider', 'local', '--base-url', models.baseUrl, '--service', '--yes'];
    const first = await gateway.xopc(...args);
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr).toContain('xopc gateway install\n');
    expect(first.stderr).toContain('the service replaces it');
    expect(await gateway.property('UnitFileState')).toBe('enabled');
    const { supervisedBy, pid } = await gateway.status();
    expect(supervisedBy).toBe('systemd');
    expect(await gateway.xopcOk('agent', 'ping')).toBe('ping\n');
    const again = await gateway.xopc(...args);
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout).toContain('already installed and running');
    expect((await gateway.status()).pid).toBe(pid);
  });

  test('with the service alone starts nothing by hand, and a host that cannot be used changes nothing', async () => {
    const gateway = await ServiceGateway.create(machine);
    await gateway.xopcOk('config', 'set', 'gateway.port', String(gateway.port));
    const refused = await gateway.xopc('gateway', 'install', '--host', 'nowhere.invalid');
    expect([refused.code, refused.stderr]).toEqual([78, expect.stringContaining('does not resolve to an address')]);
    expect((await gateway.xopc('gateway', 'service-start')).stderr).toContain('is not installed as a service');
    const { code, stderr } = await gateway.xopc('setup', '--service', '--yes');
    expect(code, stderr).toBe(0);
    expect(stderr).not.toContain('gateway start');
    expect((await gateway.status()).supervisedBy).toBe('systemd');
  });
});
