/** Writes files atomically, and makes directories that only this user can access. */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join, parse, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError } from '../../errors.js';
import { finalPath } from './final-path.js';
import { removeAbandonedTemps, removeTemp, temporaryName } from './temporary-file.js';
import { shellCommand } from '../../text/shell-word.js';

/** Errors of file systems that cannot sync a directory. */
const CANNOT_SYNC: ReadonlySet<string | undefined> = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP']);

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** Keeps the owner of a file that root rewrites, so that the owner's gateway can still read it. */
async function keepOwner(file: FileHandle, target: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const current = await stat(target).catch(() => undefined);
  if (current !== undefined) await file.chown(current.uid, current.gid);
}

/** Opens a directory to sync it; undefined on Windows, which cannot. */
async function openDirectory(directory: string): Promise<FileHandle | undefined> {
  return process.platform === 'win32' ? undefined : open(directory, 'r');
}

async function sync(directory: FileHandle | undefined): Promise<void> {
  try {
    await directory?.sync();
  } catch (error) {
    if (!CANNOT_SYNC.has(codeOf(error))) throw error;
  }
}

/** Makes a rename or link in `directory` durable. Windows cannot open a directory, and some file systems cannot sync one. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await openDirectory(directory);
  try {
    await sync(handle);
  } finally {
    await handle?.close();
  }
}

/** Renames, and retries on Windows, where the rename fails while a reader has the target open. */
async function renameOver(source: string, target: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await rename(source, target);
    } catch (error) {
      const isTransient = process.platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(codeOf(error) ?? '');
      if (!isTransient || attempt === 10) throw error;
      await delay(attempt * 10);
    }
  }
}

async function writeSynced(path: string, data: string | Uint8Array, options: { mode: number; target: string }): Promise<void> {
  const file = await open(path, 'wx', options.mode);
  try {
    await file.writeFile(data);
    // Needed because the umask limits the mode given to open().
    if (process.platform !== 'win32') await file.chmod(options.mode);
    await keepOwner(file, options.target);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** New content, already on disk under a private name. */
interface StagedFile {
  readonly target: string;
  readonly temporary: string;
  /** Opened before anything is renamed, so that nothing can fail afterwards for lack of a descriptor. */
  readonly directory: FileHandle | undefined;
}

async function stage({ path, data }: NewContent, mode: number): Promise<StagedFile> {
  const target = finalPath(path);
  // A link that cannot be followed is kept, and an error is thrown.
  if (lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink() === true) statSync(target);
  const temporary = temporaryName(target);
  try {
    await writeSynced(temporary, data, { mode, target });
    return { target, temporary, directory: await openDirectory(dirname(target)) };
  } catch (error) {
    removeTemp(temporary);
    throw error;
  }
}

interface NewContent {
  readonly path: string;
  readonly data: string | Uint8Array;
}

/**
 * Replaces the content of files, one after the other, once all new contents are on disk: a full disk changes none of them. For
 * each: temp file in the same directory, fsync, rename, fsync of the directory. A symlink is kept and its target replaced. Temp
 * files left by killed writers are removed.
 * @param options.mode  of the files, default 0600
 * @throws the file system's error; the old contents are kept and the temp files removed. After the first rename only a failing disk
 * can throw
 */
export async function writeFilesAtomic(files: readonly NewContent[], { mode = 0o600 }: { mode?: number } = {}): Promise<void> {
  const staged: StagedFile[] = [];
  try {
    for (const file of files) staged.push(await stage(file, mode));
    for (const { temporary, target } of staged) await renameOver(temporary, target);
    for (const { directory } of staged) await sync(directory);
  } finally {
    for (const { temporary, target, directory } of staged) {
      removeTemp(temporary);
      await directory?.close();
      removeAbandonedTemps(dirname(target));
    }
  }
}

/** Replaces the content of one file as {@link writeFilesAtomic} does. */
export async function writeFileAtomic(path: string, data: string | Uint8Array, options: { mode?: number } = {}): Promise<void> {
  await writeFilesAtomic([{ path, data }], options);
}

/** Like {@link syncDirectory}, for a caller that cannot wait. */
function syncDirectoryNow(directory: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } catch (error) {
    if (!CANNOT_SYNC.has(codeOf(error))) throw error;
  } finally {
    closeSync(handle);
  }
}

/**
 * Creates a file with mode 0600 unless its path exists. A reader never sees a partial file; when this returns, the path is durable,
 * whoever created it. @returns false when the path already exists
 */
export function createFile(path: string, content: string): boolean {
  const temporary = temporaryName(path);
  let isCreated = true;
  try {
    writeFileSync(temporary, content, { mode: 0o600, flag: 'wx', flush: true });
    linkSync(temporary, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    isCreated = false;
  } finally {
    removeTemp(temporary);
  }
  syncDirectoryNow(dirname(path));
  return isCreated;
}

function refuse(path: string, reason: string, hint: string): GatewayError {
  return new GatewayError('CONFIG_INVALID', { message: `${path} cannot be used: ${reason}`, details: { path }, hint });
}

function assertOurs(path: string, entry: Stats): void {
  const uid = process.getuid?.();
  if (uid === undefined || entry.uid === uid) return;
  throw refuse(
    path,
    `it belongs to user id ${entry.uid}, this process runs as ${uid}`,
    `Run the command as its owner, or set XOPC_HOME to a directory of your own.`,
  );
}

function assertPrivateCandidate(path: string, entry: Stats): void {
  if (!entry.isDirectory()) throw refuse(path, 'it is not a directory', 'Move it away or set XOPC_HOME to another directory.');
  assertOurs(path, entry);
  // Other users need access to a shared directory such as /tmp.
  const isShared = (entry.mode & 0o1000) !== 0 || resolve(path) === parse(resolve(path)).root;
  if (isShared) throw refuse(path, 'it is a shared directory', `Use a directory of its own, e.g. ${join(path, 'xopc')}.`);
}

/**
 * Ensures that a directory exists, belongs to us and is inaccessible to others (0700, repaired if needed). A symlink is accepted only
 * when the link and its target are both ours: anyone can create a link in a shared directory.
 * @throws CONFIG_INVALID when it is another user's, shared or a file, or cannot be created or made private
 */
export function ensurePrivateDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw refuse(path, 'it is not a directory', 'Move it away or set XOPC_HOME to another directory.');
    throw refuse(
      path,
      `it cannot be created (${codeOf(error)})`,
      'Check the permissions of its parent, or set XOPC_HOME to another directory.',
    );
  }
  const link = lstatSync(path);
  if (link.isSymbolicLink()) assertOurs(path, link);
  const entry = statSync(path);
  assertPrivateCandidate(path, entry);
  if (process.platform === 'win32' || (entry.mode & 0o777) === 0o700) return;
  try {
    chmodSync(path, 0o700);
  } catch (error) {
    throw refuse(
      path,
      `it cannot be made private (${codeOf(error)})`,
      'Set XOPC_HOME to a directory of your own, on a writable file system with permissions.',
    );
  }
}

/** A directory that contains one of these is a gateway home, even if its permissions were changed. */
const HOME_MARKS: readonly string[] = ['config.json', 'models.json', 'locks', 'credentials'];

/**
 * Checks that a directory is a gateway home, so that no other directory is made private by mistake. An unreadable directory is
 * refused later, with the reason.
 */
function isOpenToOthers(path: string): boolean {
  try {
    const entry = statSync(path);
    return entry.isDirectory() && entry.uid === process.getuid?.() && (entry.mode & 0o077) !== 0;
  } catch {
    return false;
  }
}

function hasOtherFiles(path: string): boolean {
  const names = readdirSync(path).filter((name) => name !== 'lost+found');
  return names.length > 0 && !names.some((name) => HOME_MARKS.includes(name));
}

/**
 * Ensures a private directory as {@link ensurePrivateDirectory} does, and refuses one that XOPC_HOME may name by mistake: a
 * directory with unrelated files that other users can read, such as /etc or /srv.
 */
export function ensureHomeDirectory(path: string): void {
  if (process.platform !== 'win32' && isOpenToOthers(path) && hasOtherFiles(path))
    throw refuse(
      path,
      'it contains other files and is accessible to other users',
      `Use a directory of its own, e.g. ${join(path, 'xopc')}, or make this one private: ${shellCommand`chmod 700 ${path}`}`,
    );
  ensurePrivateDirectory(path);
}
