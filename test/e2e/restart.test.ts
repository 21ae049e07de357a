/** Restarts under load, and restarts that cannot work. Through the real binary. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { Installation } from '../helpers/installation.js';
import { Load } from '../helpers/load.js';
import { RealGateway } from '../helpers/real-gateway.js';

function loadOn(gateway: RealGateway): Load {
  return new Load({ port: gateway.port, connectionsPerSecond: 400, keepAliveClients: 10 });
}

describe('a restart', () => {
  test('refuses and resets nothing under load, and ends on another instance each time', async () => {
    const gateway = await RealGateway.start();
    const load = loadOn(gateway);
    const instances = new Set<string>();
    for (let round = 0; round < 5; round += 1) {
      const restarted = await gateway.xopc('gateway', 'restart', '--json');
      expect(restarted.code, restarted.stderr).toBe(0);
      instances.add((JSON.parse(restarted.stdout) as { instanceId: string }).instanceId);
    }
    const { failures, succeeded } = load.stop();
    expect(failures).toEqual({});
    expect(succeeded).toBeGreaterThan(500);
    expect(instances.size).toBe(5);
    expect((await gateway.status()).restarts).toMatchObject({ planned: 5, crashes: 0 });
  });

  test('lets requests that run finish', async () => {
    const provider = await startFakeOpenAi();
    onTestFinished(() => provider.close());
    provider.replyAlways({ type: 'text', parts: ['slow ', 'but ', 'whole'], delayMs: 800 });
    const gateway = await RealGateway.start({ env: { OPENAI_BASE_URL: provider.baseUrl, OPENAI_API_KEY: 'sk-test-0123456789' } });
    const slow = fetch(`${gateway.url}/api/agent`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ message: 'take your time', model: 'openai/fake-model' }),
    });
    await provider.received(1);
    expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
    expect(await (await slow).json()).toMatchObject({ status: 'ok', reply: 'slow but whole' });
  });

  test('asked for by several at once happens once, and everybody learns the instance', async () => {
    const gateway = await RealGateway.start();
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => gateway.xopc('gateway', 'restart', '--json')));
    const ids = new Set(outcomes.map((outcome) => (JSON.parse(outcome.stdout) as { instanceId: string }).instanceId));
    expect(outcomes.map((outcome) => outcome.code)).toEqual([0, 0, 0, 0]);
    expect(ids.size).toBeLessThanOrEqual(2); // one that came late may have found the first one done
  });
});

describe('a restart that cannot work', () => {
  test('with a broken configuration names file, line, key and reason, exits 78, and the old worker serves on', async () => {
    const gateway = await RealGateway.start();
    const before = gateway.workerPid();
    writeFileSync(join(gateway.xopcHome, 'config.json'), '{\n  "gateway": { "drainTimeoutMs": "soon" }\n}\n');
    const outcome = await gateway.xopc('gateway', 'restart');
    expect(outcome.code).toBe(78);
    expect(outcome.stderr).toMatch(/config\.json:2:\d+ gateway\.drainTimeoutMs/);
    expect(gateway.workerPid()).toBe(before);
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
    const status = await gateway.status();
    expect(status.warnings.map((warning) => warning.code)).toContain('CONFIG_INVALID');
  });

  test('with a model whose provider is missing names the line', async () => {
    const gateway = await RealGateway.start();
    const before = gateway.workerPid();
    writeFileSync(join(gateway.xopcHome, 'config.json'), '{ "agents": { "defaults": { "model": "nowhere/llama" } } }\n');
    const outcome = await gateway.xopc('gateway', 'restart');
    expect(outcome.code).toBe(78);
    expect(outcome.stderr).toMatch(/config\.json:1:\d+ agents\.defaults\.model .*nowhere/);
    expect(gateway.workerPid()).toBe(before);
  });

  test('with a broken build of the worker fails with the reason, and the old worker serves on', async () => {
    const installation = new Installation();
    const gateway = await RealGateway.start({ command: installation.command });
    const before = gateway.workerPid();
    const repair = installation.replace('worker', 'this is not JavaScript');
    const outcome = await gateway.xopc('gateway', 'restart');
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/worker.*cannot be loaded/);
    expect(gateway.workerPid()).toBe(before);
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
    repair();
    expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
  });
});

describe('a crash after a broken edit', () => {
  test('is survived with the last good configuration', async () => {
    const gateway = await RealGateway.start();
    const before = gateway.workerPid();
    writeFileSync(join(gateway.xopcHome, 'config.json'), '{ broken');
    process.kill(before, 'SIGKILL');
    await gateway.untilReplaced(before);
    expect((await gateway.status()).warnings.map((warning) => warning.code)).toContain('CONFIG_INVALID');
  });
});
