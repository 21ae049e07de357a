/**
 * Lets the launcher check without starting a process that the build matches the sources:
 * `dist/ready.sh` names every source file and directory, and none of them may be newer than it. It is a shell script because a
 * shell reads that format fastest. A hash over the contents decides when a time has changed, and, for some commands, when none has.
 * As a program, it compares the hash.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE_DIRECTORIES = ['bin', 'client', 'daemon', 'shared', 'webui'];
const SOURCE_FILES = ['package.json', 'package-lock.json'];
const NOT_SOURCE = new Set(['node_modules', 'dist']);

/** Names that a shell need not quote; hidden and backup files are not sources. */
const PLAIN_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

export const stampPath = (root) => join(root, 'dist', 'ready.sh');

function* walk(root, directory) {
  yield { path: directory, isFile: false };
  const entries = readdirSync(join(root, directory), { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!PLAIN_NAME.test(entry.name) || NOT_SOURCE.has(entry.name)) continue;
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(root, path);
    else if (entry.isFile()) yield { path, isFile: true };
  }
}

/** Every source path relative to `root`, including directories, whose modification time changes when files are added or removed. */
function listSources(root) {
  const top = new Set(readdirSync(root));
  const directories = SOURCE_DIRECTORIES.filter((name) => top.has(name)).flatMap((name) => [...walk(root, name)]);
  const files = SOURCE_FILES.filter((name) => top.has(name)).map((path) => ({ path, isFile: true }));
  return [...directories, ...files];
}

/** @returns what identifies the sources: their hash, their paths, and the newest of their times in milliseconds. */
export function readSources(root) {
  const sources = listSources(root);
  const hash = createHash('sha256');
  let newestMs = 0;
  for (const { path, isFile } of sources) {
    newestMs = Math.max(newestMs, statSync(join(root, path)).mtimeMs);
    if (isFile)
      hash
        .update(`${path}\0`)
        .update(readFileSync(join(root, path)))
        .update('\0');
  }
  return { hash: hash.digest('hex'), paths: sources.map(({ path }) => path), newestMs };
}

/** @returns the hash of the sources that were built, or undefined before the first build */
export function readStampHash(root) {
  try {
    return /^xopc_source_hash=([0-9a-f]{64})$/m.exec(readFileSync(stampPath(root), 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** Whether the contents of the sources are those that were built, whatever their times say. */
export function hasBuiltSources(root) {
  try {
    return readSources(root).hash === readStampHash(root);
  } catch {
    return false;
  }
}

/** File systems keep times in steps of some milliseconds: an edit may seem to be that much earlier than it was. */
const TIME_STEP_MS = 10;

/**
 * Marks `sources`, as they were read before the build, as built. The stamp's time is when the sources were read, so that an edit
 * made during the build is noticed, but never earlier than the newest source, whose time may be in the future.
 */
export function writeStamp(root, sources, readAtMs) {
  const temp = `${stampPath(root)}.${process.pid}`;
  const text = [
    '# Written by the build: no path below is newer than this file while the build is that of the sources.',
    `xopc_source_hash=${sources.hash}`,
    `xopc_sources='${sources.paths.join(' ')}'`,
  ];
  writeFileSync(temp, `${text.join('\n')}\n`);
  const time = new Date(Math.max(readAtMs - TIME_STEP_MS, Math.ceil(sources.newestMs) + 1));
  utimesSync(temp, time, time);
  renameSync(temp, stampPath(root));
}

/** The launcher's check, in Node: whether no source is newer than the stamp. */
export function isStampFresh(root) {
  try {
    const stamp = statSync(stampPath(root)).mtimeMs;
    const paths = /^xopc_sources='([^']*)'$/m.exec(readFileSync(stampPath(root), 'utf8'))?.[1];
    const isNewer = (path) => (statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0) > stamp;
    return paths !== undefined && !paths.split(' ').some(isNewer) && statSync(join(root, 'dist', 'main.cjs')).isFile();
  } catch {
    return false;
  }
}

if (basename(process.argv[1] ?? '') === 'stamp.mjs')
  process.exitCode = hasBuiltSources(dirname(dirname(fileURLToPath(import.meta.url)))) ? 0 : 1;
