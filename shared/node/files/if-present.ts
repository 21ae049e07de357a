/** Inspects files that may be missing or inaccessible. */
import { accessSync } from 'node:fs';

/** @returns undefined for a file or directory that does not exist @throws the file system's other errors */
export function ifPresent<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @param mode  of `fs.constants` */
export function canAccess(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
