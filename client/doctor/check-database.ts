/**
 * Checks a PostgreSQL server by connecting to it, and a SQLite file by its header alone (https://www.sqlite.org/fileformat.html,
 * "The Database Header" and "The WAL File Format"): the newest copy of the first page may still be in the write-ahead log.
 */
import { closeSync, constants, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { RESCUED } from '../../shared/backup.js';
import type { ServerReport } from '../../shared/node/database-module.js';
import { ifPresent } from '../../shared/node/files/if-present.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { fail, type Finding, ok, warn } from './finding.js';

const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';
const USER_VERSION_OFFSET = 60;
const APPLICATION_ID_OFFSET = 68;

/** As in daemon/worker/store/sqlite/migrate.ts. */
const APPLICATION_ID = 0x78_6f_70_63;
const READER_FACTOR = 65_536;

const WAL = { headerBytes: 32, frameHeaderBytes: 24, maxFrames: 50_000 } as const;

interface HeaderBytes {
  readonly size: number;
  readonly header: Buffer;
}

function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  readSync(fd, bytes, 0, length, position);
  return bytes;
}

/** @returns the result of `read`; undefined when the file does not exist @throws the file system's own error */
function withFile<T>(path: string, read: (fd: number, size: number) => T): T | undefined {
  const fd = ifPresent(() => openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
  if (fd === undefined) return undefined;
  try {
    return read(fd, fstatSync(fd).size);
  } finally {
    closeSync(fd);
  }
}

/** Returns the start of the first page as last written; frames from before the last checkpoint have other salts. */
function newestInLog(fd: number, size: number): Buffer | undefined {
  const head = readAt(fd, 0, WAL.headerBytes);
  const frameBytes = WAL.frameHeaderBytes + head.readUInt32BE(8);
  const salts = head.subarray(16, 24);
  const frames = Math.min(WAL.maxFrames, Math.floor((size - WAL.headerBytes) / frameBytes));
  let newest: Buffer | undefined;
  for (let number = 0; number < frames; number += 1) {
    const at = WAL.headerBytes + number * frameBytes;
    const frame = readAt(fd, at, WAL.frameHeaderBytes);
    if (!frame.subarray(8, 16).equals(salts)) break;
    if (frame.readUInt32BE(0) === 1) newest = readAt(fd, at + WAL.frameHeaderBytes, HEADER_BYTES);
  }
  return newest;
}

function readHeader(path: string): HeaderBytes | undefined {
  const main = withFile(path, (fd, size) => ({ size, header: readAt(fd, 0, HEADER_BYTES) }));
  const newest = main === undefined ? undefined : withFile(`${path}-wal`, newestInLog);
  return main === undefined || newest === undefined ? main : { ...main, header: newest };
}

function inspect(path: string, { size, header }: HeaderBytes): Finding {
  // SQLite treats a file of one byte as empty.
  if (size <= 1) {
    return fail('database', `${path} is empty: its content was cut off`, {
      fix: `Restore a backup with: xopc restore FILE   Or move it and ${path}-wal away to begin with a new database`,
    });
  }
  const setAside = 'The next start sets it aside and creates a new one; recover the readable part with: sqlite3 FILE .recover';
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) return fail('database', `${path} is not an SQLite database`, { fix: setAside });
  if (header.readUInt32BE(APPLICATION_ID_OFFSET) !== APPLICATION_ID)
    return fail('database', `${path} belongs to another program, or is empty`, { fix: 'Move it away' });
  const packed = header.readUInt32BE(USER_VERSION_OFFSET);
  const megabytes = (size / 1_048_576).toFixed(1);
  return ok('database', `${path} has schema version ${packed % READER_FACTOR} and ${megabytes} MB`);
}

export function checkFile({ databasePath }: GatewayPaths): Finding {
  try {
    if (existsSync(databasePath + RESCUED)) return ok('database', `${databasePath}${RESCUED} is put in its place at the next start`);
    const found = readHeader(databasePath);
    if (found !== undefined) return inspect(databasePath, found);
    if ((statSync(`${databasePath}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0) {
      return ok('database', `${databasePath} is created at the first start`);
    }
    return fail('database', `${databasePath} is missing, but its log ${databasePath}-wal is there`, {
      fix: 'Put it back, or restore a backup with: xopc restore FILE   Or move the log away to begin with a new database',
    });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return fail('database', `${databasePath} cannot be read (${code})`, {
      fix: code === 'EISDIR' ? 'Move the directory away' : `Make this user its owner, with mode 0600: ${databasePath}`,
    });
  }
}

const SERVER_WARNINGS: Readonly<Record<string, string>> = { STORE_SEARCH_SLOW: 'database-search', STORE_LOCALE: 'database-locale' };

/** Checks a PostgreSQL database. */
function serverFindings({ summary, problem, warnings }: ServerReport): Finding[] {
  return [
    problem === undefined ? ok('database', summary) : fail('database', problem.message, { fix: problem.fix }),
    ...warnings.map(({ code, message, hint }) => warn(SERVER_WARNINGS[code] ?? 'database', message, { fix: hint })),
  ];
}

interface ServerPlace {
  /** `store.url` */
  readonly url: string | undefined;
  readonly inspectServer: (url: string) => Promise<ServerReport>;
}

/** If the file's schema is newer than this version supports, the worker refuses to start and `status` shows the reason. */
export async function checkDatabase(paths: GatewayPaths, { url, inspectServer }: ServerPlace): Promise<Finding[]> {
  return url === undefined ? [checkFile(paths)] : serverFindings(await inspectServer(url));
}
