/**
 * Directories in which commands make copies of a database. A command removes its own; a killed command's directory is removed by a
 * later command.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isHolderAlive } from '../../shared/node/files/lock.js';
import { lockAgeMs, readLock } from '../../shared/node/files/lock-record.js';
import { removeTemp } from '../../shared/node/files/temporary-file.js';
import { readIdentity } from '../../shared/node/process/process-identity.js';

const OWNER = 'owner.json';
/** The age limit for directories whose owner cannot be checked: it is unknown, or on another machine or container. */
const ABANDONED_MS = 24 * 60 * 60 * 1_000;

/** Records that this process uses the directory. */
export function noteOwner(directory: string): void {
  writeFileSync(join(directory, OWNER), JSON.stringify(readIdentity()), { mode: 0o600 });
}

/** From now on only the age of the directory counts. */
export function removeOwner(directory: string): void {
  rmSync(join(directory, OWNER), { force: true });
}

/** Removes a directory, which may be gone already, unless its owner may be using it. Never throws: a later command tries again. */
export function removeAbandoned(directory: string, nowMs: number): void {
  const owner = readLock(join(directory, OWNER));
  const isUsed =
    owner === undefined ? lockAgeMs(directory, nowMs) <= ABANDONED_MS : isHolderAlive(directory, owner, { limitMs: ABANDONED_MS, nowMs });
  if (!isUsed) removeTemp(directory);
}
