/** A backup never replaces the last one that has the conversations by one without them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { readArchiveManifest } from '../../../client/backup/read-archive.js';
import { replacedStatePath } from '../../../shared/node/files/restore-journal.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { type CommandOutcome, runCommand } from '../../helpers/command-line.js';
import { testPaths } from '../../helpers/lock-file.js';
import { openStore } from '../../helpers/open-store.js';
import { tempDir } from '../../helpers/temp-dir.js';

let paths: GatewayPaths;
let file: string;
let good: Buffer;
beforeEach(async () => {
  paths = testPaths();
  file = join(tempDir(), 'nightly.tar.gz');
  await runCommand(['gateway', 'token'], { home: paths.home });
  await (await openStore({ path: paths.databasePath })).close();
  expect(await nightly()).toMatchObject({ code: 0 });
  good = readFileSync(file);
});

const nightly = (target = file): Promise<CommandOutcome> => runCommand(['backup', target, '--force'], { home: paths.home });

function removeDatabase(): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(paths.databasePath + suffix, { force: true });
}

const LOSSES = {
  'leads to nothing': () => symlinkSync('/not-mounted/gateway.db', paths.databasePath),
  'its log gateway.db-wal is there': () => writeFileSync(`${paths.databasePath}-wal`, 'frames'),
  'its content was cut off': () => writeFileSync(paths.databasePath, ''),
  'it is a directory': () => mkdirSync(paths.databasePath),
};

test.each(Object.keys(LOSSES) as (keyof typeof LOSSES)[])('a database that is lost is not taken for none: %s', async (reason) => {
  removeDatabase();
  LOSSES[reason]();
  for (const target of [file, join(tempDir(), 'new.tar.gz')]) {
    expect(await nightly(target)).toMatchObject({ code: 1, stderr: expect.stringContaining(reason) as string });
    expect(existsSync(target)).toBe(target === file);
  }
  expect(readFileSync(file).equals(good)).toBe(true);
});

test('a backup with a database is not replaced by one without', async () => {
  removeDatabase();
  expect(await nightly()).toMatchObject({ code: 1, stderr: expect.stringContaining(`there is no ${paths.databasePath}`) as string });
  expect(readFileSync(file).equals(good)).toBe(true);
  const other = join(tempDir(), 'other.tar.gz');
  for (const round of ['new', 'replaced']) expect(await nightly(other), round).toMatchObject({ code: 0 });
  expect((await readArchiveManifest(other))?.entries.map(({ name }) => name)).toEqual(['token']);
});

test('a backup with a database is not replaced by one of a gateway that has moved to PostgreSQL', async () => {
  writeFileSync(paths.configPath, '{ "store": { "url": "postgres://u:secret@db.example/xopc" } }');
  const refused = await nightly();
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('would not contain the data in postgres://db.example') as string,
  });
  expect(readFileSync(file).equals(good)).toBe(true);
  const other = join(tempDir(), 'other.tar.gz');
  for (const round of ['new', 'replaced']) expect(await nightly(other), round).toMatchObject({ code: 0 });
});

test('a backup from before a damage is replaced only after the damaged copy is gone', async () => {
  const aside = `${paths.databasePath}.corrupt-20361130T031500Z`;
  renameSync(paths.databasePath, aside);
  await (await openStore({ path: paths.databasePath })).close();
  const refused = await nightly();
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(`the damaged copy is ${aside}`) as string });
  expect(refused.stderr).toContain(`xopc restore ${file}`);
  expect(readFileSync(file).equals(good)).toBe(true);
  expect(await nightly(join(tempDir(), 'other.tar.gz'))).toMatchObject({ code: 0 });
  renameSync(aside, `${paths.databasePath}.corrupt-20201130T031500Z`);
  expect(await nightly()).toMatchObject({ code: 0 });
});

test('a backup from before a damage is replaced once a restore has followed, unless that is undone', async () => {
  renameSync(paths.databasePath, `${paths.databasePath}.corrupt-20361130T031501Z`);
  await (await openStore({ path: paths.databasePath })).close();
  const earlier = replacedStatePath(paths, '20361130T031500Z-1a2b3c');
  mkdirSync(earlier, { recursive: true });
  expect(await nightly(), 'after an earlier restore').toMatchObject({ code: 1 });
  const restore = (source: string) => runCommand(['restore', source], { home: paths.home });
  const undo = () => restore(join(dirname(earlier), readdirSync(dirname(earlier)).toSorted().at(-1) ?? ''));
  expect(await restore(file)).toMatchObject({ code: 0 });
  expect(await undo()).toMatchObject({ code: 0 });
  expect(await nightly(), 'after an undo').toMatchObject({ code: 1 });
  expect(readFileSync(file).equals(good)).toBe(true);
  expect(await undo(), 'of the undo').toMatchObject({ code: 0 });
  expect(await nightly()).toMatchObject({ code: 0 });
});

test('any other file is replaced', async () => {
  for (const content of ['', 'text', good.subarray(0, 40)]) {
    writeFileSync(file, content);
    expect(await readArchiveManifest(file)).toBeUndefined();
    expect(await nightly()).toMatchObject({ code: 0 });
  }
});
