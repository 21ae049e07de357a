/**
 * What a backup is: a gzipped tar archive with a manifest first and then the files that make up a gateway's state. Locks, logs and
 * sockets belong to one machine at one moment and are never backed up.
 */

export const BACKUP_FORMAT = 'xopc-backup';
/** Increased when an older xopc can no longer read the format. */
export const BACKUP_VERSION = 1;

export const MANIFEST_NAME = 'manifest.json';
/** The small files of a backup: restored by writing them. */
export const BACKUP_TEXTS = ['config.json', 'models.json', 'token'] as const;
export const BACKUP_DATABASE = 'gateway.db';

/**
 * Suffix of a complete copy of a database whose files were removed or replaced while it was open. The gateway puts it in
 * their place, also at its next start.
 */
export const RESCUED = '.rescued';

export type BackupText = (typeof BACKUP_TEXTS)[number];
export type BackupName = BackupText | typeof BACKUP_DATABASE;

/** Entries in archive order. */
export const BACKUP_NAMES: readonly BackupName[] = [...BACKUP_TEXTS, BACKUP_DATABASE];

export interface BackupEntry {
  readonly name: BackupName;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** The archive's first entry. A name missing in `entries` did not exist, and a restore removes it. */
export interface BackupManifest {
  readonly format: typeof BACKUP_FORMAT;
  readonly version: number;
  readonly createdAt: string;
  readonly gatewayVersion: string;
  /** Version of the database's schema; null if there was no database. */
  readonly schemaVersion: number | null;
  readonly entries: readonly BackupEntry[];
}

/** Returns the problem of a manifest; undefined for a valid one. */
export function manifestProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'its manifest is not an object';
  const { format, version, entries, createdAt, gatewayVersion } = value as Record<string, unknown>;
  if (format !== BACKUP_FORMAT) return 'it is not a backup of xopc';
  if (!Number.isInteger(version) || (version as number) < 1) return 'its manifest has no version';
  if ((version as number) > BACKUP_VERSION)
    return `it was created by a newer xopc (${String(gatewayVersion)}); this one reads version ${BACKUP_VERSION}`;
  if (!isTime(createdAt) || typeof gatewayVersion !== 'string') return 'its manifest is incomplete';
  if (!Array.isArray(entries) || !entries.every(isEntry)) return 'its manifest has unusable entries';
  const names = entries.map(({ name }: BackupEntry) => name);
  return new Set(names).size === names.length ? undefined : 'its manifest names a file twice';
}

/** Whether a value is a time in the format of a backup. */
function isTime(value: unknown): value is string {
  const atMs = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return !Number.isNaN(atMs) && new Date(atMs).toISOString() === value;
}

function isEntry(value: unknown): value is BackupEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { name, bytes, sha256 } = value as Record<string, unknown>;
  return (
    (BACKUP_NAMES as readonly unknown[]).includes(name) &&
    Number.isSafeInteger(bytes) &&
    (bytes as number) >= 0 &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256)
  );
}
