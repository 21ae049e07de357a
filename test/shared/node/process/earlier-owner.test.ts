import { mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { claimPaths } from '../../../../shared/node/process/claim-paths.js';
import { type GatewayPaths, resolvePaths } from '../../../../shared/node/process/paths.js';
import { lockRecord } from '../../../helpers/lock-file.js';
import { tempDir } from '../../../helpers/temp-dir.js';

/** As versions before the owner record left it: the data of every configuration in the home. */
class EarlierHome {
  readonly home = join(tempDir(), 'xopc');

  constructor() {
    for (const name of ['state', 'logs', 'locks']) mkdirSync(join(this.home, name), { recursive: true, mode: 0o700 });
    writeFileSync(join(this.home, 'state', 'gateway.db'), 'SQLite');
  }

  paths(name: string, home = this.home): GatewayPaths {
    return resolvePaths({ home, runtimeDir: home, configPath: join(home, name) });
  }

  /** The copy that a worker's start made, if the configuration had changed. */
  copied(name: string, at: string, text = `{ /* ${name} */ }`): void {
    const path = this.paths(name).lastGoodConfigPath.replace(/^.*\/state\//, `${this.home}/state/`);
    writeFileSync(path, text);
    utimesSync(path, new Date(at), new Date(at));
  }

  started(name: string, time: string, file = 'gateway.log'): void {
    const entry = { level: 'info', time, role: 'supervisor', configPath: resolve(this.home, name), msg: 'gateway running' };
    writeFileSync(join(this.home, 'logs', file), `${JSON.stringify(entry)}\n{"msg":"gateway stopped"}\n{"msg":"gateway runn`);
  }

  locked(name: string, at: string): void {
    const paths = this.paths(name);
    writeFileSync(paths.lockPath, JSON.stringify({ ...lockRecord(paths, process.pid), dataDir: undefined }));
    utimesSync(paths.lockPath, new Date(at), new Date(at));
  }

  /** Which of these get the home's data. */
  owners(...names: string[]): string[] {
    return names.filter((name) => this.paths(name).dataDir === this.home);
  }
}

test('data without a sign of who used it belongs to the first that claims it', () => {
  const home = new EarlierHome();
  expect(home.owners('config.json', 'work.json')).toEqual(['config.json', 'work.json']);
});

test('data that one configuration used belongs to it alone', () => {
  const home = new EarlierHome();
  home.copied('work.json', '2026-01-01T00:00:00Z');
  expect(home.owners('config.json', 'work.json')).toEqual(['work.json']);
  expect(claimPaths(home.paths('config.json')).dataDir).not.toBe(home.home);
  expect(claimPaths(home.paths('work.json')).dataDir).toBe(home.home);
});

test('of several configurations the one whose copy is newest gets it', () => {
  const home = new EarlierHome();
  home.copied('config.json', '2026-03-01T00:00:00Z');
  home.copied('work.json', '2026-02-01T00:00:00Z');
  expect(home.owners('config.json', 'work.json')).toEqual(['config.json']);
});

test('a later start of one that had not changed counts more than a newer copy', () => {
  const home = new EarlierHome();
  home.copied('config.json', '2026-01-01T00:00:00Z');
  home.copied('trial.json', '2026-03-01T00:00:00Z');
  home.started('config.json', '2026-03-02T00:00:00.000Z');
  expect(home.owners('config.json', 'trial.json')).toEqual(['config.json']);
});

test('the newest generation of the log decides, also the tenth', () => {
  const home = new EarlierHome();
  home.copied('config.json', '2026-01-01T00:00:00Z');
  home.copied('trial.json', '2026-01-02T00:00:00Z');
  home.started('trial.json', '2026-03-01T00:00:00.000Z', 'gateway.log.10');
  home.started('config.json', '2026-03-02T00:00:00.000Z', 'gateway.log.9');
  expect(home.owners('config.json', 'trial.json')).toEqual(['config.json']);
});

test('the lock of a gateway that runs or was killed counts, a lock of this version does not', () => {
  const home = new EarlierHome();
  home.copied('work.json', '2026-03-01T00:00:00Z');
  home.locked('config.json', '2026-03-02T00:00:00Z');
  expect(home.owners('config.json', 'work.json')).toEqual(['config.json']);
  const other = home.paths('other.json');
  writeFileSync(other.lockPath, JSON.stringify(lockRecord(other, process.pid)));
  expect(home.owners('config.json', 'work.json', 'other.json')).toEqual(['config.json']);
});

test('a home that was moved before its upgrade keeps its data with the configuration whose text it last ran with', () => {
  const home = new EarlierHome();
  const config = '{ "gateway": { "port": 1234 } }';
  home.copied('config.json', '2026-03-01T00:00:00Z', config);
  for (const name of ['config.json', 'work.json']) writeFileSync(join(home.home, name), name === 'config.json' ? config : '{}');
  const moved = join(tempDir(), 'moved');
  renameSync(home.home, moved);
  expect(home.paths('config.json', moved).dataDir).toBe(moved);
  expect(home.paths('work.json', moved).dataDir).not.toBe(moved);
  expect(home.paths('absent.json', moved).dataDir).not.toBe(moved);
});

test('a configuration with the same text does not take the data of one that is still there', () => {
  const home = new EarlierHome();
  for (const name of ['config.json', 'copy.json']) writeFileSync(join(home.home, name), '{}');
  home.copied('config.json', '2026-03-01T00:00:00Z', '{}');
  expect(home.owners('config.json', 'copy.json')).toEqual(['config.json']);
  const elsewhere = join(tempDir(), 'bot.json');
  writeFileSync(elsewhere, '{}');
  const other = new EarlierHome();
  writeFileSync(join(other.home, 'copy.json'), '{}');
  const { hash } = resolvePaths({ home: other.home, runtimeDir: other.home, configPath: elsewhere });
  writeFileSync(join(other.home, 'state', `config.${hash}.last-good.json`), '{}');
  other.started(elsewhere, '2026-03-01T00:00:00.000Z');
  expect(other.owners('copy.json')).toEqual([]);
});
