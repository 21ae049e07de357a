/**
 * V8 cached data for the built bundles: written by the build for the Node version that runs it, and by the first client that runs
 * under another version (so an upgrade of Node needs no new build). The directory of one Node is complete or absent.
 */
import { chmodSync, constants, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleDirectory, cachedDataPath, cacheKey, compileBundle, runBundle } from '../shared/node/build/bundle.js';
import { isSingleExecutable } from '../shared/node/build/single-executable.js';
import { canAccess } from '../shared/node/files/if-present.js';

const cacheDirectory = join(bundleDirectory, 'cache', cacheKey());

/**
 * Starts a detached process that writes missing cached data. Does nothing if it exists, if `dist` is not writable, or in the executable,
 * which contains it.
 */
export async function supplyCachedData(): Promise<void> {
  if (isSingleExecutable() || canAccess(cacheDirectory, constants.F_OK) || !canAccess(bundleDirectory, constants.W_OK)) return;
  const { spawn } = await import('node:child_process');
  const entry = join(bundleDirectory, 'main.cjs');
  const child = spawn(process.execPath, [...process.execArgv, entry, '@cached-data'], { detached: true, stdio: 'ignore' });
  child.once('error', () => undefined);
  child.unref();
}

/** A bundle's optional export that compiles more code into its cached data than loading the bundle does. */
interface WarmBundle {
  warmUp?(): Promise<void>;
}

async function writeOne(file: string, options: { from: string; finalDirectory: string; to: string }): Promise<void> {
  const source = readFileSync(join(options.from, file), 'utf8');
  const script = compileBundle(source, join(options.finalDirectory, file));
  // Running it once also puts lazily compiled start-up code into the data. A bundle that cannot be loaded fails the build.
  const bundle = runBundle<WarmBundle>(script, join(options.from, file));
  try {
    await bundle.warmUp?.();
  } catch (error) {
    // The data is then less complete, which only costs time.
    process.stderr.write(`${file} could not be warmed up: ${String(error)}\n`);
  }
  const path = cachedDataPath(options.to, file.slice(0, -'.cjs'.length), source);
  writeFileSync(path, script.createCachedData());
  // Readable by the same users as the bundles, which contain the same code.
  chmodSync(path, 0o644);
}

/**
 * Writes the cached data of every bundle beside this file.
 * @param finalDirectory  the bundles' final directory, if they are built elsewhere; scripts are named after it.
 */
export async function writeCachedData(finalDirectory: string = bundleDirectory): Promise<void> {
  const temp = `${cacheDirectory}.${process.pid}`;
  mkdirSync(temp, { recursive: true });
  chmodSync(join(bundleDirectory, 'cache'), 0o755);
  chmodSync(temp, 0o755);
  try {
    for (const file of readdirSync(bundleDirectory)) {
      if (file.endsWith('.cjs') && file !== 'main.cjs') await writeOne(file, { from: bundleDirectory, finalDirectory, to: temp });
    }
    renameSync(temp, cacheDirectory);
  } catch (error) {
    rmSync(temp, { recursive: true, force: true });
    // Another process has written the same directory.
    if (!canAccess(cacheDirectory, constants.F_OK)) throw error;
  }
}
