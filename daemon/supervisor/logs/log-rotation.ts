/** Rotates the log by renaming and has every writer reopen it. Only the process that holds the lock rotates. */
import { renameSync, rmSync, statSync } from 'node:fs';
import { generationPath, listGenerations } from '../../../shared/node/log/log-generations.js';
import { ifPresent } from '../../../shared/node/files/if-present.js';

interface RotationOptions {
  readonly logPath: string;
  /** How many rotated files are kept (`.1` the newest). */
  readonly files: number;
}

function sizeOf(path: string): number | undefined {
  const stats = ifPresent(() => statSync(path));
  return stats?.isFile() === true ? stats.size : undefined;
}

/**
 * Renames the log file to generation 1 and each older file to the next generation. Each step is one rename onto a free name, from
 * the oldest to the newest, so a kill between two steps loses no generation; it leaves a gap in the numbers that the next rotation
 * fills. Only generations beyond `files` are deleted.
 * @throws the system error of a step that failed; earlier steps stay done, and another call resumes from there
 */
export function rotateLogs({ logPath, files }: RotationOptions): void {
  if (sizeOf(logPath) === undefined) return;
  const existing = listGenerations(logPath);
  for (const generation of existing.filter((number) => number > files)) rmSync(generationPath(logPath, generation), { force: true });
  // Only the unbroken sequence from 1 has to move; its last file moves into the gap above it.
  let free = 1;
  while (existing.includes(free)) free += 1;
  if (free > files) {
    rmSync(generationPath(logPath, files), { force: true });
    free = files;
  }
  for (let generation = free; generation > 0; generation -= 1) {
    renameSync(generationPath(logPath, generation - 1), generationPath(logPath, generation));
  }
}

interface LogRotationOptions {
  readonly logPath: string;
  readonly config: { readonly settings: { readonly logs: { readonly maxBytes: number; readonly files: number } } };
  /** Makes this process's own writer and each child's (`reopenLogs`) move on to the new file. */
  readonly reopenWriters: () => void;
  readonly onError: (error: unknown) => void;
}

/** Rotates the log when a writer requests it. */
export class LogRotation {
  readonly #options: LogRotationOptions;
  #isRotating = false;

  constructor(options: LogRotationOptions) {
    this.#options = options;
  }

  /**
   * Called when a writer has found the file full. Several writers may request it for the same file: after the first rotation the
   * others only reopen. Never throws; after a failure the writers request it again.
   */
  request(): void {
    if (this.#isRotating) return; // the supervisor's own writer may request a rotation while it reopens
    this.#isRotating = true;
    try {
      const { maxBytes, files } = this.#options.config.settings.logs;
      const { logPath } = this.#options;
      if ((sizeOf(logPath) ?? 0) >= maxBytes) rotateLogs({ logPath, files });
      this.#options.reopenWriters();
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#isRotating = false;
    }
  }
}
