/**
 * Loads one of the built bundles (`dist/<name>.cjs`) with V8's cached data beside it, which halves the load time.
 * Cached data belongs to one Node version and architecture; missing or rejected data is not an error, only slower.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { installedDirectory } from './installed-directory.js';
import { isSingleExecutable, readAsset, readTextAsset, readTrailer } from './single-executable.js';

/** One bundle per process role, and one for each part that is loaded late. */
export const BUNDLE_NAMES = ['client', 'tools', 'supervisor', 'worker', 'fallback', 'ai', 'late', 'mcp', 'database'] as const;
export type BundleName = (typeof BUNDLE_NAMES)[number];

/** The directory of the bundles, which an upgrade replaces. In a bundle `__dirname` is that of the entry file, `dist/`. */
export const bundleDirectory: string = installedDirectory(__dirname, process.argv[1]);

/** Returns the arguments after `process.execPath` that start this program again. A single executable accepts no options of Node. */
export function programArguments(...args: string[]): string[] {
  return isSingleExecutable() ? args : [...process.execArgv, join(bundleDirectory, 'main.cjs'), ...args];
}

/** Returns the name of the cached data directory: data that V8 would reject is never read. */
export function cacheKey(): string {
  return `${process.version}-${process.arch}-${process.versions.v8}`;
}

/** The first line of a built bundle, `// <16 hex digits of its hash>`. */
const HEADER = /^\/\/ ([0-9a-f]{16})\n/;

/**
 * Returns the path of a bundle's cached data. V8 compares only the length of the source, so the name contains the bundle's hash: data
 * of another build is never used.
 */
export function cachedDataPath(cacheDirectory: string, name: string, source: string): string {
  return join(cacheDirectory, `${name}-${HEADER.exec(source)?.[1] ?? 'unknown'}.bin`);
}

/**
 * Compiles a built bundle. Its source is one function expression, Node's wrapper of a CommonJS module: adding that here would copy a
 * megabyte at each start of a worker.
 */
export function compileBundle(source: string, filename: string, cachedData?: Buffer): Script {
  return new Script(source, { filename, ...(cachedData === undefined ? {} : { cachedData }) });
}

/** Returns the entry's `require`: all bundles are beside it. Tests, which are not bundled, have none. */
function requireFor(filename: string): NodeJS.Require {
  return typeof require === 'function' ? require : process.getBuiltinModule('node:module').createRequire(filename);
}

/** Runs a compiled bundle. @returns its exports */
export function runBundle<T>(script: Script, filename: string): T {
  const module = { exports: {} as T };
  const run = script.runInThisContext() as ((...args: unknown[]) => void) | undefined;
  if (typeof run !== 'function') throw new Error(`${filename} is not a built bundle`);
  run.call(module.exports, module.exports, requireFor(filename), module, filename, dirname(filename));
  return module.exports;
}

function readCachedData(name: BundleName, source: string): Buffer | undefined {
  try {
    if (isSingleExecutable()) return readAsset(`${name}.bin`);
    return readFileSync(cachedDataPath(join(bundleDirectory, 'cache', cacheKey()), name, source));
  } catch {
    // No cached data for this version of Node: the source is compiled.
    return undefined;
  }
}

/** Loads a bundle and returns its exports. Loading twice runs it twice, so callers keep the result. */
export function loadBundle<T>(name: BundleName): T {
  const filename = join(bundleDirectory, `${name}.cjs`);
  const source = isSingleExecutable() ? readTextAsset(`${name}.cjs`) : readFileSync(filename, 'utf8');
  return runBundle<T>(compileBundle(source, filename, readCachedData(name, source)), filename);
}

/** Reads a text that the build put beside the bundles. @throws when it does not exist */
export function readBuiltText(name: string): string {
  return isSingleExecutable() ? readTextAsset(name) : readFileSync(join(bundleDirectory, name), 'utf8');
}

/** The build's identity, written last by the build: a change shows that a newer one is installed. */
export interface BuildInfo {
  readonly version: string;
  /** Hash over all bundles. */
  readonly buildId: string;
}

/**
 * Returns the build that is installed now, from `dist/build.json` or the executable's file, which may have been replaced since the start;
 * undefined while a build is being replaced.
 */
export function readBuildInfo(): BuildInfo | undefined {
  try {
    if (isSingleExecutable()) return (readTrailer(process.execPath) ?? JSON.parse(readTextAsset('build.json'))) as BuildInfo;
    return JSON.parse(readFileSync(join(bundleDirectory, 'build.json'), 'utf8')) as BuildInfo;
  } catch {
    return undefined;
  }
}
