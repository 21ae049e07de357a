/** Keeps `backup --force` from replacing the last backup with conversations by one without them. */
import { BACKUP_DATABASE } from '../../shared/backup.js';
import type { DatabaseModule } from '../../shared/node/database-module.js';
import { GatewayError } from '../../shared/errors.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { readArchiveManifest } from './read-archive.js';
import { restoreCommand } from './restore-command.js';

interface Next {
  readonly paths: GatewayPaths;
  /** Undefined where the new backup has no database. */
  readonly findDamaged: DatabaseModule['findDamaged'] | undefined;
}

/** @throws CONFLICT where `target` is a backup with a database, and the new one would have none, or one created since because of damage */
export async function assertReplaceable(target: string, { paths, findDamaged }: Next): Promise<void> {
  const old = await readArchiveManifest(target);
  if (old?.entries.some(({ name }) => name === BACKUP_DATABASE) !== true) return;
  const kept = { target, createdAt: old.createdAt };
  if (findDamaged === undefined) throw lastBackup(kept, { reason: `there is no ${paths.databasePath}`, first: 'Name another file.' });
  const damaged = findDamaged(paths.databasePath, { sinceMs: Date.parse(old.createdAt) });
  if (damaged === undefined) return;
  throw lastBackup(kept, {
    reason: `the database was damaged since and is kept as ${damaged}`,
    first: `Restore it with: ${restoreCommand(target, paths)}   Then move ${damaged} away. Or name another file for the new backup.`,
  });
}

function lastBackup(
  { target, createdAt }: { target: string; createdAt: string },
  { reason, first }: { reason: string; first: string },
): GatewayError {
  return new GatewayError('CONFLICT', {
    message: `${target} of ${createdAt} is not replaced, because it may be the last backup with your conversations: ${reason}`,
    details: { path: target },
    hint: first,
  });
}
