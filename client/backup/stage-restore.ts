/** Stages a restore beside the current state: everything is unpacked, checked and on disk before anything changes. */
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BACKUP_DATABASE, BACKUP_NAMES, BACKUP_TEXTS, type BackupManifest, type BackupName } from '../../shared/backup.js';
import type { DatabaseModule, ValidAgain } from '../../shared/node/database-module.js';
import type { Problem } from '../../shared/errors.js';
import { ensurePrivateDirectory } from '../../shared/node/files/atomic-file.js';
import { parseConfigText } from '../../shared/node/config/config-text.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { readFileStart } from '../../shared/node/files/file-start.js';
import {
  commitStaging,
  discardStaging,
  listStagings,
  makeStaging,
  newRestoreId,
  RESTORED,
} from '../../shared/node/files/restore-journal.js';
import type { ClientRuntime } from '../cli/client-context.js';
import { textProblems } from './check-texts.js';
import { assertSameDatabase } from './database-place.js';
import { unpackArchive, unusable } from './read-archive.js';
import { findValidAgain } from './valid-again.js';
import { noteOwner, removeAbandoned, removeOwner } from './work-directory.js';

interface StageOptions {
  readonly runtime: Pick<ClientRuntime, 'cleanAtSignal'>;
  readonly paths: GatewayPaths;
  readonly database: Pick<DatabaseModule, 'copyDatabase' | 'findValidAgain' | 'hasDatabase' | 'prepareDatabase'>;
  /** An archive, a database, or the directory kept by an earlier restore. */
  readonly source: string;
  readonly unsettled: 'unknown' | 'send' | undefined;
  readonly nowMs: number;
  readonly onProgress: (message: string) => void;
}

export interface StagedRestore {
  readonly id: string;
  /** When the backup was made. */
  readonly createdAt: string;
  /** Its parts. */
  readonly names: readonly BackupName[];
  /** Problems of its configuration and models.json, which are restored unchanged; the gateway reports what prevents its start. */
  readonly problems: readonly Problem[];
  /** What has ended since and is valid again; null if that is unknown. */
  readonly validAgain: readonly ValidAgain[] | null;
}

/**
 * Space for the copy next to the current database, for a second copy during preparation, and for the growth caused by its
 * migration.
 */
const SPACE_FACTOR = 2.2;

/** @throws INVALID_REQUEST, CONFLICT or STORE_UNAVAILABLE with what is wrong; nothing is left behind */
export async function stageRestore(options: StageOptions): Promise<StagedRestore> {
  const { paths, nowMs, onProgress } = options;
  for (const path of [paths.lockDir, paths.credentialsDir]) ensurePrivateDirectory(path);
  // Leftovers of earlier commands may occupy the space that this one needs.
  for (const path of listStagings(paths)) removeAbandoned(path, nowMs);
  const id = newRestoreId(paths, nowMs);
  const release = options.runtime.cleanAtSignal(() => discardStaging(paths, id));
  try {
    const directory = await makeStaging(paths, id);
    noteOwner(dirname(directory));
    const { createdAt, names, from, restoredAt, textsStay } = await unpack(options, directory);
    onProgress('Checking ...');
    checkToken(options, directory);
    const config = join(directory, 'config.json');
    assertSameDatabase(paths, {
      config: existsSync(config) ? parseConfigText(readFileSync(config, 'utf8'), 'config.json') : undefined,
      names,
    });
    // No message of a state kept by a restore has been sent since, unless it is marked.
    const isUnused = from !== undefined && restoredAt === undefined;
    const { unsettled = isUnused ? 'send' : 'unknown' } = options;
    if (restoredAt !== undefined && unsettled === 'unknown') {
      onProgress(`What this state had queued may have been sent since ${restoredAt}, and is not sent now.`);
    }
    const problems = textProblems(directory);
    if (names.includes(BACKUP_DATABASE)) await prepare(options.database, { directory, unsettled });
    const validAgain = await findValidAgain({ directory, names }, options);
    const sendsQueued = unsettled === 'send' && !isUnused;
    await commitStaging(paths, id, { names, createdAt, textsStay, from, sendsQueued });
    // A gateway may complete the restore after this process has ended.
    removeOwner(dirname(directory));
    return { id, createdAt, names: textsStay === true ? [BACKUP_DATABASE] : names, problems, validAgain };
  } catch (error) {
    discardStaging(paths, id);
    throw error;
  } finally {
    release();
  }
}

async function prepare(database: StageOptions['database'], options: { directory: string; unsettled: 'unknown' | 'send' }): Promise<void> {
  const { directory, unsettled } = options;
  const raw = join(directory, `unchecked-${BACKUP_DATABASE}`);
  renameSync(join(directory, BACKUP_DATABASE), raw);
  await database.prepareDatabase(raw, { to: join(directory, BACKUP_DATABASE), unsettled });
  for (const suffix of ['-wal', '-shm', '']) rmSync(raw + suffix, { force: true });
}

interface Unpacked {
  readonly createdAt: string;
  readonly names: readonly BackupName[];
  /** The directory of a state kept by a restore. */
  readonly from?: string;
  /** Since when what that state had queued may have been sent. */
  readonly restoredAt?: string | undefined;
  /** The texts are copies of the present ones, for the checks. */
  readonly textsStay?: boolean;
}

async function unpack(options: StageOptions, directory: string): Promise<Unpacked> {
  const { source, onProgress } = options;
  const entry = statSync(source, { throwIfNoEntry: false });
  if (entry === undefined) throw unusable(source, 'the file does not exist');
  if (entry.isDirectory()) return copyReplacedState(options, directory);
  if (!entry.isFile()) throw unusable(source, 'it is not a regular file');
  if (isDatabase(source)) return copyDatabaseAlone(options, directory);
  onProgress('Unpacking ...');
  const onManifest = (manifest: BackupManifest): void => assertSpace(source, { manifest, directory });
  const { createdAt, entries } = await unpackArchive(source, { directory, onManifest });
  return { createdAt, names: entries.map(({ name }) => name) };
}

function assertSpace(source: string, { manifest, directory }: { manifest: BackupManifest; directory: string }): void {
  const needed = manifest.entries.reduce((sum, { bytes }) => sum + bytes, 0) * SPACE_FACTOR;
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize < needed) {
    throw unusable(source, `it needs ${Math.ceil(needed / 1e6)} MB beside the database, ${Math.floor((bavail * bsize) / 1e6)} MB are free`);
  }
}

/** Whether a file is a database rather than an archive, as its first bytes tell (https://www.sqlite.org/fileformat.html). */
function isDatabase(path: string): boolean {
  return readFileStart(path, 16).bytes.toString('latin1') === 'SQLite format 3\0';
}

/** A database such as one that was set aside: configuration and token stay as they are. */
async function copyDatabaseAlone({ source, paths, database, onProgress }: StageOptions, directory: string): Promise<Unpacked> {
  onProgress('Copying ...');
  const present = { 'config.json': paths.configPath, 'models.json': paths.modelsPath, token: paths.tokenPath };
  const texts = BACKUP_TEXTS.filter((name) => existsSync(present[name]));
  for (const name of texts) copyFileSync(present[name], join(directory, name));
  await database.copyDatabase(source, join(directory, BACKUP_DATABASE));
  return { createdAt: statSync(source).mtime.toISOString(), names: [...texts, BACKUP_DATABASE], textsStay: true };
}

async function copyReplacedState({ source, database, onProgress }: StageOptions, directory: string): Promise<Unpacked> {
  if (!existsSync(join(source, 'journal.json'))) throw unusable(source, 'it is a directory, but was not created by a restore');
  onProgress('Copying ...');
  const names = BACKUP_NAMES.filter((name) => existsSync(join(source, name)));
  for (const name of BACKUP_TEXTS) if (names.includes(name)) copyFileSync(join(source, name), join(directory, name));
  if (names.includes(BACKUP_DATABASE)) await database.copyDatabase(join(source, BACKUP_DATABASE), join(directory, BACKUP_DATABASE));
  const restoredAt = statSync(join(source, RESTORED), { throwIfNoEntry: false })?.mtime.toISOString();
  return { createdAt: statSync(join(source, 'journal.json')).mtime.toISOString(), names, from: source, restoredAt };
}

function checkToken({ source }: StageOptions, directory: string): void {
  const token = join(directory, 'token');
  if (existsSync(token) && !/^[\x21-\x7e]{1,4096}\s*$/.test(readFileSync(token, 'latin1'))) throw unusable(source, 'its token is invalid');
}
