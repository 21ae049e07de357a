/** Checks permissions, disk space and sizes of the home's files. */
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, statfsSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { GatewayError } from '../../shared/errors.js';
import { inspectOwner } from '../../shared/node/process/owner-record.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { shellCommand } from '../../shared/text/shell-word.js';
import { serviceDirectory, serviceEnvPath } from '../service/files/install-record.js';
import { fail, type Finding, ok, reasonOf, warn } from './finding.js';

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
/** Permission bits of the group and of others. */
const OPEN_BITS = 0o077;

/** Also undefined when a directory in the path is a file, which is reported separately. */
function entryOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}

const octal = (mode: number): string => (mode & 0o777).toString(8).padStart(4, '0');

const moveAway = (path: string): string => shellCommand`mv ${path} ${`${path}.away`}`;

interface Permission {
  readonly path: string;
  readonly problem: string;
  /** Returns a function that repairs the file; undefined if this process cannot do so. */
  readonly mode?: number;
}

function inspect(path: string, kind: 'directory' | 'file'): Permission | undefined {
  const entry = entryOf(path);
  if (entry === undefined) return undefined;
  if (kind === 'directory' ? !entry.isDirectory() : !entry.isFile())
    return { path, problem: kind === 'directory' ? 'is not a directory' : 'is not a regular file' };
  const uid = process.getuid?.();
  if (uid === undefined) return undefined;
  if (entry.uid !== uid) return { path, problem: `belongs to user id ${entry.uid}, not ${uid}` };
  const isShared = kind === 'directory' && (entry.mode & 0o1000) !== 0;
  if (isShared) return { path, problem: 'is a shared directory' };
  if ((entry.mode & OPEN_BITS) === 0) return undefined;
  return { path, problem: `is accessible to other users (${octal(entry.mode)})`, mode: kind === 'directory' ? DIRECTORY_MODE : FILE_MODE };
}

function toFinding(id: string, good: string, problems: readonly Permission[]): Finding {
  if (problems.length === 0) return ok(id, good);
  const message = problems.map(({ path, problem }) => `${path} ${problem}`).join('; ');
  const misplaced = problems.filter(({ problem }) => problem.startsWith('is not a'));
  if (misplaced.length === problems.length) return fail(id, message, { fix: misplaced.map(({ path }) => moveAway(path)).join(' && ') });
  const closable = problems.filter(({ mode }) => mode !== undefined);
  if (closable.length < problems.length)
    return fail(id, message, { fix: 'Make this user its owner, or set XOPC_HOME to a directory of your own' });
  const commands = closable.map(({ path, mode = 0 }) => shellCommand`chmod ${mode.toString(8)} ${path}`);
  return fail(id, message, {
    fix: commands.join(' && '),
    repair: () => {
      for (const { path, mode = 0 } of closable) chmodSync(path, mode);
      return commands.join(', ');
    },
  });
}

/** Checks the owner record. Reports it only if it is damaged or cannot be used. */
export function checkOwner({ dataDir, ownerPath }: GatewayPaths, problem: GatewayError | undefined): Finding[] {
  if (problem !== undefined) return [fail('owner', problem.message, { fix: problem.hint })];
  const record = inspectOwner(dataDir);
  if (record.kind !== 'damaged') return [];
  const fix = 'The next start of this configuration repairs it, and keeps a copy: the files beside it show whose data it is';
  return [warn('owner', `${ownerPath} is damaged: ${record.reason}`, { fix })];
}

export function checkDirectories(paths: GatewayPaths): Finding {
  if (entryOf(paths.home) === undefined) return ok('directories', `${paths.home} is created at the first start`);
  const names = [
    paths.home,
    paths.dataDir,
    paths.lockDir,
    dirname(paths.controlPath),
    paths.logDir,
    paths.stateDir,
    paths.configVersionsDir,
    paths.credentialsDir,
  ];
  const own = [...new Set([...names, serviceDirectory(paths), join(paths.home, 'cache')])];
  const problems = own.map((path) => inspect(path, 'directory')).filter((problem) => problem !== undefined);
  return toFinding('directories', `${paths.home} is private to this user`, problems);
}

/** Files that contain secrets or conversations. A configuration named with `--config` or XOPC_CONFIG only has to be readable; the check `config` shows that. */
export function checkPrivateFiles(paths: GatewayPaths): Finding {
  const databases = existsSync(paths.stateDir) && entryOf(paths.stateDir)?.isDirectory() === true ? readdirSync(paths.stateDir) : [];
  const usualConfig = join(paths.home, 'config.json');
  const files = [
    ...(paths.configPath === usualConfig ? [usualConfig] : []),
    paths.modelsPath,
    serviceEnvPath(paths),
    ...databases.map((name) => join(paths.stateDir, name)).filter((path) => entryOf(path)?.isFile()),
  ];
  const problems = files.map((path) => inspect(path, 'file')).filter((problem) => problem !== undefined);
  return toFinding('private-files', `the files in ${paths.home} are private to this user`, problems);
}

export function checkTokenFile({ tokenPath }: GatewayPaths): Finding {
  const id = 'token-file';
  const entry = entryOf(tokenPath);
  if (entry === undefined) return ok(id, `${tokenPath} is created when it is needed`);
  const problem = inspect(tokenPath, 'file');
  if (problem !== undefined) return toFinding(id, '', [problem]);
  try {
    const text = readFileSync(tokenPath, 'utf8').trim();
    if (/^[\x21-\x7e]{16,4096}$/.test(text)) return ok(id, `${tokenPath} is private to this user`);
    return text === ''
      ? warn(id, `${tokenPath} is empty; the next start generates a new token, and refuses clients with the old one`, {
          fix: `Put the token back into ${tokenPath}, or accept a new one: xopc gateway token --rotate`,
        })
      : fail(id, `${tokenPath} holds an invalid token, or one with fewer than 16 characters`, { fix: 'xopc gateway token --rotate' });
  } catch (error) {
    return fail(id, `${tokenPath} cannot be read: ${reasonOf(error)}`, { fix: shellCommand`chmod 600 ${tokenPath}` });
  }
}

const MEGABYTE = 1_048_576;
/** Limits in bytes: below the first the database may run out of space within a day, below the second at once. */
const ROOM = { warn: 500 * MEGABYTE, fail: 50 * MEGABYTE } as const;

function existingParent(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existingParent(dirname(path));
}

/** Checks the disk of the database, because accepted messages must be stored before they are acknowledged. */
export function checkDisk(
  paths: GatewayPaths,
  room: (path: string) => { bavail: number; bsize: number; files: number; ffree: number } = statfsSync,
): Finding {
  const path = existingParent(paths.stateDir);
  const { bavail, bsize, files, ffree } = room(path);
  const free = bavail * bsize;
  const text = `${Math.floor(free / MEGABYTE)} MB are free for ${path}`;
  const fix = 'Free some space; the log and old copies of the database are in ' + paths.home;
  if (free < ROOM.fail) return fail('disk', text, { fix });
  if (files > 0 && ffree < 1_000) return fail('disk', `${text}, and only ${ffree} more files can be created`, { fix });
  return free < ROOM.warn ? warn('disk', text, { fix }) : ok('disk', text);
}

/** Beyond this the writer drops lines (shared/node/log/log-file.ts). */
const LOG_SLACK = 1.5;

export function checkLog({ logDir, logPath }: GatewayPaths, limits: { maxBytes: number; files: number }): Finding {
  const directory = entryOf(logDir);
  if (directory === undefined) return ok('log', 'there is no log yet');
  if (!directory.isDirectory()) return fail('log', `${logDir} is not a directory, so nothing is logged`, { fix: moveAway(logDir) });
  const isObstructed = lstatSync(logPath, { throwIfNoEntry: false }) !== undefined && entryOf(logPath)?.isFile() !== true;
  if (isObstructed) return fail('log', `${logPath} is not a regular file, so nothing is logged`, { fix: moveAway(logPath) });
  const names = readdirSync(logDir).filter((name) => name.startsWith(basename(logPath)));
  const size = names.reduce((sum, name) => sum + (lstatSync(join(logDir, name), { throwIfNoEntry: false })?.size ?? 0), 0);
  const cap = limits.maxBytes * LOG_SLACK * (limits.files + 1);
  const text = `${names.length} ${names.length === 1 ? 'file' : 'files'} with ${(size / MEGABYTE).toFixed(1)} MB in ${logDir}`;
  return size > cap
    ? warn('log', `${text}, more than logs.maxBytes and logs.files allow`, {
        fix: `Remove the old ones: ${join(logDir, `${basename(logPath)}.*`)}`,
      })
    : ok('log', text);
}
