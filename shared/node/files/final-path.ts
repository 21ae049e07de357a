import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Resolves a path to the file that it names, or would name: the target of a symlink need not exist. One that cannot be resolved stays as it is. */
export function finalPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    // A link that leads to itself fails with ELOOP.
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const isLink = isMissing && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    return isLink ? finalPath(resolve(realpathSync(dirname(path)), readlinkSync(path))) : path;
  }
}
