import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { BACKUP_NAMES, type BackupName } from '../../../../shared/backup.js';
import { resolvePaths, type GatewayPaths } from '../../../../shared/node/process/paths.js';
import {
  carryOutRestore,
  commitStaging,
  discardStaging,
  finishRestores,
  hasRestoreBegun,
  makeStaging,
  newRestoreId,
} from '../../../../shared/node/files/restore-journal.js';
import { withFileLock } from '../../../../shared/node/files/file-lock.js';
import { eventually } from '../../../helpers/eventually.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const ID = '20261124T192403Z-1a2b3c';
const BEGUN = JSON.stringify({ phase: 'applying', createdAt: '', names: BACKUP_NAMES });

function home(): GatewayPaths {
  const paths = resolvePaths({ home: join(tempDir(), 'home'), runtimeDir: '/tmp' });
  for (const path of [paths.lockDir, paths.stateDir, paths.credentialsDir]) mkdirSync(path, { recursive: true, mode: 0o700 });
  return paths;
}

function files(paths: GatewayPaths): Record<string, string> {
  return { 'config.json': paths.configPath, 'models.json': paths.modelsPath, token: paths.tokenPath, 'gateway.db': paths.databasePath };
}

function write(paths: GatewayPaths, text: string, names: readonly string[] = BACKUP_NAMES): void {
  for (const name of names) writeFileSync(files(paths)[name] ?? '', `${text} ${name}`);
}

function contents(paths: GatewayPaths): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(files(paths)).map(([name, path]) => [name, existsSync(path) ? readFileSync(path, 'utf8') : undefined]),
  );
}

const all = (text: string): Record<string, string> => Object.fromEntries(BACKUP_NAMES.map((name) => [name, `${text} ${name}`]));

async function stage(paths: GatewayPaths, names: readonly BackupName[] = BACKUP_NAMES, { id = ID, text = 'new' } = {}): Promise<void> {
  const directory = await makeStaging(paths, id);
  for (const name of names) writeFileSync(join(directory, name), `${text} ${name}`);
  await commitStaging(paths, id, { names, createdAt: '2026-11-24T19:24:03.000Z' });
}

test('everything is replaced, and what was there is kept, sidecars too', async () => {
  const paths = home();
  write(paths, 'old');
  writeFileSync(`${paths.databasePath}-wal`, 'old log');
  // The next start would put it in the place of what is restored.
  writeFileSync(`${paths.databasePath}.rescued`, 'old copy');
  await stage(paths);
  const kept = await carryOutRestore(paths, ID);
  expect(contents(paths)).toEqual(all('new'));
  const databases = (directory: string): string[] => readdirSync(directory).filter((name) => name.startsWith('gateway.db'));
  expect(databases(paths.stateDir)).toEqual(['gateway.db']);
  expect(databases(kept).toSorted()).toEqual(['gateway.db', 'gateway.db-wal', 'gateway.db.rescued']);
  expect(readFileSync(join(kept, 'gateway.db'), 'utf8')).toBe('old gateway.db');
});

test('what the restored state does not have is taken away; a linked configuration stays a link', async () => {
  const paths = home();
  write(paths, 'old', ['models.json', 'token', 'gateway.db']);
  const real = join(paths.home, 'real.json');
  writeFileSync(real, 'old');
  symlinkSync(real, paths.configPath);
  await stage(paths, ['config.json']);
  await carryOutRestore(paths, ID);
  expect(contents(paths)).toEqual({
    'config.json': 'new config.json',
    'models.json': undefined,
    token: undefined,
    'gateway.db': undefined,
  });
  expect(readFileSync(real, 'utf8')).toBe('new config.json');
});

test('the last good copy of a file that the restored state does not have counts as that of no file, even if the file is gone already', async () => {
  const paths = home();
  const copies = [paths.lastGoodConfigPath, paths.lastGoodModelsPath] as const;
  for (const path of copies) writeFileSync(path, 'in effect');
  write(paths, 'old', ['config.json', 'token']);
  await stage(paths, ['config.json']);
  await carryOutRestore(paths, ID);
  expect(copies.map((path) => readFileSync(path, 'utf8'))).toEqual(['in effect', '{}\n']);
});

test.each(['configLockPath', 'modelsLockPath'] as const)('while a file is changed under %s, it is not replaced', async (lock) => {
  const paths = home();
  write(paths, 'old');
  await stage(paths);
  const target = lock === 'configLockPath' ? paths.configPath : paths.modelsPath;
  const isAwaited = (): boolean => readdirSync(paths.lockDir).some((name) => name.startsWith(`.${basename(paths[lock])}.`));
  const restored = await withFileLock(paths[lock], async () => {
    const done = carryOutRestore(paths, ID);
    await Promise.race([eventually(() => expect(isAwaited()).toBe(true)), done]);
    writeFileSync(target, 'changed');
    return [done];
  });
  const [kept = ''] = await Promise.all(restored);
  expect(contents(paths)).toEqual(all('new'));
  expect(readFileSync(join(kept, basename(target)), 'utf8')).toBe('changed');
});

test('a restore that was killed is finished before the next one, not after it', async () => {
  const paths = home();
  write(paths, 'old');
  await stage(paths);
  writeFileSync(join(paths.stateDir, 'restore', ID, 'journal.json'), BEGUN);
  const later = newRestoreId(paths, Date.UTC(2026, 10, 25));
  await stage(paths, BACKUP_NAMES, { id: later, text: 'later' });
  const kept = await carryOutRestore(paths, later);
  expect(await finishRestores(paths)).toEqual([]);
  expect(contents(paths)).toEqual(all('later'));
  expect(readFileSync(join(kept, 'gateway.db'), 'utf8')).toBe('new gateway.db');
});

test('one that was staged and not begun changes nothing and can be discarded', async () => {
  const paths = home();
  write(paths, 'old');
  await stage(paths);
  expect(await finishRestores(paths)).toEqual([]);
  expect(contents(paths)).toEqual(all('old'));
  discardStaging(paths, ID);
  expect(readdirSync(join(paths.stateDir, 'restore'))).toEqual([]);
});

/** Each state that a kill can leave, made by doing the steps up to there by hand. */
const CUTS: Record<string, (paths: GatewayPaths, directory: string) => void> = {
  'nothing is replaced yet': () => undefined,
  'a text is replaced': (paths, directory) => cpSync(join(directory, 'staged', 'config.json'), paths.configPath),
  'the sidecar is moved': (paths, directory) => cutMove(`${paths.databasePath}-wal`, join(directory, 'gateway.db-wal')),
  'the old database is moved': (paths, directory) => {
    cutMove(`${paths.databasePath}-wal`, join(directory, 'gateway.db-wal'));
    cutMove(paths.databasePath, join(directory, 'gateway.db'));
  },
  'the new database is in place': (paths, directory) => {
    cutMove(`${paths.databasePath}-wal`, join(directory, 'gateway.db-wal'));
    cutMove(paths.databasePath, join(directory, 'gateway.db'));
    cutMove(join(directory, 'staged', 'gateway.db'), paths.databasePath);
  },
};

function cutMove(from: string, to: string): void {
  cpSync(from, to);
  rmSync(from);
}

test.each(Object.keys(CUTS))('one that was killed when %s is carried to its end by the next start', async (name) => {
  const paths = home();
  write(paths, 'old');
  writeFileSync(`${paths.databasePath}-wal`, 'old log');
  await stage(paths);
  const directory = join(paths.stateDir, 'restore', ID);
  for (const text of ['config.json', 'models.json', 'token']) cpSync(files(paths)[text] ?? '', join(directory, text));
  writeFileSync(join(directory, 'journal.json'), BEGUN);
  CUTS[name]?.(paths, directory);
  expect(hasRestoreBegun(paths, ID)).toBe(true);
  discardStaging(paths, ID);
  expect(await finishRestores(paths)).toEqual([ID]);
  expect(contents(paths)).toEqual(all('new'));
  const kept = join(paths.stateDir, 'replaced', ID);
  for (const each of BACKUP_NAMES) expect(readFileSync(join(kept, each), 'utf8')).toBe(`old ${each}`);
  expect(readFileSync(join(kept, 'gateway.db-wal'), 'utf8')).toBe('old log');
  expect(await finishRestores(paths)).toEqual([]);
});

test('a restore of a linked database that was killed while moving the old one is finished by the next start, and the link stays', async () => {
  const paths = home();
  const disk = join(paths.home, 'disk');
  mkdirSync(disk);
  const place = join(disk, 'gateway.db');
  symlinkSync(place, paths.databasePath);
  write(paths, 'old');
  await stage(paths);
  const directory = join(disk, 'restore', ID);
  writeFileSync(join(directory, 'journal.json'), BEGUN);
  cutMove(place, join(directory, 'gateway.db'));
  expect(await finishRestores(paths)).toEqual([ID]);
  expect(contents(paths)).toEqual(all('new'));
  expect([lstatSync(paths.databasePath).isSymbolicLink(), readFileSync(place, 'utf8')]).toEqual([true, 'new gateway.db']);
  expect(readFileSync(join(disk, 'replaced', ID, 'gateway.db'), 'utf8')).toBe('old gateway.db');
});

test('a restore without a database takes a linked one away, and its state is kept where the database was', async () => {
  const paths = home();
  const disk = join(paths.home, 'disk');
  mkdirSync(disk);
  symlinkSync(join(disk, 'gateway.db'), paths.databasePath);
  write(paths, 'old');
  await stage(paths, ['config.json']);
  expect(await carryOutRestore(paths, ID)).toBe(join(disk, 'replaced', ID));
  expect(readdirSync(join(disk, 'replaced', ID)).toSorted()).toEqual(['config.json', 'gateway.db', 'journal.json', 'models.json', 'token']);
});

test('only the newest replaced states are kept', async () => {
  const paths = home();
  write(paths, 'old');
  for (let number = 0; number < 7; number += 1)
    mkdirSync(join(paths.stateDir, 'replaced', `2025010${number}T000000Z-000000`), { recursive: true });
  await stage(paths);
  await carryOutRestore(paths, ID);
  const names = readdirSync(join(paths.stateDir, 'replaced'));
  expect(names).toHaveLength(5);
  expect(names).toContain(ID);
});

test('a restore that nobody prepared is refused', async () => {
  await expect(carryOutRestore(home(), ID)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a file in the place of the restores, or of the whole state, is told with what to do', async () => {
  const paths = home();
  writeFileSync(join(paths.stateDir, 'restore'), '');
  const refusal = { code: 'CONFIG_INVALID', message: expect.stringContaining('(ENOTDIR)'), hint: expect.stringContaining('move it away') };
  await expect(finishRestores(paths)).rejects.toMatchObject(refusal);
  rmSync(paths.stateDir, { recursive: true });
  writeFileSync(paths.stateDir, '');
  await expect(finishRestores(paths)).rejects.toMatchObject(refusal);
});

test.each(['', '{"phase":"applying","names":["tok', 'null', '{}', '{"phase":"applying"}', '{"phase":"begun","names":[]}'])(
  'a journal that is damaged (%j) is told with what to do, and nothing changes',
  async (text) => {
    const paths = home();
    write(paths, 'old');
    await stage(paths);
    const directory = join(paths.stateDir, 'restore', ID);
    writeFileSync(join(directory, 'journal.json'), text);
    const refusal = { code: 'CONFIG_INVALID', message: expect.stringContaining(ID), hint: expect.stringContaining(`mv ${directory} `) };
    await expect(finishRestores(paths)).rejects.toMatchObject(refusal);
    await expect(carryOutRestore(paths, '20261125T000000Z-000000')).rejects.toMatchObject(refusal);
    expect(contents(paths)).toEqual(all('old'));
    expect(existsSync(join(directory, 'staged'))).toBe(true);
  },
);
