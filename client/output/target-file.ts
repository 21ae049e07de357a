/** Writes a result to a file named by the user: checks what exists there, and moves the complete content into place. */
import { existsSync, statSync } from 'node:fs';
import { link, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GatewayError } from '../../shared/errors.js';
import { syncDirectory } from '../../shared/node/files/atomic-file.js';
import { finalPath } from '../../shared/node/files/final-path.js';

interface TargetOptions {
  /** `--force`. */
  readonly isOverwriting: boolean;
}

function alreadyThere(path: string): GatewayError {
  return new GatewayError('CONFLICT', {
    message: `${path} exists`,
    details: { path },
    hint: 'Name another file, or replace it with --force.',
  });
}

function notRegular(path: string): GatewayError {
  return new GatewayError('USAGE', { message: `${path} is not a regular file`, details: { path }, hint: 'Name another file.' });
}

/**
 * Returns the file to write for `path`: a symbolic link is followed, also to a file that does not exist yet.
 * @throws USAGE for anything but a regular file, such as a device or a FIFO; CONFLICT for an existing file that must be kept
 */
export function targetFile(path: string, { isOverwriting }: TargetOptions): string {
  const target = finalPath(path);
  let entry;
  try {
    entry = statSync(target, { throwIfNoEntry: false });
  } catch (error) {
    // A link that points to itself.
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') throw notRegular(path);
    throw error;
  }
  if (entry === undefined) return target;
  if (!entry.isFile()) throw notRegular(path);
  if (!isOverwriting) throw alreadyThere(path);
  return target;
}

/**
 * Gives the complete file its final name, which {@link targetFile} returned.
 * @throws CONFLICT when a file that must be kept was created there in the meantime
 */
export async function publishFile(temporary: string, target: string, { isOverwriting }: TargetOptions): Promise<void> {
  if (isOverwriting) await rename(temporary, target);
  else {
    try {
      await link(temporary, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw alreadyThere(target);
      // A file system without hard links.
      if (existsSync(target)) throw alreadyThere(target);
      return rename(temporary, target);
    }
    await unlink(temporary);
  }
  await syncDirectory(dirname(target));
}
