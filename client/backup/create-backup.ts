/** Collects a gateway's state into an archive, whether the gateway runs or not. Does not change the state. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  BACKUP_DATABASE,
  BACKUP_FORMAT,
  BACKUP_TEXTS,
  BACKUP_VERSION,
  type BackupManifest,
  type BackupName,
  type BackupText,
  RESCUED,
} from '../../shared/backup.js';
import type { DatabaseModule } from '../../shared/node/database-module.js';
import { GatewayError, type Problem } from '../../shared/errors.js';
import { readBuildInfo } from '../../shared/node/build/bundle.js';
import { loadConfigFile } from '../../shared/node/config/config-file.js';
import { configInvalid } from '../../shared/node/config/config-text.js';
import { finalPath } from '../../shared/node/files/final-path.js';
import { removeTemp } from '../../shared/node/files/temporary-file.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import type { ClientRuntime } from '../cli/client-context.js';
import { assertReplaceable } from './assert-replaceable.js';
import { textProblems } from './check-texts.js';
import { databasePlace } from './database-place.js';
import { targetFile } from '../output/target-file.js';
import { noteOwner, removeAbandoned } from './work-directory.js';
import { measure, writeArchive } from './write-archive.js';

const WORK_PREFIX = '.xopc-backup-';
/** The archive while it is incomplete. */
const ARCHIVE = 'archive';

interface BackupOptions {
  readonly runtime: Pick<ClientRuntime, 'cleanAtSignal'>;
  readonly paths: GatewayPaths;
  readonly database: Pick<DatabaseModule, 'copyDatabase' | 'findDamaged' | 'hasDatabase'>;
  readonly target: string;
  readonly isOverwriting: boolean;
  readonly nowMs: number;
  readonly onProgress: (message: string) => void;
}

interface BackupResult {
  readonly bytes: number;
  readonly manifest: BackupManifest;
  /** Where the database is that the backup does not contain; undefined for SQLite. */
  readonly databasePlace: string | undefined;
  /** Problems of the configuration and models.json, which are backed up unchanged. */
  readonly problems: readonly Problem[];
}

/**
 * @throws CONFIG_INVALID if the configuration is damaged, NOT_FOUND if there is nothing to back up, CONFLICT or USAGE
 *   as {@link targetFile} and {@link assertReplaceable}, STORE_UNAVAILABLE for a database that has lost its content or cannot be copied
 */
export async function createBackup(options: BackupOptions): Promise<BackupResult> {
  const { paths, isOverwriting, nowMs } = options;
  const config = loadConfigFile({ path: paths.configPath });
  // A damaged configuration does not show where the data is.
  if (config.problems.length > 0) throw configInvalid(config.file, config.problems);
  // Throws for a file that cannot be read, such as a dangling link, which would otherwise be left out silently.
  loadConfigFile({ path: paths.modelsPath });
  const place = databasePlace(config);
  const target = targetFile(options.target, { isOverwriting });
  mkdirSync(dirname(target), { recursive: true });
  for (const name of readdirSync(dirname(target))) if (name.startsWith(WORK_PREFIX)) removeAbandoned(join(dirname(target), name), nowMs);
  // The copy is made beside the archive, because that disk was chosen for its space. Only its owner can enter the directory.
  const work = mkdtempSync(join(dirname(target), WORK_PREFIX));
  const release = options.runtime.cleanAtSignal(() => removeTemp(work));
  try {
    noteOwner(work);
    const { names, schemaVersion } = await collect({ ...options, target }, { work, place });
    options.onProgress('Compressing ...');
    const sources = names.map((name) => ({ name, path: join(work, name) }));
    const manifest: BackupManifest = {
      format: BACKUP_FORMAT,
      version: BACKUP_VERSION,
      createdAt: new Date(nowMs).toISOString(),
      gatewayVersion: readBuildInfo()?.version ?? 'unknown',
      schemaVersion,
      entries: await Promise.all(sources.map(measure)),
    };
    const bytes = await writeArchive(target, { manifest, sources, isOverwriting, temporary: join(work, ARCHIVE) });
    return { manifest, bytes, databasePlace: place, problems: textProblems(work) };
  } finally {
    removeTemp(work);
    release();
  }
}

/** The path of each small file of the state. */
function textPaths(paths: GatewayPaths): Record<BackupText, string> {
  return { 'config.json': paths.configPath, 'models.json': paths.modelsPath, token: paths.tokenPath };
}

async function collect(
  { paths, database, target, onProgress }: BackupOptions,
  { work, place }: { work: string; place: string | undefined },
): Promise<{ names: BackupName[]; schemaVersion: number | null }> {
  const from = textPaths(paths);
  const names: BackupName[] = BACKUP_TEXTS.filter((name) => existsSync(from[name]));
  for (const name of BACKUP_TEXTS) if (names.includes(name)) copyFileSync(from[name], join(work, name));
  const rescued = finalPath(paths.databasePath) + RESCUED;
  const source = existsSync(rescued) ? rescued : paths.databasePath;
  const isThere = place === undefined && database.hasDatabase(source);
  if (!isThere && names.length === 0) {
    throw new GatewayError('NOT_FOUND', {
      message: `there is nothing to back up in ${paths.home}`,
      hint: 'To back up another home, set XOPC_HOME or --config.',
    });
  }
  const missing = place === undefined ? `there is no ${paths.databasePath}` : `the new one would not contain the data in ${place}`;
  await assertReplaceable(target, { paths, missing: isThere ? undefined : missing, findDamaged: database.findDamaged });
  if (!isThere) return { names, schemaVersion: null };
  onProgress('Copying the database ...');
  const schemaVersion = await database.copyDatabase(source, join(work, BACKUP_DATABASE));
  return { names: [...names, BACKUP_DATABASE], schemaVersion };
}
