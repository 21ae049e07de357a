import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * Resolves a path to the file that it names, or would name: neither the target of a symlink nor the end of the path need exist. A path that
 * cannot be resolved (ELOOP, EACCES) is returned unchanged.
 */
export function finalPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    // A link that points to itself fails with ELOOP.
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const isLink = isMissing && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    if (isLink) return finalPath(resolve(realpathSync(dirname(path)), readlinkSync(path)));
    return isMissing && dirname(path) !== path ? join(finalPath(dirname(path)), basename(path)) : path;
  }
}
