/** The directories in which a backup and a restore copy the database: nobody else's is touched, and nothing is left of a command that was ended. */
import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { createBackup } from '../../../client/backup/create-backup.js';
import { stageRestore } from '../../../client/backup/stage-restore.js';
import * as database from '../../../daemon/worker/lazy/database.js';
import { readIdentity } from '../../../shared/node/process/process-identity.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { testPaths } from '../../helpers/lock-file.js';
import { openStore } from '../../helpers/open-store.js';
import { tempDir } from '../../helpers/temp-dir.js';

const NOW_MS = Date.UTC(2026, 10, 24, 19, 24, 3);
const HOUR_MS = 3_600_000;
const OWNERS: Readonly<Record<string, unknown>> = {
  living: readIdentity(),
  // A later process has its pid.
  dead: { ...readIdentity(), startTime: '1' },
  foreign: { ...readIdentity(), machineId: 'another', bootId: 'another' },
  unknown: undefined,
};
const STAYING = ['living 23', 'living 25', 'foreign 23', 'unknown 23'];
const OTHERS = Object.keys(OWNERS).flatMap((owner) => [23, 25].map((hours) => ({ owner, hours })));

const { copyDatabase } = database;

let paths: GatewayPaths;
let archives: string;
beforeEach(async () => {
  paths = testPaths();
  archives = tempDir();
  for (const path of [paths.lockDir, paths.stateDir, paths.credentialsDir]) mkdirSync(path, { recursive: true });
  await (await openStore({ path: paths.databasePath })).close();
});

/** What Ctrl-C would run now. */
let clean: (() => void) | undefined;
const common = {
  nowMs: NOW_MS,
  onProgress: () => undefined,
  runtime: {
    cleanAtSignal(given: () => void) {
      clean = given;
      return () => (clean = undefined);
    },
  },
};

interface Work {
  /** Of the directories of all commands. */
  readonly root: () => string;
  /** Names directories that end in `number`. */
  readonly nameOf: (number: number) => string;
  readonly run: (copy: typeof copyDatabase) => Promise<unknown>;
}

const backup: Work = {
  root: () => archives,
  nameOf: (number) => `.xopc-backup-${number}`,
  run: (copy) =>
    createBackup({
      ...common,
      paths,
      database: { ...database, copyDatabase: copy },
      target: join(archives, 'one.tar.gz'),
      isOverwriting: true,
    }),
};
const restore: Work = {
  root: () => join(paths.stateDir, 'restore'),
  nameOf: (number) => `20261124T192403Z-00000${number}`,
  run: (copy) =>
    stageRestore({ ...common, paths, database: { ...database, copyDatabase: copy }, source: paths.databasePath, unsettled: undefined }),
};
const WORKS = { backup, restore };

const namesIn = ({ root, nameOf }: Work): string[] => readdirSync(root()).filter((name) => name.startsWith(nameOf(0).slice(0, 8)));

test.each(['backup', 'restore'] as const)('before a %s, what killed commands have left is removed, and nothing else', async (name) => {
  const work = WORKS[name];
  for (const [number, { owner, hours }] of OTHERS.entries()) {
    const directory = join(work.root(), work.nameOf(number));
    mkdirSync(directory, { recursive: true });
    if (OWNERS[owner] !== undefined) writeFileSync(join(directory, 'owner.json'), JSON.stringify(OWNERS[owner]));
    utimesSync(directory, (NOW_MS - hours * HOUR_MS) / 1_000, (NOW_MS - hours * HOUR_MS) / 1_000);
  }
  let seen: string[] = [];
  await work.run((from, to) => {
    seen = namesIn(work);
    return copyDatabase(from, to);
  });
  const staying = OTHERS.flatMap(({ owner, hours }, number) => (seen.includes(work.nameOf(number)) ? [`${owner} ${hours}`] : []));
  expect(staying).toEqual(STAYING);
  expect(seen).toHaveLength(STAYING.length + 1);
});

test.each(['backup', 'restore'] as const)('a signal that ends a %s while it copies leaves nothing of it', async (name) => {
  const work = WORKS[name];
  let isCleaned = false;
  const ending = work.run(async (from, to) => {
    await copyDatabase(from, to);
    expect(namesIn(work)).toHaveLength(1);
    clean?.();
    isCleaned = namesIn(work).length === 0;
    throw new Error('ended');
  });
  await expect(ending).rejects.toThrow('ended');
  expect([isCleaned, clean]).toEqual([true, undefined]);
});

test('the directory of another backup may go at any time', async () => {
  // What a listing names, and is gone when it is looked at.
  symlinkSync(join(archives, 'gone'), join(archives, '.xopc-backup-gone'));
  await backup.run(copyDatabase);
  expect(existsSync(join(archives, 'one.tar.gz'))).toBe(true);
});

test('a restore that a gateway may have been asked for stays after its command has ended', async () => {
  const { id } = (await restore.run(copyDatabase)) as { id: string };
  expect(readdirSync(join(restore.root(), id)).toSorted()).toEqual(['journal.json', 'staged']);
  await restore.run(copyDatabase);
  expect(namesIn(restore)).toContain(id);
});

test('a restore that has begun is left to the next start, however old it is', async () => {
  const begun = join(restore.root(), restore.nameOf(1));
  mkdirSync(begun, { recursive: true });
  writeFileSync(join(begun, 'journal.json'), '{ "phase": "applying", "names": [] }');
  writeFileSync(join(begun, 'owner.json'), JSON.stringify(OWNERS['dead']));
  utimesSync(begun, 1, 1);
  await restore.run(copyDatabase);
  expect(namesIn(restore)).toHaveLength(2);
});
