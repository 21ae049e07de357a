/**
 * Replaces the current state with a staged one, and keeps the replaced state. A journal makes this atomic: before its phase is
 * `applying`, nothing has changed; afterwards, every start finishes the restore. Runs only while no worker is alive: in the
 * supervisor between two workers, or in a command when no gateway runs.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { mkdir, open, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BACKUP_DATABASE, BACKUP_TEXTS, type BackupName, type BackupText, RESCUED } from '../../backup.js';
import { GatewayError } from '../../errors.js';
import { compactTime } from '../../text/compact-time.js';
import { TEXT_OF_NO_FILE } from '../config/config-text.js';
import { syncDirectory, writeFileAtomic } from './atomic-file.js';
import { finalPath } from './final-path.js';
import { withFileLock } from './file-lock.js';
import type { GatewayPaths } from '../process/paths.js';
import { shellCommand } from '../../text/shell-word.js';

/** Files that belong to a database. They are moved first, so that none of them is left next to another database. */
const SIDECARS = ['-wal', '-shm', '-journal', RESCUED] as const;
const JOURNAL = 'journal.json';
const STAGED = 'staged';
/** In the directory of a kept state whose queued messages may have been sent since: it was restored, or {@link Journal.sendsQueued}. */
export const RESTORED = 'restored';
/** How many replaced states are kept. */
const KEPT_STATES = 5;
/** How long a restore waits for another one to end. */
const LOCK_WAIT_MS = 60_000;

type RestorePaths = Pick<
  GatewayPaths,
  | 'restoreLockPath'
  | 'configLockPath'
  | 'modelsLockPath'
  | 'databasePath'
  | 'configPath'
  | 'modelsPath'
  | 'tokenPath'
  | 'lastGoodConfigPath'
  | 'lastGoodModelsPath'
>;

interface Journal {
  readonly phase: 'staged' | 'applying';
  readonly createdAt: string;
  /** The files of the new state; a file that is not listed is removed. */
  readonly names: readonly BackupName[];
  /** Only the database is replaced: the other files stay as they are at that time. */
  readonly textsStay?: boolean | undefined;
  /** The directory of the kept state that is restored. */
  readonly from?: string | undefined;
  /** The restored state sends what was queued in a backup, which may be one of the replaced state. */
  readonly sendsQueued?: boolean | undefined;
}

/** Whether a value is a restore id, e.g. `20261124T192403Z-1a2b3c`. The id names a restore and the state that it replaced. */
export function isRestoreId(value: unknown): value is string {
  return typeof value === 'string' && /^\d{8}T\d{6}Z-[0-9a-f]{6}$/.test(value);
}

/**
 * Returns an id for a new restore, later than those of all kept states even when the clock was set back: the state with the oldest id is
 * removed first.
 */
export function newRestoreId(paths: RestorePaths, nowMs: number): string {
  return `${compactTime(Math.max(nowMs, preparedMs(listOf(keptRoot(paths)).at(-1)) + 1_000))}-${randomBytes(3).toString('hex')}`;
}

/** When a restore was prepared; 0 without an id. */
function preparedMs(id = ''): number {
  return Date.parse(id.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ).*/, '$1-$2-$3:$4:$5')) || 0;
}

/** When the restore was prepared that the present state comes from; 0 if none is kept. An undo leads back to before the undone restore. */
export function restoredMs(paths: RestorePaths, kept = listOf(keptRoot(paths))): number {
  const from = readJournal(replacedStatePath(paths, kept.at(-1) ?? ''))?.from;
  return from === undefined ? preparedMs(kept.at(-1)) : restoredMs(paths, kept.slice(0, Math.max(0, kept.indexOf(basename(from)))));
}

/** Next to the target of a linked database, not next to the link, which is kept. */
function stagingRoot(paths: RestorePaths): string {
  return join(dirname(finalPath(paths.databasePath)), 'restore');
}

function keptRoot(paths: RestorePaths): string {
  return join(dirname(finalPath(paths.databasePath)), 'replaced');
}

export function replacedStatePath(paths: RestorePaths, id: string): string {
  return join(keptRoot(paths), id);
}

/** Creates the directory for the files of the new state, on the database's file system. */
export async function makeStaging(paths: RestorePaths, id: string): Promise<string> {
  const staged = join(stagingRoot(paths), id, STAGED);
  await mkdir(staged, { recursive: true, mode: 0o700 });
  return staged;
}

/**
 * Returns the directories of the restores that have not begun: each is complete, in preparation, or left by a killed command.
 * @throws CONFIG_INVALID if a journal is damaged, because that restore may have begun
 */
export function listStagings(paths: RestorePaths): string[] {
  return listOf(stagingRoot(paths))
    .filter((id) => !hasRestoreBegun(paths, id))
    .map((id) => join(stagingRoot(paths), id));
}

/** Syncs the staged files and marks the restore as ready. */
export async function commitStaging(paths: RestorePaths, id: string, plan: Omit<Journal, 'phase'>): Promise<void> {
  const directory = join(stagingRoot(paths), id);
  const staged = join(directory, STAGED);
  for (const name of readdirSync(staged)) await syncFile(join(staged, name));
  await syncDirectory(staged);
  await writeJournal(directory, { phase: 'staged', ...plan });
  for (const path of [directory, stagingRoot(paths), dirname(stagingRoot(paths))]) await syncDirectory(path);
}

/** Removes a staged restore, unless it has begun. */
export function discardStaging(paths: RestorePaths, id: string): void {
  if (!hasRestoreBegun(paths, id)) rmSync(join(stagingRoot(paths), id), { recursive: true, force: true });
}

/** Whether files may have been replaced already, so that the restore must be finished. */
export function hasRestoreBegun(paths: RestorePaths, id: string): boolean {
  return readJournal(join(stagingRoot(paths), id))?.phase === 'applying';
}

/** @throws NOT_FOUND when no such restore is staged */
export function assertStaged(paths: RestorePaths, id: string): void {
  if (readJournal(join(stagingRoot(paths), id)) !== undefined) return;
  throw new GatewayError('NOT_FOUND', { message: `no restore '${id}' is prepared`, hint: 'Start it with: xopc restore FILE' });
}

/** Runs `section` while no other process carries out a restore. */
export function withRestoreLock<T>(paths: RestorePaths, section: () => Promise<T>): Promise<T> {
  return withFileLock(paths.restoreLockPath, section, { waitMs: LOCK_WAIT_MS });
}

/**
 * Carries out a staged restore. The caller holds the restore lock, and no worker is alive. Returns where the replaced state is
 * kept.
 * @throws CONFIG_INVALID while the journal of any restore is damaged; nothing has changed then
 */
export async function carryOutRestore(paths: RestorePaths, id: string): Promise<string> {
  const begun = begunRestores(paths);
  assertStaged(paths, id);
  // The next start would finish a killed one after this one, and replace its state.
  for (const other of begun) if (other !== id) await replaceState(paths, other);
  await replaceState(paths, id);
  return replacedStatePath(paths, id);
}

/**
 * Finishes restores begun by a killed process; otherwise only reads one directory.
 * @throws CONFIG_INVALID when the directory of restores cannot be read
 */
export async function finishRestores(paths: RestorePaths): Promise<readonly string[]> {
  if (listOf(stagingRoot(paths)).length === 0) return [];
  return withRestoreLock(paths, async () => {
    const begun = begunRestores(paths);
    for (const id of begun) await replaceState(paths, id);
    return begun;
  });
}

function begunRestores(paths: RestorePaths): string[] {
  return listOf(stagingRoot(paths)).filter((id) => hasRestoreBegun(paths, id));
}

async function replaceState(paths: RestorePaths, id: string): Promise<void> {
  const directory = join(stagingRoot(paths), id);
  const journal = readJournal(directory);
  if (journal === undefined) return;
  await withTextLocks(paths, () => replaceTexts(paths, { directory, journal }));
  await replaceDatabase(finalPath(paths.databasePath), { directory, isWanted: journal.names.includes(BACKUP_DATABASE) });
  // It may be gone, or a copy that cannot be written to.
  if (journal.from !== undefined) await writeFileAtomic(join(journal.from, RESTORED), '').catch(() => undefined);
  if (journal.sendsQueued === true) await writeFileAtomic(join(directory, RESTORED), '');
  await mkdir(keptRoot(paths), { recursive: true, mode: 0o700 });
  renameSync(directory, replacedStatePath(paths, id));
  // Removed only now, because a later start that finishes the restore reads it again.
  rmSync(join(replacedStatePath(paths, id), STAGED), { recursive: true, force: true });
  for (const path of [keptRoot(paths), stagingRoot(paths), dirname(keptRoot(paths))]) await syncDirectory(path);
  removeOld(paths);
}

/** A writer reads, changes and writes a file under this lock; the file must not be replaced in between. */
function withTextLocks<T>({ configLockPath, modelsLockPath }: RestorePaths, section: () => Promise<T>): Promise<T> {
  return withFileLock(configLockPath, () => withFileLock(modelsLockPath, section));
}

async function replaceTexts(paths: RestorePaths, { directory, journal }: { directory: string; journal: Journal }): Promise<void> {
  if (journal.phase === 'staged') {
    for (const name of BACKUP_TEXTS) await keepText(textPath(paths, name), join(directory, name));
    await writeJournal(directory, { ...journal, phase: 'applying' });
  }
  if (journal.textsStay === true) return;
  for (const name of BACKUP_TEXTS) await replaceText(paths, { name, directory, isWanted: journal.names.includes(name) });
}

function textPath(paths: RestorePaths, name: BackupText): string {
  return { 'config.json': paths.configPath, 'models.json': paths.modelsPath, token: paths.tokenPath }[name];
}

async function keepText(path: string, copy: string): Promise<void> {
  if (existsSync(path)) await writeFileAtomic(copy, readFileSync(path));
}

async function replaceText(paths: RestorePaths, file: { name: BackupText; directory: string; isWanted: boolean }): Promise<void> {
  const target = textPath(paths, file.name);
  if (file.isWanted) {
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    return writeFileAtomic(target, readFileSync(join(file.directory, STAGED, file.name)));
  }
  await forgetLastGood(paths, file.name);
  if (!existsSync(target)) return;
  await unlink(target);
  await syncDirectory(dirname(target));
}

/** A start after a crash uses the last good copies if a file that was in effect is missing. This one is not part of the state. */
async function forgetLastGood(paths: RestorePaths, name: BackupText): Promise<void> {
  const copy = { 'config.json': paths.lastGoodConfigPath, 'models.json': paths.lastGoodModelsPath, token: undefined }[name];
  if (copy !== undefined && existsSync(copy)) await writeFileAtomic(copy, TEXT_OF_NO_FILE);
}

/** Uses only renames: a staged file is gone exactly when it has reached its destination. */
async function replaceDatabase(path: string, { directory, isWanted }: { directory: string; isWanted: boolean }): Promise<void> {
  const staged = join(directory, STAGED, BACKUP_DATABASE);
  const isDone = isWanted ? !existsSync(staged) : !existsSync(path);
  if (!isDone) {
    for (const suffix of [...SIDECARS, '']) {
      if (existsSync(path + suffix)) renameSync(path + suffix, join(directory, BACKUP_DATABASE + suffix));
    }
    if (isWanted) renameSync(staged, path);
  }
  for (const folder of [dirname(path), directory]) await syncDirectory(folder);
}

async function writeJournal(directory: string, journal: Journal): Promise<void> {
  await writeFileAtomic(join(directory, JOURNAL), `${JSON.stringify(journal)}\n`);
}

/**
 * Returns undefined for a staging that was not completed. @throws CONFIG_INVALID for a journal that cannot be read, because the
 * restore may have begun
 */
function readJournal(directory: string): Journal | undefined {
  const path = join(directory, JOURNAL);
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (isJournal(value)) return value;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new GatewayError('CONFIG_INVALID', {
    message: `${path} is damaged: a restore may be unfinished`,
    details: { path },
    hint: `Move it away with: ${shellCommand`mv ${directory} ${`${directory}.damaged`}`}   Then check the state, or replace it with: xopc restore FILE`,
  });
}

function isJournal(value: unknown): value is Journal {
  const { phase, names } = (value ?? {}) as Record<string, unknown>;
  return (phase === 'staged' || phase === 'applying') && Array.isArray(names);
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function listOf(root: string): string[] {
  try {
    return readdirSync(root).filter(isRestoreId).toSorted();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    // There may be an unfinished restore, so a start could serve a half-restored state.
    throw new GatewayError('CONFIG_INVALID', {
      message: `failed to look for unfinished restores in ${root} (${code ?? String(error)})`,
      details: { path: root },
      hint: `Check it with: ${shellCommand`ls -ld ${dirname(root)} ${root}`}   If it is a file, move it away.`,
      cause: error,
    });
  }
}

/** Removes replaced states beyond the newest {@link KEPT_STATES}. */
function removeOld(paths: RestorePaths): void {
  for (const id of listOf(keptRoot(paths)).slice(0, -KEPT_STATES)) rmSync(replacedStatePath(paths, id), { recursive: true, force: true });
}
