import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hashFiles } from '../../../../daemon/supervisor/config/config-watch.js';
import { LiveConfig } from '../../../../daemon/supervisor/config/live-config.js';
import type { SettingsFlags } from '../../../../daemon/supervisor/config/settings.js';
import { type GatewayHome, gatewayHome } from '../../../helpers/gateway-home.js';

function open(home: GatewayHome, flags: SettingsFlags = {}): LiveConfig {
  return new LiveConfig({ paths: home.paths, flags, environment: home.environment });
}

const port = (value: unknown): unknown => ({ gateway: { port: value } });
const PROBLEM = { file: 'config.json', line: 1, column: 2, key: 'gateway.port', message: 'must be a number' };

/** A gateway that has run with port 1001, and whose file now says something else. */
async function edited(content: unknown): Promise<{ home: GatewayHome; config: LiveConfig }> {
  const home = gatewayHome();
  home.writeConfig(port(1001));
  home.writeModels('{ "mode": "merge" }\n');
  const config = open(home);
  await config.keepLastGood();
  home.writeConfig(content);
  return { home, config };
}

describe('at the start', () => {
  test('no file means the defaults', () => {
    expect(open(gatewayHome()).settings).toMatchObject({ port: 18_790, sources: { port: 'default' } });
  });

  test('the file is in effect, overridden by flags', () => {
    const home = gatewayHome();
    home.writeConfig(port(1001));
    expect(open(home, { host: '127.0.0.1' }).settings).toMatchObject({ port: 1001, host: '127.0.0.1' });
  });

  test.each([
    ['a value that cannot be', (home: GatewayHome) => home.writeConfig(port(0))],
    ['a syntax error', (home: GatewayHome) => home.writeConfig('{ "gateway": ')],
    ['an empty file', (home: GatewayHome) => home.writeConfig('')],
    ['a directory in its place', (home: GatewayHome) => mkdirSync(home.paths.configPath)],
  ])('%s ends it with CONFIG_INVALID', (_what, prepare) => {
    const home = gatewayHome();
    prepare(home);
    expect(() => open(home)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
  });
});

describe('at a start after a crash', () => {
  const reopen = ({ paths, environment }: GatewayHome): LiveConfig =>
    new LiveConfig({ paths, flags: {}, environment, rejected: [PROBLEM] });

  test.each(['{', port(0), { ...(port(1002) as object), prot: 1 }])('the last good copies are in effect for %j', async (content) => {
    const { home } = await edited(content);
    const config = reopen(home);
    expect(config.settings.port).toBe(1001);
    expect(config.source()).toMatchObject({ configSource: home.paths.lastGoodConfigPath, modelsSource: home.paths.lastGoodModelsPath });
    expect(config.warnings).toMatchObject([{ code: 'CONFIG_INVALID' }]);
    home.writeConfig(port(1003));
    expect(config.accept(config.source())).toBe(true);
    expect({ port: config.settings.port, warnings: config.warnings }).toEqual({ port: 1003, warnings: [] });
  });

  test('without copies an invalid file ends it as any start', () => {
    const home = gatewayHome();
    home.writeConfig('{');
    expect(() => reopen(home)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
  });
});

describe('a worker runs with the edited file', () => {
  test('then its settings are in effect', async () => {
    const { config } = await edited(port(1002));
    expect(config.settings.port).toBe(1001);
    expect(config.accept(config.editedSource())).toBe(true);
    expect(config.settings.port).toBe(1002);
  });

  test('but not where the file has changed since the worker was started', async () => {
    const { home, config } = await edited(port(1002));
    const source = config.source();
    home.writeConfig(port(1003));
    expect(config.isOutdated(source)).toBe(true);
    expect(config.accept(source)).toBe(false);
    expect(config.settings.port).toBe(1001);
  });

  test('a change of models.json alone makes it outdated, too', async () => {
    const { home, config } = await edited(port(1002));
    const source = config.source();
    home.writeModels('{}');
    expect(config.isOutdated(source)).toBe(true);
  });

  test('invalid supervisor keys do not throw', async () => {
    const { config } = await edited(port('x'));
    expect(config.accept(config.editedSource())).toBe(false);
    expect(config.settings.port).toBe(1001);
  });
});

describe('an invalid edit', () => {
  test("is detected by the supervisor's own keys before any worker tries it", async () => {
    const { config } = await edited(port('x'));
    expect(config.check()).toMatchObject([{ key: 'gateway.port', line: 1 }]);
    expect(config.settings.port).toBe(1001);
  });

  test('is a warning with its place and key, until it is corrected', async () => {
    const { home, config } = await edited(port('x'));
    config.reject(hashFiles(config.editedPaths), [PROBLEM]);
    expect(config.warnings).toMatchObject([
      { code: 'CONFIG_INVALID', message: expect.stringContaining('config.json:1:2 gateway.port') as string },
    ]);
    home.writeConfig(port(1004));
    expect(config.accept(config.source())).toBe(true);
    expect(config.warnings).toEqual([]);
  });

  test('makes the next worker load the last good copies of both files', async () => {
    const { home, config } = await edited(port('x'));
    config.reject(hashFiles(config.editedPaths), [PROBLEM]);
    const source = config.source();
    expect(source).toMatchObject({ configSource: home.paths.lastGoodConfigPath, modelsSource: home.paths.lastGoodModelsPath });
    expect(JSON.parse(readFileSync(source.configSource, 'utf8'))).toEqual(port(1001));
    expect(readFileSync(source.modelsSource, 'utf8')).toBe('{ "mode": "merge" }\n');
    expect(config.accept(source)).toBe(false);
    expect(config.warnings).toHaveLength(1);
  });

  test('is tried once more as soon as a byte of it has changed', async () => {
    const { home, config } = await edited(port('x'));
    config.reject(hashFiles(config.editedPaths), [PROBLEM]);
    home.writeConfig(port('y'));
    expect(config.source().configSource).toBe(home.paths.configPath);
  });

  test('is tried again and again where there is no last good copy', () => {
    const home = gatewayHome();
    const config = open(home);
    config.reject(hashFiles(config.editedPaths), [PROBLEM]);
    expect(config.hasLastGood).toBe(false);
    expect(config.source().configSource).toBe(home.paths.configPath);
  });

  test('is loaded by a requested restart nevertheless', async () => {
    const { home, config } = await edited(port('x'));
    config.reject(hashFiles(config.editedPaths), [PROBLEM]);
    expect(config.editedSource().configSource).toBe(home.paths.configPath);
  });
});

describe('a removed file', () => {
  test.each([
    ['configPath', 'See its earlier versions with: xopc config versions'],
    ['modelsPath', 'Until then, the gateway uses the last valid one.'],
  ] as const)('%s is a problem until it is back, and the last good copies are used', async (name, hint) => {
    const { home, config } = await edited(port(1001));
    const text = readFileSync(home.paths[name], 'utf8');
    rmSync(home.paths[name]);
    const message = 'was removed; put it back, or write {} for the defaults';
    expect(config.check()).toEqual([{ file: home.paths[name], message, code: 'file-removed', values: {} }]);
    expect(config.source().configSource).toBe(home.paths.lastGoodConfigPath);
    config.reject(hashFiles(config.editedPaths), config.check());
    expect(config.warnings).toMatchObject([{ code: 'CONFIG_INVALID', hint }]);
    writeFileSync(home.paths[name], text);
    expect([config.check(), config.source().configSource]).toEqual([[], home.paths.configPath]);
  });

  test('is a problem after a crash, too, but not if it was never in effect, or after a restore', async () => {
    const { home } = await edited(port(1001));
    rmSync(home.paths.configPath);
    const after = new LiveConfig({ paths: home.paths, flags: {}, environment: home.environment, rejected: [PROBLEM] });
    expect([after.settings.port, after.check().length]).toEqual([1001, 1]);
    after.noteFiles();
    expect([after.check(), after.removed()]).toEqual([[], []]);
    const config = open(home);
    expect(config.removed()).toEqual([]);
    home.writeConfig(port(1002));
    rmSync(home.paths.configPath);
    expect(config.check()).toEqual([]);
    home.writeConfig(port(1003));
    config.accept(config.editedSource());
    rmSync(home.paths.configPath);
    expect(config.check()).toHaveLength(1);
  });
});

describe('the last good copies', () => {
  test('are byte for byte what was edited, for this user alone', async () => {
    const home = gatewayHome();
    const text = '\uFEFF// a comment\r\n{ "gateway": { "port": 1001 } }';
    home.writeConfig(text);
    await open(home).keepLastGood();
    expect(readFileSync(home.paths.lastGoodConfigPath, 'utf8')).toBe(text);
    expect(statSync(home.paths.lastGoodConfigPath).mode & 0o777).toBe(0o600);
  });

  test('say the defaults where there is no file', async () => {
    const home = gatewayHome();
    const config = open(home);
    await config.keepLastGood();
    expect(config.hasLastGood).toBe(true);
    expect(JSON.parse(readFileSync(home.paths.lastGoodModelsPath, 'utf8'))).toEqual({});
  });

  test('are not written again where nothing has changed', async () => {
    const { config, home } = await edited(port(1001));
    await config.keepLastGood();
    const before = statSync(home.paths.lastGoodConfigPath).ino;
    await config.keepLastGood();
    expect(statSync(home.paths.lastGoodConfigPath).ino).toBe(before);
  });

  test('belong together: an edit while the first is written does not get into the second', async () => {
    const { config, home } = await edited(port(1005));
    const kept = config.keepLastGood();
    home.writeModels('{ broken');
    await kept;
    expect(readFileSync(home.paths.lastGoodModelsPath, 'utf8')).toBe('{ "mode": "merge" }\n');
  });

  test('belong together: if one cannot be written, the other keeps its former content', async () => {
    const { config, home } = await edited(port(1001));
    const before = readFileSync(home.paths.lastGoodConfigPath, 'utf8');
    rmSync(home.paths.lastGoodModelsPath);
    symlinkSync(`${home.paths.home}/gone/models.json`, home.paths.lastGoodModelsPath);
    home.writeConfig(port(1002));
    await expect(config.keepLastGood()).rejects.toThrow('ENOENT');
    expect(readFileSync(home.paths.lastGoodConfigPath, 'utf8')).toBe(before);
  });

  test('are both written even if the version cannot be kept', async () => {
    const { config, home } = await edited(port(1001));
    rmSync(home.paths.configVersionsDir, { recursive: true, force: true });
    writeFileSync(home.paths.configVersionsDir, 'a file');
    home.writeModels('{ "mode": "replace" }');
    await expect(config.keepLastGood()).rejects.toThrow();
    expect(readFileSync(home.paths.lastGoodModelsPath, 'utf8')).toContain('replace');
  });

  test('that were damaged or deleted are made anew', async () => {
    const { config, home } = await edited(port(1001));
    writeFileSync(home.paths.lastGoodConfigPath, Buffer.from([0xff, 0xfe, 0x00]));
    rmSync(home.paths.lastGoodModelsPath);
    await config.keepLastGood();
    expect(JSON.parse(readFileSync(home.paths.lastGoodConfigPath, 'utf8'))).toEqual(port(1001));
    expect(config.hasLastGood).toBe(true);
  });
});
