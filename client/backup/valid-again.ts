/** Tells what a restore makes valid again: what was revoked since the backup works again after it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BACKUP_DATABASE, type BackupName } from '../../shared/backup.js';
import type { DatabaseModule, ValidAgain } from '../../shared/node/database-module.js';
import { escapeControls } from '../../shared/log/escape.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { commandFor } from './command-for.js';

interface Staged {
  /** With the files of the state to restore. */
  readonly directory: string;
  readonly names: readonly BackupName[];
}

interface Present {
  readonly paths: GatewayPaths;
  readonly database: Pick<DatabaseModule, 'findValidAgain' | 'hasDatabase'>;
  readonly nowMs: number;
}

/** Returns what is valid in a staged state and not in the present one; null if they cannot be compared. */
export async function findValidAgain({ directory, names }: Staged, { paths, database, nowMs }: Present): Promise<ValidAgain[] | null> {
  const present = paths.databasePath;
  const forGateway = ({ what, revoke }: ValidAgain): ValidAgain => ({ what, revoke: commandFor(paths, revoke) });
  const found = differsIn([join(directory, 'token'), paths.tokenPath]) ? [forGateway(GATEWAY_TOKEN)] : [];
  if (!names.includes(BACKUP_DATABASE)) return found;
  try {
    // Nothing was revoked in a new home.
    if (!database.hasDatabase(present)) return [];
    const rows = await database.findValidAgain(join(directory, BACKUP_DATABASE), { present, nowMs });
    return [...found, ...rows.map(forGateway)];
  } catch {
    // It is damaged, which is what a restore is for, or has tables of an older build that no start has migrated yet.
    return null;
  }
}

const GATEWAY_TOKEN: ValidAgain = { what: "the gateway's own token of that time", revoke: 'xopc gateway token --rotate' };

function differsIn(files: readonly [string, string]): boolean {
  const [one, other] = files.map((path) => (existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined));
  return one !== undefined && other !== undefined && one !== other;
}

/** The warning about {@link findValidAgain} of a state of that time. */
export function validAgainWarning(
  found: readonly ValidAgain[] | null,
  { createdAt, paths }: { createdAt: string; paths: GatewayPaths },
): string | undefined {
  if (found === null) {
    const lists = ['xopc token list', 'xopc channels', 'xopc approvals grants'].map((command) => commandFor(paths, command));
    return `Warning: the state of ${createdAt} could not be compared with the present database. What has been revoked since is valid again.
  See: ${lists.join('   ')}
  If the gateway's own token has been replaced since: ${commandFor(paths, GATEWAY_TOKEN.revoke)}`;
  }
  if (found.length === 0) return undefined;
  // Others have chosen some of the names.
  const lines = found.map(({ what, revoke }) => escapeControls(`  ${what}: ${revoke}`));
  return [
    `Warning: in the state of ${createdAt}, these are valid again. After the restore, revoke those that should stay revoked:`,
    ...lines,
  ].join('\n');
}
