import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
  ['an empty file', '', /is not JSON/],
  ['a record without a path', '{"v":1}', /names no configuration/],
  ['null', 'null', /its version undefined is not 1/],
  ['a later version', '{"v":2,"configPath":"config.json"}', /its version 2 is not 1/],
])('%s is refused with what to do, for every configuration', (_name, content, reason) => {
  const home = tempDir();
  mkdirSync(join(home, 'state'));
  writeFileSync(join(home, 'state', 'owner.json'), content);
  for (const name of [undefined, 'work.json'])
    expect(() => pathsOf(home, name)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(reason), hint: expect.stringContaining('"v":1') }),
    );
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
