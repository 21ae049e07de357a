/** The log file and its rotated generations: `gateway.log` is written to, `.1` is the newest of the old ones. */
import { constants, readdirSync, statSync, type BigIntStats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

const NO_DIRECTORY: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR']);

/** Path of a generation; 0 is the log file itself. */
export function generationPath(logPath: string, generation: number): string {
  return generation === 0 ? logPath : `${logPath}.${generation}`;
}

/** Lists the numbers of the rotated generations, newest (1) first. @throws the system error for a directory that cannot be read */
export function listGenerations(logPath: string): number[] {
  const prefix = `${basename(logPath)}.`;
  let names: string[];
  try {
    names = readdirSync(dirname(logPath));
  } catch (error) {
    if (error instanceof Error && 'code' in error && NO_DIRECTORY.has(error.code)) return [];
    throw error;
  }
  const numbers = names.filter((name) => name.startsWith(prefix) && /^[1-9]\d{0,5}$/.test(name.slice(prefix.length)));
  return numbers.map((name) => Number(name.slice(prefix.length))).toSorted((a, b) => a - b);
}

/** Identifies a file for as long as it exists, whatever its name. */
export function fileId(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}`;
}

/** Id of the file that a path leads to now; undefined when there is none. */
export function fileIdAt(path: string): string | undefined {
  try {
    return fileId(statSync(path, { bigint: true }));
  } catch {
    return undefined;
  }
}

/** An open generation. While it is open its inode cannot be reused, so `id` stays valid. */
export interface OpenGeneration {
  readonly handle: FileHandle;
  readonly id: string;
  /** Where it was found; a rotation may have moved it since. */
  readonly generation: number;
  readonly stats: BigIntStats;
}

// Opening a pipe in place of the file would block until there is a writer; the flag has no effect on a regular file.
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
/** Missing, a dangling or circular link, or a socket. */
const NO_FILE: ReadonlySet<unknown> = new Set(['ENOENT', 'ELOOP', 'ENXIO']);

/** Opens one generation for reading. @returns undefined when it does not exist or is not a regular file */
export async function openGeneration(logPath: string, generation: number): Promise<OpenGeneration | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(generationPath(logPath, generation), FLAGS);
  } catch (error) {
    if (error instanceof Error && 'code' in error && NO_FILE.has(error.code)) return undefined;
    throw error;
  }
  const stats = await handle.stat({ bigint: true });
  if (stats.isFile()) return { handle, id: fileId(stats), generation, stats };
  await handle.close();
  return undefined;
}

/**
 * Opens the generations from newest to oldest. If a rotation moves files to higher numbers meanwhile, it continues after the last
 * one opened, so that nothing is missed, repeated or out of order. The caller closes each handle.
 */
export async function* walkGenerations(logPath: string, from = 0): AsyncGenerator<OpenGeneration> {
  let last: OpenGeneration | undefined;
  for (let generation = from; generation <= (listGenerations(logPath).at(-1) ?? 0); generation += 1) {
    const opened = await openGeneration(logPath, generation);
    if (opened === undefined) continue;
    const movedTo = last === undefined ? undefined : movedGeneration(logPath, last);
    if (last === undefined || movedTo === undefined) {
      last = opened;
      yield opened;
    } else {
      await opened.handle.close();
      last = { ...last, generation: movedTo };
      generation = movedTo;
    }
  }
}

/** Returns where rotations have moved a file since; undefined when it has not moved or no longer exists. */
function movedGeneration(logPath: string, { id, generation }: OpenGeneration): number | undefined {
  const isAt = (number: number): boolean => fileIdAt(generationPath(logPath, number)) === id;
  return isAt(generation) ? undefined : listGenerations(logPath).find((number) => number > generation && isAt(number));
}
