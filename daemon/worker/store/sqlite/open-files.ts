/**
 * Tells whether the files of an open database are still those at their paths: data written to files that are no longer there is
 * lost when the process ends.
 */
import { realpathSync, statSync } from 'node:fs';
import { SIDECARS } from './database-file.js';

interface FileAt {
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
}

function stat(path: string): FileAt | undefined {
  try {
    const entry = statSync(path, { throwIfNoEntry: false });
    return entry === undefined ? undefined : { path, dev: entry.dev, ino: entry.ino };
  } catch {
    // A part of its path is no longer a directory, or may not be entered.
    return undefined;
  }
}

export class OpenFiles {
  readonly #files: readonly (FileAt | undefined)[];

  /** @param path  of a database that is open: none of its files can be another one with the same number */
  constructor(path: string) {
    const place = realpathSync(path);
    // The database by its own path, which may be a link that is changed.
    this.#files = [stat(path), ...SIDECARS.map((suffix) => stat(place + suffix))];
  }

  /** Three calls of the system, of about 2 µs each. */
  areInPlace(): boolean {
    return this.#files.every((file) => {
      const now = file && stat(file.path);
      return now !== undefined && now.ino === file?.ino && now.dev === file.dev;
    });
  }

  /** See `fileIdentity`. */
  get database(): string | undefined {
    const [file] = this.#files;
    return file && `${file.dev}:${file.ino}`;
  }
}
