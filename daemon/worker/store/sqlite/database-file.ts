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
  lstatSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  statSync,
  type Stats,
} from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GatewayError } from '../../../../shared/errors.js';
import { ensurePrivateDirectory } from '../../../../shared/node/files/atomic-file.js';
import { storeUnavailable } from '../engine.js';

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

function fromFileError(path: string, error: unknown): GatewayError {
  if (error instanceof GatewayError) return storeUnavailable(path, error.message, error);
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return storeUnavailable(path, `${REASONS[code] ?? 'the file system refuses it'} (${code})`, error);
}

function existing(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** Creates an empty file whose name, too, survives a power loss. */
function makeEmpty(path: string): void {
  closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600));
  if (process.platform === 'win32') return;
  const directory = openSync(dirname(realpathSync(path)), constants.O_RDONLY);
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/**
 * Removes the access of other users before SQLite opens the file: SQLite gives its sidecars the mode of the database.
 * An existing file is never opened here, because closing it would release the locks that SQLite holds on it.
 */
function prepare(path: string): void {
  ensurePrivateDirectory(dirname(path));
  const entry = existing(path);
  // The disk may be missing only for now: a new database elsewhere would hide the old one.
  if (entry === undefined && isLink(path)) throw storeUnavailable(path, 'it is a symbolic link that leads to nothing');
  if (entry === undefined) return makeEmpty(path);
  if (entry.isDirectory()) throw storeUnavailable(path, 'it is a directory, not a database file');
  if (!entry.isFile()) throw storeUnavailable(path, 'it is not a regular file');
  if (process.platform !== 'win32') {
    for (const file of [path, ...SIDECARS.map((suffix) => path + suffix)]) {
      const mode = existing(file)?.mode;
      if (mode !== undefined && (mode & 0o077) !== 0) chmodSync(file, 0o600);
    }
  }
  accessSync(path, constants.R_OK | constants.W_OK);
}

/**
 * Makes sure that there is a regular file (an empty one is a new database) that only this user can read and write.
 * @throws STORE_UNAVAILABLE with the reason in words
 */
export function prepareDatabaseFile(path: string): void {
  try {
    prepare(path);
  } catch (error) {
    throw error instanceof GatewayError && error.code === 'STORE_UNAVAILABLE' ? error : fromFileError(path, error);
  }
}

/** Returns what distinguishes one file from another at the same path; undefined where there is none. */
export function fileIdentity(path: string): string | undefined {
  const entry = existing(path);
  return entry === undefined ? undefined : `${entry.dev}:${entry.ino}`;
}

function freeName(base: string): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}.${number}`;
    if (![name, ...SIDECARS.map((suffix) => name + suffix)].some((path) => existsSync(path))) return name;
  }
}

/** Returns the size in bytes including the log, which alone may hold the newest data; null where there is no file. */
export async function readDatabaseSize(path: string): Promise<number | null> {
  const sizeOf = async (file: string): Promise<number | undefined> => (await stat(file).catch(() => undefined))?.size;
  const [size, logSize = 0] = await Promise.all([sizeOf(path), sizeOf(`${path}-wal`)]);
  return size === undefined ? null : size + logSize;
}

/** Returns the newest copy that was set aside and still exists. */
export function findSetAside(path: string): string | undefined {
  const original = realpathSync(path);
  const prefix = `${basename(original)}.corrupt-`;
  const copies = readdirSync(dirname(original)).filter(
    (name) => name.startsWith(prefix) && /^\d{8}T\d{6}Z(\.\d+)?$/.test(name.slice(prefix.length)),
  );
  const newest = copies.toSorted().at(-1);
  return newest === undefined ? undefined : join(dirname(original), newest);
}

/**
 * Moves a damaged database and its sidecars to `{path}.corrupt-{time}`, where SQLite's own tools can open it, and returns
 * that path. Sidecars go first: one left beside a new, empty database would be deleted, and with it the newest messages.
 * @throws STORE_UNAVAILABLE when it cannot be moved
 */
export function setAside(path: string, nowMs: number): string {
  try {
    const original = realpathSync(path);
    const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
    const copy = freeName(`${original}.corrupt-${time}`);
    for (const suffix of [...SIDECARS, '']) if (existsSync(original + suffix)) renameSync(original + suffix, copy + suffix);
    // A link that leads to nothing would not be opened again.
    if (isLink(path)) makeEmpty(original);
    return copy;
  } catch (error) {
    throw fromFileError(path, error);
  }
}
