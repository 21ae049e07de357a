/**
 * Watches the configuration's files for changed content; the owner of `chokidar`. Directories are watched, not files,
 * because editors replace files; a hash of the content decides, so that a touched file is no change.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Clock } from '../../shared/clock.js';
import { GatewayError } from '../../shared/errors.js';
import { readConfigText } from '../../shared/node/config-file.js';

/** A storm of saves ends in one look. */
const SETTLE_MS = 150;
/** A replaced or deleted directory is looked for this often. */
const REARM_MS = 2_000;

/** One hash over the content of all files, in order; a missing file counts as none. What cannot be read counts with the reason. */
export function hashFiles(paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of paths) {
    hash.update(contentOf(path) ?? '').update('\0');
  }
  return hash.digest('hex');
}

function contentOf(path: string): string | undefined {
  try {
    return readConfigText(path);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return error.message; // a directory, a pipe, not text: the worker that loads it says what is wrong
  }
}

export class ConfigWatch {
  readonly #paths: readonly string[];
  readonly #clock: Clock;
  readonly #onChange: (hash: string) => void;
  readonly #onError: (error: unknown) => void;
  #watcher: FSWatcher | undefined;
  #cancelSettle: (() => void) | undefined;
  #cancelRearm: (() => void) | undefined;
  #isClosed = false;
  #hash: string;

  constructor(options: { paths: readonly string[]; clock: Clock; onChange: (hash: string) => void; onError: (error: unknown) => void }) {
    this.#paths = options.paths;
    this.#clock = options.clock;
    this.#onChange = options.onChange;
    this.#onError = options.onError;
    this.#hash = hashFiles(options.paths);
  }

  /** Hash of the content last seen. */
  get hash(): string {
    return this.#hash;
  }

  start(): void {
    const directories = [...new Set(this.#paths.map((path) => dirname(path)))];
    const names = new Set(this.#paths);
    this.#watcher = watch(directories, {
      ignoreInitial: true,
      depth: 0,
      // Only our files and the directories themselves: a home full of logs costs nothing.
      ignored: (path) => !names.has(path) && !directories.includes(path),
    });
    this.#watcher.on('all', () => this.#touched());
    this.#watcher.on('error', (error) => this.#onError(error));
    this.#watcher.on('unlinkDir', () => this.#rearmLater());
  }

  /** Looks now, e.g. after a signal. */
  check(): void {
    const hash = hashFiles(this.#paths);
    if (hash === this.#hash) return;
    this.#hash = hash;
    this.#onChange(hash);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelSettle?.();
    this.#cancelRearm?.();
    await this.#watcher?.close();
  }

  #touched(): void {
    this.#cancelSettle?.();
    this.#cancelSettle = this.#clock.after(SETTLE_MS, () => this.check());
  }

  #rearmLater(): void {
    this.#cancelRearm?.();
    this.#cancelRearm = this.#clock.after(REARM_MS, () => void this.#rearm());
  }

  async #rearm(): Promise<void> {
    if (!this.#paths.every((path) => existsSync(dirname(path)))) return this.#rearmLater();
    await this.#watcher?.close();
    if (this.#isClosed) return;
    this.start();
    this.check();
  }
}
