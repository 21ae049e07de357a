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
 * Makes the log file generation 1 and the older ones one older. Each step is one rename onto a free name, from the
 * oldest to the newest, so that a kill between two steps leaves every generation once, with a gap in the numbers that
 * the next rotation fills. Only what is beyond `files` is deleted.
 * @throws the system error of a step that failed; the earlier steps stand, and calling again goes on from there
 */
export function rotateLogs({ logPath, files }: RotationOptions): void {
  if (sizeOf(logPath) === undefined) return;
  const existing = listGenerations(logPath);
  for (const generation of existing.filter((number) => number > files)) rmSync(generationPath(logPath, generation), { force: true });
  // The unbroken run from 1 is what has to move; a gap above it takes the last of them.
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

/** Rotates when a writer asks for it. */
export class LogRotation {
  readonly #options: LogRotationOptions;
  #isRotating = false;

  constructor(options: LogRotationOptions) {
    this.#options = options;
  }

  /**
   * Called when a writer has found the file full. Several writers ask for the same file: once it is rotated, the others only
   * reopen it. Never throws; after a failure the writers ask again.
   */
  request(): void {
    if (this.#isRotating) return; // the supervisor's own writer may ask while it reopens
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
