/** Handles files that are first written under a private name. Files left by killed processes are removed later. */
import { randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Longer than any write and any wait for a lock. */
const ABANDONED_MS = 600_000;

/** Returns a path beside `target` that no other writer uses. */
export function temporaryName(target: string): string {
  return join(dirname(target), `.${basename(target)}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`);
}

/** Removes a file or directory if it exists. Never throws, because a leftover is removed later, when it is old. */
export function removeTemp(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // It will be removed when it is old.
  }
}

/** Removes the temporary files in a directory that no living process can be using. Never throws: the next call tries again. */
export function removeAbandonedTemps(directory: string, nowMs = Date.now()): void {
  try {
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      if (/^\..+\.\d+\.[0-9a-f]{12}\.tmp(-journal|-wal|-shm)?$/.test(name) && nowMs - lstatSync(path).mtimeMs > ABANDONED_MS)
        removeTemp(path);
    }
  } catch {
    // Missing, unreadable, or removed in the meantime by another process.
  }
}
