/**
 * Bundles that are loaded late. Their files are opened at the start, so that they are of this very build when they are
 * needed, although the package has been replaced or removed meanwhile.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type ResourceLimits, Worker } from 'node:worker_threads';
import {
  type BundleName,
  bundleDirectory,
  cachedDataPath,
  cacheKey,
  compileBundle,
  loadBundle,
  readBuiltText,
  runBundle,
} from './bundle.js';
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

/** Windows refuses to replace a directory in which a file is open: nothing is held there. */
function hold(filename: string): number | undefined {
  return isSingleExecutable() || process.platform === 'win32' ? undefined : open(filename);
}

/**
 * Opens a bundle and its cached data.
 * @param directory  of the bundles; for tests
 * @returns loads the bundle; a load that failed may be tried again
 */
export function holdBundle<T>(name: BundleName, directory = bundleDirectory): () => T {
  const filename = join(directory, `${name}.cjs`);
  const code = hold(filename);
  // One that is not there says so when it is needed.
  if (code === undefined) return () => loadBundle<T>(name);
  const header = read(code, HEADER_BYTES).toString('utf8');
  const data = open(cachedDataPath(join(directory, 'cache', cacheKey()), name, header));
  return () => {
    const cachedData = data === undefined ? undefined : read(data);
    const bundle = runBundle<T>(compileBundle(read(code).toString('utf8'), filename, cachedData), filename);
    for (const fd of [code, data]) if (fd !== undefined) closeSync(fd);
    return bundle;
  };
}

/** What runs a bundle's source in a thread. In the executable a thread's own `require` knows built-in modules only, and so does this one. */
const THREAD_START = `
const { workerData } = require('node:worker_threads');
const { source, filename } = workerData.bundle;
workerData.bundle = undefined;
const module_ = { exports: {} };
const run = new (require('node:vm').Script)(source, { filename }).runInThisContext();
const directory = require('node:path').dirname(filename);
run.call(module_.exports, module_.exports, require('node:module').createRequire(filename), module_, filename, directory);
`;

/**
 * Opens a small bundle that is the code of a thread.
 * @param limits  of the thread's memory
 * @returns starts it with data of its own, as often as is wanted. @throws when the bundle cannot be read
 */
export function holdThread(name: BundleName, limits: ResourceLimits): (data: object) => Worker {
  const filename = join(bundleDirectory, `${name}.cjs`);
  const code = hold(filename);
  return (data) => {
    const source = code === undefined ? readBuiltText(`${name}.cjs`) : read(code).toString('utf8');
    const workerData = { ...data, bundle: { source, filename } };
    return new Worker(THREAD_START, { eval: true, workerData, resourceLimits: limits });
  };
}
