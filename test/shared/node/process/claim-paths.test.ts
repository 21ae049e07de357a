import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { claimPaths } from '../../../../shared/node/process/claim-paths.js';
import { type GatewayPaths, resolvePaths } from '../../../../shared/node/process/paths.js';
import { buildFixture, startFixture } from '../../../helpers/fixture-process.js';
import { tempDir } from '../../../helpers/temp-dir.js';

function pathsOf(home: string, name?: string): GatewayPaths {
  return resolvePaths({ home, runtimeDir: home, configPath: name === undefined ? undefined : join(home, name) });
}

test('an unused home belongs to the first configuration that claims it, every other one gets a directory of its own', () => {
  const home = join(tempDir(), 'xopc');
  const first = claimPaths(pathsOf(home, 'work.json'));
  expect(first.dataDir).toBe(home);
  expect(readFileSync(first.ownerPath, 'utf8')).toBe('{"v":1,"configPath":"work.json"}\n');
  expect(statSync(first.stateDir).mode & 0o777).toBe(0o700);
  const second = claimPaths(pathsOf(home));
  expect(second.dataDir).toBe(join(home, 'gateways', second.hash));
  expect(second).toMatchObject({ databasePath: join(second.dataDir, 'state', 'gateway.db'), lockDir: first.lockDir, runDir: first.runDir });
  expect([pathsOf(home, 'work.json').dataDir, pathsOf(home).dataDir]).toEqual([home, second.dataDir]);
  expect(readdirSync(home).toSorted()).toEqual(['gateways', 'state']);
});

test('to resolve paths claims and creates nothing', () => {
  const home = join(tempDir(), 'xopc');
  expect(pathsOf(home, 'work.json').dataDir).toBe(home);
  expect(pathsOf(home).dataDir).toBe(home);
  expect(readdirSync(join(home, '..'))).toEqual([]);
});

test('of eight configurations that claim an unused home at once exactly one gets it', async () => {
  const home = join(tempDir(), 'xopc');
  const script = buildFixture('data-claimer');
  const directories = await Promise.all(
    Array.from({ length: 8 }, async (_, number) => {
      const child = startFixture(script, [home, join(home, `${number}.json`)]);
      let text = '';
      child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
      child.once('message', () => child.send('go'));
      expect(await once(child, 'close')).toEqual([0, null]);
      return text;
    }),
  );
  expect(new Set(directories).size).toBe(8);
  expect(directories.filter((directory) => directory === home)).toHaveLength(1);
  directories.forEach((directory, number) => expect(pathsOf(home, `${number}.json`).dataDir).toBe(directory));
  expect(readdirSync(join(home, 'state'))).toEqual(['owner.json']);
});

test('what a claim that was killed has left does not count', () => {
  const home = tempDir();
  mkdirSync(join(home, 'state'));
  writeFileSync(join(home, 'state', '.owner.json.4242.0123456789ab.tmp'), '{"v":1,"conf');
  expect(claimPaths(pathsOf(home)).dataDir).toBe(home);
});

test('a home that was moved keeps the data of the configurations in it', () => {
  const root = tempDir();
  const before = join(root, 'before');
  claimPaths(pathsOf(before));
  const { dataDir } = claimPaths(pathsOf(before, 'work.json'));
  const after = join(root, 'after');
  renameSync(before, after);
  expect(pathsOf(after).dataDir).toBe(after);
  expect(pathsOf(after, 'work.json').dataDir).toBe(dataDir.replace(before, after));
});

test('a configuration elsewhere is named by its path, however its directory is spelled', () => {
  const root = tempDir();
  const home = join(root, 'xopc');
  mkdirSync(join(root, 'etc'));
  symlinkSync(join(root, 'etc'), join(root, 'link'));
  const { ownerPath } = claimPaths(resolvePaths({ home, runtimeDir: home, configPath: join(root, 'link', 'bot.json') }));
  expect(JSON.parse(readFileSync(ownerPath, 'utf8'))).toEqual({ v: 1, configPath: join(root, 'etc', 'bot.json') });
  expect(resolvePaths({ home, runtimeDir: home, configPath: join(root, 'etc', 'bot.json') }).dataDir).toBe(home);
});

test('a home under a symlink has the same names before and after it is created', () => {
  const root = tempDir();
  mkdirSync(join(root, 'real'));
  symlinkSync(join(root, 'real'), join(root, 'link'));
  const before = pathsOf(join(root, 'link', 'new', 'xopc'));
  claimPaths(before);
  expect(pathsOf(join(root, 'link', 'new', 'xopc'))).toEqual(before);
});

test.each([
  ['half a record', '{"v":1,"confi', /is not JSON/],
  ['an empty file', '', /is empty/],
  ['a record without a path', '{"v":1}', /names no configuration/],
  ['null', 'null', /names no configuration/],
  ['a record without a version', '{"configPath":"config.json"}', /its version undefined is not 1/],
])('%s is refused for every configuration if no file shows who used the data', (_name, content, reason) => {
  const home = damagedHome(content, []);
  for (const name of ['config.json', 'work.json'])
    expect(() => pathsOf(home, name)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(reason),
        hint: expect.stringContaining(`{"v":1,"configPath":"${name}"}   If it was never used`),
      }),
    );
});

test('a record of a later version asks for an update, whatever is beside it', () => {
  const home = damagedHome('{"v":2,"configPath":"config.json"}', ['config.json']);
  expect(() => pathsOf(home)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', hint: expect.stringContaining('Update xopc') }));
});

/** A home whose record is damaged, with the traces of these configurations, the last one newest. */
function damagedHome(content: string, names: readonly string[]): string {
  const home = tempDir();
  mkdirSync(join(home, 'state'), { mode: 0o700 });
  leaveTraces(home, names);
  writeFileSync(join(home, 'state', 'owner.json'), content);
  return home;
}

function leaveTraces(home: string, names: readonly string[], { dataDir = home, text = 'text' } = {}): void {
  for (const [number, name] of names.entries()) {
    const { hash } = resolvePaths({ home, runtimeDir: home, configPath: resolve(home, name), dataDir });
    const file = number % 2 === 0 ? `config.${hash}.last-good.json` : `life.${hash}.jsonl`;
    writeFileSync(join(dataDir, 'state', file), text);
    utimesSync(join(dataDir, 'state', file), 1_000 + number, 1_000 + number);
  }
}

test.each(['', '{"v":1,"confi', '{"v":1}'])(
  'a record damaged to %j is written again for the configuration that used the data',
  (content) => {
    const home = damagedHome(content, ['work.json']);
    writeFileSync(join(home, 'work.json'), '{}');
    expect([pathsOf(home, 'work.json').dataDir, pathsOf(home).dataDir]).toEqual([home, join(home, 'gateways', pathsOf(home).hash)]);
    expect(claimPaths(pathsOf(home)).dataDir).not.toBe(home);
    expect(readFileSync(join(home, 'state', 'owner.json'), 'utf8')).toBe(content);
    expect(claimPaths(pathsOf(home, 'work.json')).dataDir).toBe(home);
    expect(readFileSync(join(home, 'state', 'owner.json'), 'utf8')).toBe('{"v":1,"configPath":"work.json"}\n');
    expect(readFileSync(join(home, 'state', 'owner.json.bad'), 'utf8')).toBe(content);
  },
);

test('a damaged record with traces of two configurations is refused, except for one with its own directory', () => {
  const home = damagedHome('', ['config.json', 'work.json']);
  writeFileSync(join(home, 'work.json'), '{}');
  for (const name of ['config.json', 'work.json'])
    expect(() => pathsOf(home, name)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/used by work\.json until 1970-01-01T00:16Z, config\.json until 1970-01-01T00:16Z/),
        hint: expect.stringContaining('{"v":1,"configPath":"work.json"}'),
      }),
    );
  const { dataDir, hash } = resolvePaths({ home, runtimeDir: home, configPath: join(home, 'own.json'), dataDir: home });
  const own = join(dataDir, 'gateways', hash);
  mkdirSync(own, { recursive: true });
  expect(pathsOf(home, 'own.json').dataDir).toBe(own);
});

test('a damaged record in a moved home is judged by the text last used, and refused if two configurations have it', () => {
  const before = damagedHome('', ['config.json']);
  const after = join(tempDir(), 'after');
  renameSync(before, after);
  writeFileSync(join(after, 'config.json'), 'text');
  expect(claimPaths(pathsOf(after)).dataDir).toBe(after);
  writeFileSync(join(after, 'state', 'owner.json'), '');
  writeFileSync(join(after, 'copy.json'), 'text');
  for (const name of ['config.json', 'copy.json']) expect(() => pathsOf(after, name)).toThrow(/no longer there/);
  leaveTraces(after, ['other.json', 'config.json']);
  expect(pathsOf(after).dataDir).toBe(after);
});

test('in a moved home, a damaged record of another directory is judged too, and never ignored', () => {
  const before = join(tempDir(), 'before');
  claimPaths(pathsOf(before));
  const { dataDir } = claimPaths(pathsOf(before, 'work.json'));
  leaveTraces(before, ['work.json'], { dataDir, text: 'work' });
  writeFileSync(join(dataDir, 'state', 'owner.json'), '');
  const after = join(tempDir(), 'after');
  renameSync(before, after);
  expect(pathsOf(after).dataDir).toBe(after);
  expect(claimPaths(pathsOf(after)).dataDir).toBe(after);
  expect(() => pathsOf(after, 'work.json')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  writeFileSync(join(after, 'work.json'), 'work');
  expect(claimPaths(pathsOf(after, 'work.json')).dataDir).toBe(dataDir.replace(before, after));
});

/** A configuration outside its home, started once, whose data in `gateways` has an emptied record. */
function damagedElsewhere({ name = 'b.json', logs = true } = {}): {
  home: string;
  path: string;
  dataDir: string;
  ask: (path: string) => GatewayPaths;
} {
  const home = join(tempDir(), 'xopc');
  const path = join(tempDir(), name);
  const ask = (configPath: string): GatewayPaths => resolvePaths({ home, runtimeDir: home, configPath });
  claimPaths(ask(join(home, 'first.json')));
  writeFileSync(path, 'text');
  const { dataDir, ownerPath } = claimPaths(ask(path));
  leaveTraces(home, [path], { dataDir });
  leaveStart(dataDir, path, logs ? 'gateway running' : 'gateway stopped');
  writeFileSync(ownerPath, '');
  return { home, path, dataDir, ask };
}

function leaveStart(dataDir: string, configPath: string, msg = 'gateway running'): void {
  mkdirSync(join(dataDir, 'logs'), { recursive: true });
  writeFileSync(join(dataDir, 'logs', 'gateway.log'), `${JSON.stringify({ time: new Date(500).toISOString(), configPath, msg })}\n`);
}

test.each(['b.json', 'config.json'])('data of %s outside the home is not taken by another, whatever its text, and stops none', (name) => {
  const { home, path, dataDir, ask } = damagedElsewhere({ name });
  for (const [other, text] of Object.entries({ 'd.json': 'text', 'config.json': 'text', 'c.json': 'other' })) {
    writeFileSync(join(home, other), text);
    expect(claimPaths(ask(join(home, other))).dataDir).toBe(join(home, 'gateways', ask(join(home, other)).hash));
  }
  expect(claimPaths(ask(path)).dataDir).toBe(dataDir);
});

test('a configuration outside the home is not taken for one that was moved with it', () => {
  const { path, ask } = damagedElsewhere({ logs: false });
  writeFileSync(`${path}.copy`, 'text');
  expect(() => ask(`${path}.copy`)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

test('in a copy of a home beside its original a damaged record is refused, and the data not taken for that of another', () => {
  const home = damagedHome('', ['config.json']);
  leaveStart(home, join(home, 'config.json'));
  writeFileSync(join(home, 'config.json'), 'text');
  const copy = join(tempDir(), 'copy');
  cpSync(home, copy, { recursive: true });
  expect(() => pathsOf(copy)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', hint: expect.stringContaining('"config.json"') }));
  expect(pathsOf(copy, 'work.json').dataDir).not.toBe(copy);
});

test('a directory in the place of the record is refused', () => {
  const home = tempDir();
  mkdirSync(join(home, 'state', 'owner.json'), { recursive: true });
  expect(() => pathsOf(home)).toThrow(/reading it failed \(EISDIR\)/);
});

test("a data directory that was copied from another configuration's is refused", () => {
  const home = tempDir();
  claimPaths(pathsOf(home));
  const { ownerPath } = claimPaths(pathsOf(home, 'work.json'));
  writeFileSync(ownerPath, '{"v":1,"configPath":"other.json"}');
  expect(() => claimPaths(pathsOf(home, 'work.json'))).toThrow(/names another configuration: other.json/);
});
