/** Starts and restarts with invalid files: nothing that runs is ended, and a crashed gateway continues. Through the real binary. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { listenerCode, startProgram } from '../helpers/child-program.js';
import { isAlive, RealGateway, until } from '../helpers/real-gateway.js';

/** Overwrites a file of the home. */
function spoil(gateway: RealGateway, file: 'config.json' | 'models.json', text: string): void {
  writeFileSync(file === 'config.json' ? gateway.paths.configPath : gateway.paths.modelsPath, text);
}

/** Starts a gateway that has its port in its configuration file. */
async function running(): Promise<RealGateway & { readonly pid: number }> {
  const gateway = await RealGateway.create({ XOPC_PORT: '' });
  gateway.put('config.json', { gateway: { port: gateway.port, drainTimeoutMs: 100 } });
  const { pid } = await gateway.run();
  await until('the last good copies', () => existsSync(gateway.paths.lastGoodModelsPath));
  return Object.assign(gateway, { pid });
}

const INVALID = [
  ['config.json', (port: number) => `{"gateway": {"port": ${port}`],
  ['config.json', (port: number) => `{"gateway": {"port": ${port}, "prot": 1}}`],
  ['models.json', () => '{"providers": 1}'],
] as const;

describe.each(INVALID)('with an invalid %s (%#)', (file, text) => {
  test('a start ends nothing on the port', async () => {
    const stranger = await startProgram(listenerCode());
    const gateway = await RealGateway.create({ XOPC_PORT: stranger.line });
    gateway.put('config.json', {});
    spoil(gateway, file, text(gateway.port));
    const problem = { code: 78, stderr: expect.stringContaining(`${file}:1`) as string };
    for (const args of [['--force'], ['-b', '--force'], ['start', '--force']]) {
      const { code, stderr } = await gateway.xopc('gateway', ...args);
      expect({ code, stderr }).toEqual(problem);
      expect(stderr).toContain('nothing was ended');
    }
    expect(await gateway.xopc('gateway', 'start')).toMatchObject(problem);
    expect(stranger.child.exitCode ?? stranger.child.signalCode).toBeNull();
  });

  test('a gateway that hangs is not ended', { tags: ['long'] }, async () => {
    const gateway = await running();
    spoil(gateway, file, text(gateway.port));
    process.kill(gateway.pid, 'SIGSTOP');
    for (const command of ['restart --force', 'restart', 'start --force']) {
      const { code, stderr } = await gateway.xopc('gateway', ...command.split(' '));
      expect({ code, stderr }).toEqual({ code: 78, stderr: expect.stringContaining('nothing was ended') as string });
    }
    expect(isAlive(gateway.pid)).toBe(true);
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
  });

  test('a start after a crash continues with the last good version, and says so', async () => {
    const gateway = await running();
    process.kill(gateway.pid, 'SIGKILL');
    // The invalid file has another port, if that can be read.
    spoil(gateway, file, text(gateway.port + 1));
    const started = await gateway.xopc('gateway', 'start');
    expect(started).toMatchObject({ code: 0, stdout: expect.stringContaining('last good configuration') as string });
    expect(await gateway.status()).toMatchObject({
      port: gateway.port,
      sources: { drainTimeoutMs: 'file' },
      warnings: [{ code: 'CONFIG_INVALID', message: expect.stringContaining(`${file}:1`) as string }],
    });
    await until('the log', () =>
      gateway.log().some(({ msg }) => msg === 'the changed configuration is invalid; the previous one stays in effect'),
    );
    // The corrected file applies.
    rmSync(gateway.paths.modelsPath, { force: true });
    gateway.put('config.json', { gateway: { port: gateway.port, drainTimeoutMs: 200 } });
    await until('the correction', async () => (await gateway.status()).warnings.length === 0);
    spoil(gateway, file, text(gateway.port));
    expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
    expect(await gateway.xopc('gateway', 'start')).toMatchObject({ code: 78, stderr: expect.stringContaining(`${file}:1`) as string });
  });
});

test('restart --force and a start in the foreground continue after a crash, too, and again after the next', async () => {
  const gateway = await running();
  process.kill(gateway.pid, 'SIGKILL');
  spoil(gateway, 'config.json', '{');
  const restarted = await gateway.xopc('gateway', 'restart', '--force');
  expect(restarted.code, restarted.stderr).toBe(0);
  const { pid } = await gateway.status();
  process.kill(pid, 'SIGKILL');
  await gateway.run(['--force']);
  // The rest of the killed gateway may have answered first.
  await until('the gateway', async () => (await gateway.status()).ready);
  expect((await gateway.status()).warnings).toMatchObject([{ code: 'CONFIG_INVALID' }]);
});
