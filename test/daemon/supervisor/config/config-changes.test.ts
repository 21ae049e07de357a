import { readFileSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hashFiles, LOOK_MS } from '../../../../daemon/supervisor/config/config-watch.js';
import { changing } from '../../../helpers/changing-config.js';
import { eventually } from '../../../helpers/eventually.js';

describe('an edit', () => {
  test('is tried by the running worker, and in force when it says so', async () => {
    const { gateway, edit, answers, applied, changes, socket } = await changing();
    const { worker } = gateway;
    edit({ gateway: { host: '127.0.0.1', port: socket().port, drainTimeoutMs: 1_234 } });
    expect(worker.last('applyConfig')).toEqual({ type: 'applyConfig', hash: hashFiles(gateway.config.editedPaths) });
    expect(gateway.config.settings.drainTimeoutMs).toBe(5_000);
    const token = { token: 'short', source: 'config' };
    answers(worker, { authEnabled: true, token });
    expect(gateway.config.settings.drainTimeoutMs).toBe(1_234);
    expect(applied()).toBe(1);
    expect([changes.auth, changes.token]).toEqual([{ enabled: true, tokenHint: '****' }, token]);
    await eventually(() => expect(readFileSync(gateway.home.paths.lastGoodConfigPath, 'utf8')).toContain('1234'));
    expect(gateway.workers).toHaveLength(1);
  });

  test("that the supervisor's own keys reject is not tried, and changes nothing", async () => {
    const { gateway, edit } = await changing();
    edit({ gateway: { port: 'x' } });
    expect(gateway.worker.sentTypes).not.toContain('applyConfig');
    expect(gateway.config.warnings).toMatchObject([{ code: 'CONFIG_INVALID', message: expect.stringContaining('gateway.port') as string }]);
  });

  test('that removes the file changes nothing', async () => {
    const { gateway } = await changing();
    rmSync(gateway.home.paths.configPath);
    gateway.clock.advance(LOOK_MS + 200);
    expect(gateway.worker.sentTypes).not.toContain('applyConfig');
    expect(gateway.config.warnings).toMatchObject([{ message: expect.stringContaining('config.json was removed; put it back') as string }]);
  });

  test('that the worker rejects changes nothing and is named until it is corrected', async () => {
    const { gateway, edit, answers, applied, socket } = await changing();
    const { worker } = gateway;
    edit({ gateway: { drainTimeoutMs: 7 }, agents: 5 });
    answers(worker, { outcome: 'rejected', problems: [{ key: 'agents', message: 'must be an object' }] });
    expect(gateway.config.settings.drainTimeoutMs).toBe(5_000);
    expect(gateway.config.warnings).toMatchObject([{ message: expect.stringContaining('agents must be an object') as string }]);
    expect(applied()).toBe(0);
    edit({ gateway: { host: '127.0.0.1', port: socket().port } });
    answers(worker);
    expect(gateway.config.warnings).toEqual([]);
  });

  test('while no worker lives starts one at once', async () => {
    const { gateway, edit } = await changing();
    gateway.worker.exits({ code: 125 });
    const before = gateway.workers.length;
    edit({ gateway: { drainTimeoutMs: 8 } });
    expect(gateway.workers).toHaveLength(before + 1);
  });

  test('while a new worker boots is given to it, too, once it serves', async () => {
    const { gateway, edit, answers, replaced } = await changing();
    const first = gateway.worker;
    void gateway.restart();
    const second = gateway.worker;
    edit({ gateway: { host: '127.0.0.1', drainTimeoutMs: 9 } });
    answers(first);
    replaced(second);
    expect(second.last('applyConfig')).toMatchObject({ hash: hashFiles(gateway.config.editedPaths) });
  });

  test('is not answered by a worker that is not in charge any more', async () => {
    const { gateway, edit, answers, replaced, applied } = await changing();
    const first = gateway.worker;
    edit({ gateway: { drainTimeoutMs: 10 } });
    void gateway.restart();
    replaced(gateway.worker);
    const before = applied();
    answers(first);
    expect(applied()).toBe(before);
  });
});
