/**
 * Bundles that are loaded on demand. Their files are opened at the start, so that they belong to the running build even if the
 * package has been replaced or removed by then.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type BundleName, bundleDirectory, cachedDataPath, cacheKey, compileBundle, loadBundle, runBundle } from './bundle.js';
import { isSingleExecutable } from './single-executable.js';

/** Longer than a bundle's first line, which names its cached data. */
const HEADER_BYTES = 64;

function open(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}

function read(fd: number, length = fstatSync(fd).size): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, 0));
}

/**
 * Opens a bundle and its cached data. Windows refuses to replace a directory in which a file is open: nothing is held there.
 * @param directory  of the bundles; for tests
 * @returns a function that loads the bundle at its first call; a failed load may be retried
 */
export function holdBundle<T>(name: BundleName, directory = bundleDirectory): () => T {
  const filename = join(directory, `${name}.cjs`);
  const code = isSingleExecutable() || process.platform === 'win32' ? undefined : open(filename);
  let bundle: T | undefined;
  // A missing bundle fails when it is needed.
  if (code === undefined) return () => (bundle ??= loadBundle<T>(name));
  const header = read(code, HEADER_BYTES).toString('utf8');
  const data = open(cachedDataPath(join(directory, 'cache', cacheKey()), name, header));
  return () => {
    if (bundle !== undefined) return bundle;
    const cachedData = data === undefined ? undefined : read(data);
    bundle = runBundle<T>(compileBundle(read(code).toString('utf8'), filename, cachedData), filename);
    for (const fd of [code, data]) if (fd !== undefined) closeSync(fd);
    return bundle;
  };
}
