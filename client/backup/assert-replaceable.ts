/** Keeps `backup --force` from replacing the last backup with conversations by one without them. */
import { BACKUP_DATABASE } from '../../shared/backup.js';
import type { DatabaseModule } from '../../shared/node/database-module.js';
import { GatewayError } from '../../shared/errors.js';
import { restoredMs } from '../../shared/node/files/restore-journal.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { shellCommand } from '../../shared/text/shell-word.js';
import { commandFor } from './command-for.js';
import { readArchiveManifest } from './read-archive.js';

interface Next {
  readonly paths: GatewayPaths;
  /** Why the new backup has no database; undefined if it has one. */
  readonly missing: string | undefined;
  readonly findDamaged: DatabaseModule['findDamaged'];
}

/** @throws CONFLICT where `target` is a backup with a database, and the new one would have none, or one created since because of damage */
export async function assertReplaceable(target: string, { paths, missing, findDamaged }: Next): Promise<void> {
  const old = await readArchiveManifest(target);
  if (old?.entries.some(({ name }) => name === BACKUP_DATABASE) !== true) return;
  const kept = { target, createdAt: old.createdAt };
  if (missing !== undefined) throw lastBackup(kept, { reason: missing, hint: 'Name another file for the new backup.' });
  // After a restore, the present database is what the owner has chosen, and may have newer conversations than the backup.
  const sinceMs = Math.max(Date.parse(old.createdAt), restoredMs(paths));
  const damaged = findDamaged(paths.databasePath, { sinceMs });
  if (damaged === undefined) return;
  throw lastBackup(kept, {
    reason: `the database has been damaged since; the damaged copy is ${damaged}`,
    hint: `If the present database is the right one, e.g. because you have repaired it, move that copy away. Otherwise restore the backup first: ${commandFor(paths, shellCommand`xopc restore ${target}`)}   Or name another file for the new backup.`,
  });
}

function lastBackup(
  { target, createdAt }: { target: string; createdAt: string },
  { reason, hint }: { reason: string; hint: string },
): GatewayError {
  return new GatewayError('CONFLICT', {
    message: `${target} of ${createdAt} is not replaced, because it may be the last backup with your conversations: ${reason}`,
    details: { path: target },
    hint,
  });
}
