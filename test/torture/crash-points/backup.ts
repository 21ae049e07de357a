/** A backup, and a restore of one. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBackup } from '../../../client/backup/create-backup.js';
import { unpackArchive } from '../../../client/backup/read-archive.js';
import { stageRestore } from '../../../client/backup/stage-restore.js';
import * as database from '../../../daemon/worker/lazy/database.js';
import { MIGRATIONS } from '../../../daemon/worker/store/migrations/index.js';
import { insertOutboxMessages } from '../../../daemon/worker/store/delivery/outbox.js';
import { openSqlite } from '../../../daemon/worker/store/sqlite/open.js';
import { carryOutRestore, discardStaging, finishRestores, withRestoreLock } from '../../../shared/node/files/restore-journal.js';
import { type GatewayPaths, resolvePaths } from '../../../shared/node/process/paths.js';
import { readOutgoing } from './database.js';
import type { End, Operation } from './operation.js';

const pathsIn = (root: string): GatewayPaths => resolvePaths({ home: join(root, 'home'), runtimeDir: root });
const archivePath = (root: string): string => join(root, 'archive.tar.gz');

/** Each part of a state carries its name. */
async function makeState(root: string, name: string): Promise<void> {
  const paths = pathsIn(root);
  for (const path of [paths.lockDir, paths.stateDir, paths.credentialsDir]) mkdirSync(path, { recursive: true, mode: 0o700 });
  writeFileSync(paths.configPath, `{ "gateway": {} } // ${name}\n`, { mode: 0o600 });
  writeFileSync(paths.modelsPath, `{ "providers": {} } // ${name}\n`, { mode: 0o600 });
  writeFileSync(paths.tokenPath, `${name}\n`, { mode: 0o600 });
  for (const suffix of ['', '-wal', '-shm']) rmSync(paths.databasePath + suffix, { force: true });
  const opened = await openSqlite(paths.databasePath, MIGRATIONS);
  const message = { id: name, channel: 'webhook', accountId: 'a', chatId: '1', content: '', bodies: [], nowMs: 1_000, expiresAtMs: 9_000 };
  await opened.transaction((tx) => insertOutboxMessages(tx, [message]));
  await opened.close();
}

/** `archived`, `current`, or what is mixed. */
function stateIn(root: string): string {
  const { configPath, modelsPath, tokenPath, databasePath } = pathsIn(root);
  const texts = [configPath, modelsPath].map((path) => (existsSync(path) ? /\/\/ (\w+)\n$/.exec(readFileSync(path, 'utf8'))?.[1] : 'none'));
  const token = existsSync(tokenPath) ? readFileSync(tokenPath, 'utf8').trim() : 'none';
  const { ids, damage } = existsSync(databasePath) ? readOutgoing(databasePath) : { ids: ['none'] };
  return [...new Set([...texts, token, damage ?? ids.join('+')])].join(', ');
}

const common = { database, nowMs: Date.now(), onProgress: () => undefined, runtime: { cleanAtSignal: () => () => undefined } };

async function backUp(root: string, target: string): Promise<void> {
  await createBackup({ ...common, paths: pathsIn(root), target, isOverwriting: false });
}

async function checkArchives(root: string, told: readonly unknown[]): Promise<string[]> {
  const directory = join(root, 'backups');
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => !name.startsWith('.')) : [];
  const problems = told.filter((name) => !names.includes(name as string)).map((name) => `${String(name)} is missing`);
  for (const name of names) {
    const unpacked = mkdtempSync(join(tmpdir(), 'xopc-test-'));
    try {
      await unpackArchive(join(directory, name), { directory: unpacked });
      if ((statSync(join(directory, name)).mode & 0o777) !== 0o600) problems.push(`${name} is open to others`);
    } catch (error) {
      problems.push((error as Error).message);
    } finally {
      rmSync(unpacked, { recursive: true });
    }
  }
  return problems;
}

async function restore(root: string, tell: (step: unknown) => void): Promise<void> {
  const paths = pathsIn(root);
  const { id } = await stageRestore({ ...common, paths, source: archivePath(root), unsettled: 'send' });
  try {
    await withRestoreLock(paths, () => carryOutRestore(paths, id));
  } catch (error) {
    discardStaging(paths, id);
    throw error;
  }
  tell('archived');
}

export const operations: readonly Operation[] = [
  {
    name: 'backup: create',
    prepare: (root) => makeState(root, 'current'),
    async run(root, tell) {
      const name = `${process.pid}-${Date.now()}.tar.gz`;
      await backUp(root, join(root, 'backups', name));
      tell(name);
    },
    async check(root, { told }) {
      const state = stateIn(root);
      return [...(await checkArchives(root, told)), ...(state === 'current' ? [] : [`the state is ${state}`])];
    },
  },
  {
    name: 'backup: restore',
    async prepare(root) {
      await makeState(root, 'archived');
      await backUp(root, archivePath(root));
      await makeState(root, 'current');
    },
    run: restore,
    // Half of it is in place after a kill; the next start finishes it.
    check(root, { how, told }: End) {
      const state = stateIn(root);
      return how === 'done' && told.length > 0 && state !== 'archived' ? [`the state is ${state}`] : [];
    },
    async later(root, tell) {
      await finishRestores(pathsIn(root));
      const state = stateIn(root);
      if (state !== 'archived' && state !== 'current') throw new Error(`a start leaves a mixed state: ${state}`);
      await restore(root, tell);
    },
  },
];
