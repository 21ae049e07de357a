/** Whether a gateway keeps its data in PostgreSQL: then a backup has no database, and a restore must not change that. */
import { existsSync } from 'node:fs';
import { BACKUP_DATABASE, type BackupName } from '../../shared/backup.js';
import type { ConfigDocument } from '../../shared/config/document.js';
import { databaseUrlOf, placeOfDatabase } from '../../shared/node/config/database-url.js';
import { GatewayError } from '../../shared/errors.js';
import { loadConfigFile } from '../../shared/node/config/config-file.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';

/** Returns the location of the database from `store.url`, even if its variable is not set here; undefined for SQLite. */
export function databasePlace({ value, raw }: Pick<ConfigDocument, 'value' | 'raw'>): string | undefined {
  const url = databaseUrlOf(value) ?? databaseUrlOf(raw);
  return url === undefined ? undefined : placeOfDatabase(url);
}

/**
 * Refuses a restore that would split the data between two databases. A damaged configuration is allowed: it does not show where the
 * data is, and a restore is the way to repair it.
 * @param restored.config  undefined: the state to restore has no configuration
 * @throws CONFLICT
 */
export function assertSameDatabase(
  paths: GatewayPaths,
  restored: { readonly config: ConfigDocument | undefined; readonly names: readonly BackupName[] },
): void {
  const document = loadConfigFile({ path: paths.configPath });
  const present = databasePlace(document);
  const next = restored.config === undefined ? undefined : databasePlace(restored.config);
  const isKnown = document.problems.length === 0 && (restored.config?.problems.length ?? 0) === 0;
  const isUsed = document.exists || existsSync(paths.databasePath);
  if (next !== undefined && restored.names.includes(BACKUP_DATABASE)) {
    throw mixed(`it contains a SQLite database, but store.url names ${next}`);
  }
  if (isUsed && isKnown && present !== next) {
    const [from, to] = [present ?? paths.databasePath, next ?? 'SQLite'];
    throw mixed(`this gateway stores everything in ${from}, and after the restore it would be ${to}`);
  }
}

function mixed(reason: string): GatewayError {
  return new GatewayError('CONFLICT', {
    message: `the state cannot be restored: ${reason}`,
    hint: 'Nothing was changed. Set or remove store.url first, or restore to a home that is not used yet.',
  });
}
