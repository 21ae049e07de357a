/**
 * The database as a file: prepared before it is opened, set aside when its content is damaged. Only damaged content is
 * ever moved; a wrong place (a directory, another owner, a full disk) is reported and left alone.
 */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  type Stats,
} from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RESCUED } from '../../../../shared/backup.js';
import { GatewayError } from '../../../../shared/errors.js';
import { ensurePrivateDirectory, syncDirectory } from '../../../../shared/node/files/atomic-file.js';
import { finalPath } from '../../../../shared/node/files/final-path.js';
import { removeAbandonedTemps, temporaryName } from '../../../../shared/node/files/temporary-file.js';
import { compactTime } from '../../../../shared/text/compact-time.js';
import { storeUnavailable } from '../engine.js';
import { writeEmptyDatabase } from './migrate.js';
import { findNetworkFileSystem } from './network-file-system.js';

/** Suffixes of the files that SQLite keeps beside a database in WAL mode. */
export const SIDECARS = ['-wal', '-shm'] as const;

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not read and write it',
  EPERM: 'this user may not read and write it',
  EROFS: 'its file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: "this user's disk quota is used up",
  ENOTDIR: 'part of its path is not a directory',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
};

/** Returns the error for a file operation that failed. */
export function fromFileError(path: string, error: unknown): GatewayError {
  if (error instanceof GatewayError && error.code === 'STORE_UNAVAILABLE') return error;
  if (error instanceof GatewayError) return storeUnavailable(path, error.message, { cause: error });
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return storeUnavailable(path, `${REASONS[code] ?? 'the file system refuses it'} (${code})`, { cause: error });
}

function existing(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

const AFRESH = "restore a backup with 'xopc restore', or move it and its -wal file away to begin with a new one";

/** Creates a database without tables that survives a power loss. At no time is the file empty: an empty one has lost its content. */
async function create(path: string): Promise<void> {
  const temporary = temporaryName(path);
  const file = openSync(temporary, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await writeEmptyDatabase(temporary);
    fsyncSync(file);
    linkSync(temporary, path);
  } finally {
    closeSync(file);
    rmSync(temporary, { force: true });
  }
  await syncDirectory(dirname(path));
}

/** @throws STORE_UNAVAILABLE for a database that another worker may have open, while this one sees a different database or none */
function assertWhole(path: string): void {
  const missing = [path, ...SIDECARS.map((suffix) => path + suffix)].find((file) => !existsSync(file));
  if (missing !== undefined) throw storeUnavailable(path, `${basename(missing)} is missing, and another worker still uses it`);
}

/**
 * Returns the files that belong to a database at a path, first those that SQLite or a start would treat as part of it. Empty logs
 * do not count.
 */
export function databaseFiles(path: string): string[] {
  const logs = ['-wal', '-journal'].map((suffix) => path + suffix).filter((log) => (existing(log)?.size ?? 0) > 0);
  // A link may lead to a disk that is missing for now.
  return [...logs, ...[path + RESCUED, path].filter((file) => lstatSync(file, { throwIfNoEntry: false }) !== undefined)];
}

/** @throws STORE_UNAVAILABLE if a log shows that there was a database */
function assertNew(path: string): void {
  const [log] = databaseFiles(path);
  if (log === undefined) return;
  throw storeUnavailable(
    path,
    `it is missing, but its log ${basename(log)} is there; put it back, or restore a backup with 'xopc restore', or move the log away to begin with a new one`,
  );
}

/** @throws STORE_UNAVAILABLE on a network file system */
function assertLocal(path: string): void {
  const directory = dirname(finalPath(path));
  const found = existsSync(directory) ? findNetworkFileSystem(directory) : undefined;
  if (found === undefined) return;
  const hint = 'Nothing is stored there. Move the home to a local disk, and set XOPC_HOME to its new place.';
  throw storeUnavailable(path, `its file system is ${found}, and on a network file system SQLite can lose data`, { hint });
}

/** @throws STORE_UNAVAILABLE for anything but a file, and for a link that leads to nothing */
function fileAt(path: string): Stats | undefined {
  const entry = existing(path);
  // The disk may be missing only for now: a new database elsewhere would hide the old one.
  if (entry === undefined && isLink(path)) throw storeUnavailable(path, 'it is a symbolic link that leads to nothing');
  if (entry?.isDirectory() === true) throw storeUnavailable(path, 'it is a directory, not a database file');
  if (entry?.isFile() === false) throw storeUnavailable(path, 'it is not a regular file');
  return entry;
}

/** @throws STORE_UNAVAILABLE for a database that has lost its content */
function assertContent(path: string, entry: Stats | undefined): void {
  if (entry === undefined) assertNew(path);
  // SQLite also treats a file of one byte as new.
  else if (entry.size <= 1) throw storeUnavailable(path, `it is empty: its content was cut off; ${AFRESH}`);
}

/** See `DatabaseModule`. */
export function hasDatabase(path: string): boolean {
  try {
    const entry = fileAt(path);
    assertContent(path, entry);
    return entry !== undefined;
  } catch (error) {
    throw fromFileError(path, error);
  }
}

/**
 * Removes the access of other users before SQLite opens the file: SQLite gives its sidecars the mode of the database.
 * An existing file is never opened here, because closing it would release the locks that SQLite holds on it.
 */
async function prepare(path: string, isAlone: boolean): Promise<void> {
  ensurePrivateDirectory(dirname(path));
  assertLocal(path);
  if (isAlone) {
    // The target of a link is not created by anyone else.
    removeAbandonedTemps(dirname(finalPath(path)));
    await placeRescued(finalPath(path));
  }
  const entry = fileAt(path);
  if (!isAlone) assertWhole(finalPath(path));
  assertContent(path, entry);
  if (entry === undefined) return create(path);
  if (process.platform !== 'win32') {
    for (const file of [path, ...SIDECARS.map((suffix) => path + suffix)]) {
      const mode = existing(file)?.mode;
      if (mode !== undefined && (mode & 0o077) !== 0) chmodSync(file, 0o600);
    }
  }
  accessSync(path, constants.R_OK | constants.W_OK);
}

/**
 * Ensures that there is a database that only this user can read and write; if {@link RESCUED} exists, restores its content.
 * @param isAlone  whether no other worker may have it open
 * @throws STORE_UNAVAILABLE with the reason in words
 */
export async function prepareDatabaseFile(path: string, isAlone: boolean): Promise<void> {
  try {
    await prepare(path, isAlone);
  } catch (error) {
    throw fromFileError(path, error);
  }
}

/** Returns what distinguishes one file from another at the same path; undefined where there is none. */
export function fileIdentity(path: string): string | undefined {
  const entry = existing(path);
  return entry === undefined ? undefined : `${entry.dev}:${entry.ino}`;
}

/** Returns the first of `base`, `base.2` and so on at which there is no database. */
export function freeName(base: string): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}.${number}`;
    if (![name, ...SIDECARS.map((suffix) => name + suffix)].some((path) => existsSync(path))) return name;
  }
}

/** Returns the size in bytes including the log, which may contain the newest data; null if there is no file. */
export async function readDatabaseSize(path: string): Promise<number | null> {
  const sizeOf = async (file: string): Promise<number | undefined> => (await stat(file).catch(() => undefined))?.size;
  const [size, logSize = 0] = await Promise.all([sizeOf(path), sizeOf(`${path}-wal`)]);
  return size === undefined ? null : size + logSize;
}

/** A file that was moved out of the way, and why. */
export interface Aside {
  readonly path: string;
  readonly kind: 'corrupt' | 'replaced';
}

const ASIDE = /^\.(corrupt|replaced)-(\d{8}T\d{6}Z(?:\.\d+)?)$/;

interface DatedAside extends Aside {
  /** As in its name. */
  readonly time: string;
}

/** Returns the files that were moved out of the way and still exist, the newest first. */
function listAsides(path: string): DatedAside[] {
  const original = finalPath(path);
  const found = readdirSync(dirname(original)).flatMap((name) => {
    const match = name.startsWith(basename(original)) ? ASIDE.exec(name.slice(basename(original).length)) : null;
    return match === null ? [] : [{ path: join(dirname(original), name), kind: match[1] as Aside['kind'], time: match[2] ?? '' }];
  });
  return found.toSorted((one, other) => other.time.localeCompare(one.time));
}

/** Returns the newest file that was moved out of the way and still exists. */
export function findSetAside(path: string): Aside | undefined {
  return listAsides(path)[0];
}

/** See `DatabaseModule`. */
export function findDamaged(path: string, { sinceMs }: { readonly sinceMs: number }): string | undefined {
  return listAsides(path).find(({ kind, time }) => kind === 'corrupt' && time > compactTime(sinceMs))?.path;
}

/** Moves a file and its sidecars; these first: one left beside another database would be taken for its log, or be deleted. */
function moveAside(original: string, kind: Aside['kind'], nowMs: number): Aside {
  const path = freeName(`${original}.${kind}-${compactTime(nowMs)}`);
  for (const suffix of [...SIDECARS, '']) if (existsSync(original + suffix)) renameSync(original + suffix, path + suffix);
  return { path, kind };
}

/**
 * Moves a damaged database and its sidecars to `{path}.corrupt-{time}`, where SQLite's own tools can open it.
 * @throws STORE_UNAVAILABLE when it cannot be moved
 */
export async function setAside(path: string, nowMs: number): Promise<Aside> {
  try {
    const original = realpathSync(path);
    const aside = moveAside(original, 'corrupt', nowMs);
    // A link that leads to nothing would not be opened again.
    if (isLink(path)) await create(original);
    return aside;
  } catch (error) {
    throw fromFileError(path, error);
  }
}

/**
 * Moves a rescued copy, if there is one, into place. An existing file is kept as `{path}.replaced-{time}`, unless it is `ours`,
 * whose content is all in the copy. If the process is killed here, the next start completes this.
 */
export async function placeRescued(path: string, ours?: string): Promise<void> {
  const rescued = existing(path + RESCUED);
  if (rescued === undefined) return;
  const present = existing(path);
  if (present?.isFile() === false) throw storeUnavailable(path, 'it is not a regular file, and its content is in ' + path + RESCUED);
  if (present !== undefined && fileIdentity(path) !== ours) moveAside(path, 'replaced', rescued.mtimeMs);
  for (const suffix of SIDECARS) rmSync(path + suffix, { force: true });
  renameSync(path + RESCUED, path);
  await syncDirectory(dirname(path));
}
