/** One open file that is only appended to: its identity, size and last line. */
import { closeSync, constants, fchmodSync, fstatSync, mkdirSync, openSync, readSync, statSync, writeSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';

/** The write system call; tests replace it to simulate a full or failing disk. */
export type WriteSync = (fd: number, data: Uint8Array) => number;

const NEWLINE = 0x0a;
// O_NONBLOCK: a pipe at the path must not block the process. It has no effect on a regular file.
const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);

/** Returns the code of a system error (`ENOSPC`), or `unknown`. */
export function systemErrorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}

const sameFile = (a: Stats, b: Stats): boolean => a.ino === b.ino && a.dev === b.dev;

function openInOwnDirectory(path: string): number {
  try {
    return openSync(path, FLAGS, 0o600);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { mode: 0o700 });
    return openSync(path, FLAGS, 0o600);
  }
}

function repairMode(fd: number, stats: Stats): void {
  if (!stats.isFile() || (stats.mode & 0o077) === 0) return;
  try {
    fchmodSync(fd, 0o600);
  } catch {
    // Another user's file, or a file system without modes: logging continues.
  }
}

export class AppendFile {
  /** False for a terminal, a pipe or a device at the path: no size, no rotation. */
  readonly isRegular: boolean;
  readonly #fd: number;
  readonly #stats: Stats;
  readonly #write: WriteSync;

  /** Opens or creates the file (0600; a wider mode is repaired) and its directory (0700). @throws the system error */
  constructor(path: string, write: WriteSync = writeSync) {
    this.#fd = openInOwnDirectory(path);
    this.#stats = fstatSync(this.#fd);
    this.#write = write;
    this.isRegular = this.#stats.isFile();
    repairMode(this.#fd, this.#stats);
  }

  /** Returns the bytes in the file, of all writers. */
  size(): number {
    return this.isRegular ? fstatSync(this.#fd).size : 0;
  }

  isSameAs(other: AppendFile): boolean {
    return sameFile(this.#stats, other.#stats);
  }

  /** Whether the path still leads to this file. */
  isAt(path: string): boolean {
    try {
      return sameFile(statSync(path), this.#stats);
    } catch {
      return false;
    }
  }

  /** Whether the last write to the file, of any writer, ended inside a line, as far as it can be read. */
  endsInsideLine(): boolean {
    const size = this.size();
    const last = Buffer.alloc(1);
    try {
      return size > 0 && readSync(this.#fd, last, 0, 1, size - 1) === 1 && last[0] !== NEWLINE;
    } catch {
      return true;
    }
  }

  /** Writes as much of `data` as the disk accepts. Never throws; `failure` is the system error's code. */
  append(data: Buffer): { readonly written: number; readonly failure?: string } {
    let written = 0;
    try {
      while (written < data.length) written += this.#write(this.#fd, data.subarray(written));
      return { written };
    } catch (error) {
      return { written, failure: systemErrorCode(error) };
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}
