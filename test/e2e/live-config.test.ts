/** A changed configuration takes effect, or is refused, without anybody's connection. Through the real binary. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startCollector } from '../fakes/collector/collector.js';
import { eventually } from '../helpers/eventually.js';
import { freePort } from '../helpers/free-port.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

function configure(gateway: RealGateway, config: object): void {
  gateway.put('config.json', config);
}

describe('an edit of config.json', () => {
  test('of live keys takes effect at once, in the same worker; a restart sends the last traces, a stop waits for no collector that hangs', async () => {
    const [gateway, collector] = [await RealGateway.start(), await startCollector()];
    const worker = gateway.workerPid();
    const key = 'the-key-of-the-collector';
    configure(gateway, { gateway: { auth: { enabled: true } }, telemetry: { traces: { url: collector.url, headers: { 'X-Key': key } } } });
    await until('authentication', async () => (await fetch(`${gateway.url}/api/models`)).status === 401);
    expect(gateway.workerPid()).toBe(worker);
    const token = readFileSync(join(gateway.xopcHome, 'credentials', 'token'), 'utf8').trim();
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const ask = () => fetch(`${gateway.url}/api/agent`, { method: 'POST', headers, body: '{"message":"hi"}' });
    expect((await fetch(`${gateway.url}/api/models`, { headers })).status).toBe(200);
    expect((await gateway.status()).auth.enabled).toBe(true);
    expect((await ask()).status).toBe(200);
    expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
    await collector.received(1);
    expect(collector.requests[0]).toMatchObject({ 'x-key': key });
    const names = ['POST /api/agent', 'invoke_agent main', 'chat guide'];
    await eventually(() => expect(collector.spans.map(({ name }) => name)).toEqual(expect.arrayContaining(names)));
    collector.reaction = 'hang';
    expect((await ask()).status).toBe(200);
    expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
    expect([collector.problems, JSON.stringify(gateway.log()).includes(key)]).toEqual([[], false]);
  });

  test('that is invalid changes nothing and is shown in status with its key; its correction clears that', async () => {
    const gateway = await RealGateway.start();
    const worker = gateway.workerPid();
    configure(gateway, { gateway: { cors: { enabled: 'yes' } } });
    const warning = await until('the warning', async () =>
      (await gateway.status()).warnings.find((entry) => entry.code === 'CONFIG_INVALID'),
    );
    expect(warning.message).toMatch(/config\.json:1:\d+ gateway\.cors\.enabled/);
    expect(gateway.workerPid()).toBe(worker);
    configure(gateway, {});
    await until('no warning', async () => (await gateway.status()).warnings.length === 0);
  });

  test('of the port moves the gateway there without a restart command', async () => {
    const gateway = await RealGateway.create({ XOPC_PORT: '' });
    configure(gateway, { gateway: { port: gateway.port } });
    const running = await gateway.run();
    const port = await freePort();
    configure(gateway, { gateway: { port } });
    await until('the new port', () =>
      fetch(`http://127.0.0.1:${port}/health`).then(
        (answer) => answer.ok,
        () => false,
      ),
    );
    await until('the old port to close', () =>
      fetch(`${gateway.url}/health`).then(
        () => false,
        () => true,
      ),
    );
    expect(gateway.lock()).toMatchObject({ pid: running.pid, port });
    expect((await gateway.status()).port).toBe(port);
  });

  test('of the port to one that is taken is refused and said; the old one serves on', async () => {
    const other = await RealGateway.start();
    const gateway = await RealGateway.create({ XOPC_PORT: '' });
    configure(gateway, { gateway: { port: gateway.port } });
    await gateway.run();
    configure(gateway, { gateway: { port: other.port } });
    await until('the warning', async () => (await gateway.status()).warnings.some((entry) => entry.code === 'ADDRESS_UNCHANGED'));
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
  });

  test('of the host alone cannot be live: status and a restart say why and what to do, and a forced one does it', async () => {
    const gateway = await RealGateway.create({ XOPC_PORT: '', XOPC_HOST: '' });
    configure(gateway, { gateway: { host: '0.0.0.0', port: gateway.port } });
    await gateway.run();
    configure(gateway, { gateway: { host: '127.0.0.1', port: gateway.port } });
    const warning = await until('the warning', async () =>
      (await gateway.status()).warnings.find((entry) => entry.code === 'ADDRESS_UNCHANGED'),
    );
    const why = `a running gateway cannot move from 0.0.0.0 to 127.0.0.1 on the same port (${gateway.port})`;
    expect(warning.message).toContain(why);
    expect(warning.hint).toMatch(/gateway stop .* gateway start$/);
    const { stderr } = await gateway.xopc('config', 'set', 'logs.level', 'warn');
    expect(stderr).toMatch(/has not applied it yet/);
    expect(stderr).toContain(why);
    expect(await gateway.xopc('gateway', 'restart')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/restarted in .*\n.*Warnings:\n.*ADDRESS_UNCHANGED .*\n.*gateway stop .* gateway start/) as string,
    });
    const document = JSON.parse((await gateway.xopc('gateway', 'restart', '--json')).stdout) as object;
    expect(document).toMatchObject({ restarted: true, warnings: [{ code: 'ADDRESS_UNCHANGED' }] });
    const forced = await gateway.xopc('gateway', 'restart', '--force');
    expect(forced).toMatchObject({ code: 0, stderr: expect.stringContaining(why) as string });
    expect(forced.stdout).not.toContain('ADDRESS_UNCHANGED');
    expect(await gateway.status()).toMatchObject({ host: '127.0.0.1', warnings: [] });
  });

  test('of the host alone is made by a forced start, with the options given', async () => {
    const gateway = await RealGateway.create({ XOPC_HOST: '' });
    const running = await gateway.run(['--host', '0.0.0.0']);
    const forced = await gateway.xopc('gateway', 'start', '--force', '--host', '127.0.0.1');
    expect(forced).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/Stopping the gateway .*from 0\.0\.0\.0 to 127\.0\.0\.1/) as string,
    });
    expect((await running.done).code).toBe(0);
    expect(await gateway.status()).toMatchObject({ host: '127.0.0.1', port: gateway.port });
  });

  test('of the host alone by a forced restart keeps token and environment, and stops nothing for an invalid file', async () => {
    const gateway = await RealGateway.create({ XOPC_PORT: '', XOPC_HOST: '' });
    configure(gateway, { gateway: { host: '0.0.0.0', port: gateway.port } });
    const running = await gateway.run(['--token', 'token-of-the-start'], { OPENAI_API_KEY: 'key-of-the-start' });
    configure(gateway, { gateway: { host: '127.0.0.1', port: gateway.port }, prot: 1 });
    expect(await gateway.xopc('gateway', 'restart', '--force')).toMatchObject({ code: 78 });
    expect(running.child.exitCode).toBeNull();
    configure(gateway, { gateway: { host: '127.0.0.1', port: gateway.port } });
    expect((await gateway.xopc('gateway', 'restart', '--force')).code).toBe(0);
    expect((await gateway.xopc('gateway', 'token', '--show')).stdout.trim()).toBe('token-of-the-start');
    expect(readFileSync(`/proc/${gateway.lock().pid}/environ`, 'utf8')).toContain('OPENAI_API_KEY=key-of-the-start');
  });
});
