import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { problemsAfterCrash, requireValidBeforeEnd, requireValidConfig } from '../../../client/gateway/start-config.js';
import { carryOutRestore, commitStaging, makeStaging } from '../../../shared/node/files/restore-journal.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { endOf, startProgram } from '../../helpers/child-program.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';

const VALID = '{"gateway": {"port": 1001}}';
const INVALID = '{"gateway": {"prot": 1}}';
const MODELS = '{"providers": {"mine": {"baseUrl": "http://localhost:1", "api": "openai-completions"}}}';
const USES_MODELS = '{"agents": {"defaults": {"model": "mine/m"}}}';
const RESTORE = '20261124T192403Z-1a2b3c';

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, text, { mode: 0o600 });
}

/** A home whose gateway ran with the first text; the second text is the edited one. */
function home(lastGood: string | undefined, edited: string): GatewayPaths {
  const paths = testPaths();
  write(paths.configPath, edited);
  if (lastGood === undefined) return paths;
  write(paths.lastGoodConfigPath, lastGood);
  write(paths.lastGoodModelsPath, '{}\n');
  return paths;
}

async function withLock(paths: GatewayPaths, isDead: boolean): Promise<GatewayPaths> {
  const holder = await startProgram("console.log('ready'); setInterval(() => {}, 1e6)");
  writeLock(paths, lockRecord(paths, holder.pid, { startTime: holder.startTime }));
  if (!isDead) return paths;
  holder.child.kill('SIGKILL');
  await endOf(holder);
  return paths;
}

describe('what is wrong after a crash', () => {
  test('is listed where the last good copies are used', async () => {
    expect(await problemsAfterCrash(await withLock(home(VALID, INVALID), true))).toMatchObject([{ key: 'gateway.prot', line: 1 }]);
    expect(await problemsAfterCrash(await withLock(home(VALID, '{'), true))).toHaveLength(1);
  });

  test.each([
    ['the edited files are valid', VALID, '{}', true],
    ['there are no copies', undefined, INVALID, true],
    ['the copies are invalid by now', '{"gateway": 1}', INVALID, true],
    ['the gateway runs', VALID, INVALID, false],
  ])('is nothing where %s', async (...[_what, lastGood, edited, isDead]) => {
    expect(await problemsAfterCrash(await withLock(home(lastGood, edited), isDead))).toEqual([]);
  });

  test.each([
    ['is that the file was removed', VALID, 1],
    ['is nothing where there was no file', '{}\n', 0],
  ])('%s', async (_what, lastGood, count) => {
    const paths = await withLock(home(lastGood, VALID), true);
    rmSync(paths.configPath);
    const wanted = { file: paths.configPath, message: 'was removed; put it back, or write {} for the defaults' };
    expect(await problemsAfterCrash(paths)).toMatchObject(count === 0 ? [] : [wanted]);
  });

  /** @returns the directory of the restore */
  async function stage(paths: GatewayPaths, texts: { 'config.json'?: string; 'models.json'?: string }): Promise<string> {
    const staged = await makeStaging(paths, RESTORE);
    for (const [name, text] of Object.entries(texts)) write(join(staged, name), text);
    await commitStaging(paths, RESTORE, { names: Object.keys(texts) as (keyof typeof texts)[], createdAt: '' });
    return dirname(staged);
  }

  test('is nothing where a restore removed the files', async () => {
    const paths = await withLock(home(VALID, VALID), true);
    for (const path of [paths.modelsPath, paths.lastGoodModelsPath]) write(path, MODELS);
    await stage(paths, {});
    await carryOutRestore(paths, RESTORE);
    expect(await problemsAfterCrash(paths)).toEqual([]);
    expect([existsSync(paths.configPath), existsSync(paths.modelsPath)]).toEqual([false, false]);
  });

  test('is nothing where a restore was killed between two valid states, and the restore is finished', async () => {
    const paths = await withLock(home(VALID, USES_MODELS), true);
    const directory = await stage(paths, { 'config.json': USES_MODELS, 'models.json': MODELS });
    writeFileSync(join(directory, 'journal.json'), '{"phase": "applying", "names": ["config.json", "models.json"]}');
    expect(await problemsAfterCrash(paths)).toEqual([]);
    expect([existsSync(paths.modelsPath), existsSync(directory)]).toEqual([true, false]);
  });

  test('is nothing after a stop', async () => {
    expect(await problemsAfterCrash(home(VALID, INVALID))).toEqual([]);
  });
});

test('a configuration is checked with its models, and with the environment that the gateway gets', () => {
  const paths = home(undefined, '{"store": {"url": "${DATABASE}"}, "agents": {"defaults": {"model": "mine/m"}}}');
  write(paths.modelsPath, MODELS);
  const environment = { DATABASE: 'postgres://localhost/x' };
  expect(() => requireValidBeforeEnd(paths, environment)).not.toThrow();
  expect(() => requireValidBeforeEnd(paths, {})).toThrow(/DATABASE.*; nothing was ended$/);
  expect(() => requireValidBeforeEnd(paths, 'unknown')).not.toThrow();
  write(paths.modelsPath, '{"providers": {}}');
  expect(() => requireValidBeforeEnd(paths, environment)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
  write(paths.configPath, VALID);
  expect(() => requireValidConfig(paths)).not.toThrow();
  write(paths.modelsPath, '[]');
  expect(() => requireValidConfig(paths)).toThrow('models.json');
});

test('a file that was removed under a gateway keeps that from being ended', async () => {
  const paths = home(VALID, VALID);
  rmSync(paths.configPath);
  expect(() => requireValidBeforeEnd(paths)).not.toThrow();
  await withLock(paths, false);
  expect(() => requireValidBeforeEnd(paths)).toThrow(/was removed.*; nothing was ended$/s);
});

test.each([
  { what: 'an address', config: '{"store": {"url": "${A}"}, "gateway": {"host": "${B}", "auth": {"enabled": "${C}"}}}', key: undefined },
  { what: 'a provider', config: '{"agents": {"defaults": {"model": "mine/m"}}}', key: undefined },
  { what: 'a text beside a mistake', config: '{"store": {"url": "${A}"}, "gateway": {"port": "many"}}', key: 'gateway.port' },
  { what: 'no text', config: '{"agents": {"defaults": {"model": "${A}"}}, "store": 1}', key: 'store' },
])('where the variables are unknown, a configuration with one for $what counts as valid unless it never is', ({ config, key }) => {
  const paths = home(undefined, config);
  write(paths.modelsPath, '{"providers": {"mine": {"baseUrl": "${D}", "api": "openai-completions"}}}');
  const check = (): void => requireValidConfig(paths, 'unknown');
  if (key === undefined) expect(check).not.toThrow();
  else expect(check).toThrow(` ${key} `);
});
