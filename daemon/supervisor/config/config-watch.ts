/**
 * Watches the configuration's files for changed content; the owner of `chokidar`. Directories are watched, not files, because
 * editors replace files; a hash of the content decides, so touching a file does not count as a change. A check every five seconds
 * finds changes without an event: a replaced directory, a network or container mount, an exhausted inotify limit.
 */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { readConfigText } from '../../../shared/node/config/config-file.js';

/** Several saves in a row cause one check. */
const SETTLE_MS = 150;
/** Interval of the check for changes without an event. */
export const LOOK_MS = 5_000;

/** Returns one hash over the content of all files in order. For a file that cannot be read, the reason is hashed. */
export function hashFiles(paths: readonly string[]): string {
  return readFiles(paths).hash;
}

function readFiles(paths: readonly string[]): { readonly hash: string; readonly areReadable: boolean } {
  const hash = createHash('sha256');
  const contents = paths.map((path) => contentOf(path));
  for (const { text } of contents) hash.update(text === undefined ? '\0' : `=${text}\0`);
  return { hash: hash.digest('hex'), areReadable: contents.every(({ isReadable }) => isReadable) };
}

function contentOf(path: string): { readonly text: string | undefined; readonly isReadable: boolean } {
  try {
    return { text: readConfigText(path), isReadable: true };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    // A directory, a pipe or a binary file: the worker that loads it reports the error.
    return { text: error.message, isReadable: false };
  }
}

/** Returns the identity of a file or directory and the state of a file; `absent` when it cannot be read. */
function fingerprint(path: string): string {
  try {
    const entry = statSync(path);
    const identity = `${entry.dev}:${entry.ino}`;
    return entry.isDirectory() ? identity : `${identity}:${entry.size}:${entry.mtimeMs}`;
  } catch {
    return 'absent';
  }
}

export class ConfigWatch {
  readonly #paths: readonly string[];
  readonly #directories: readonly string[];
  readonly #clock: Clock;
  readonly #onChange: (hash: string) => void;
  readonly #onError: (error: unknown) => void;
  #watcher: FSWatcher | undefined;
  #cancelSettle: (() => void) | undefined;
  #cancelLook: (() => void) | undefined;
  #isClosed = false;
  #watched = '';
  /** State of the files when they were last checked. */
  #files = '';
  /** False: the file may become readable without changing, e.g. when descriptors are free again. */
  #areReadable = true;
  /** Hash of the content last seen. */
  #hash: string;

  constructor(options: { paths: readonly string[]; clock: Clock; onChange: (hash: string) => void; onError: (error: unknown) => void }) {
    this.#paths = options.paths;
    this.#directories = [...new Set(options.paths.map((path) => dirname(path)))];
    this.#clock = options.clock;
    this.#onChange = options.onChange;
    this.#onError = options.onError;
    this.#hash = hashFiles(options.paths);
  }

  start(): void {
    this.#arm();
    this.#files = this.#fileState();
    this.#lookLater();
  }

  /** Checks now whether the content has changed. Skipped while a directory is missing: it may be in the middle of being replaced. */
  check(): void {
    if (this.#directoryState().includes('absent')) return;
    this.#files = this.#fileState();
    const { hash, areReadable } = readFiles(this.#paths);
    this.#areReadable = areReadable;
    if (hash === this.#hash) return;
    this.#hash = hash;
    this.#onChange(hash);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelSettle?.();
    this.#cancelLook?.();
    await this.#watcher?.close();
  }

  #arm(): void {
    this.#watched = this.#directoryState();
    this.#watcher = watch([...this.#directories], {
      ignoreInitial: true,
      depth: 0,
      // A watcher closed while it starts can leave a system watch open (1 of 1,500 tries), which must not keep the process alive.
      persistent: false,
      // Watches only our files and the directories themselves, so a home full of logs costs nothing.
      ignored: (path) => !this.#paths.includes(path) && !this.#directories.includes(path),
    });
    this.#watcher.on('all', () => this.#touched());
    // chokidar reports no event for changes made while it was starting.
    this.#watcher.on('ready', () => this.#touched());
    this.#watcher.on('error', (error) => this.#onError(error));
  }

  #touched(): void {
    if (this.#isClosed) return;
    this.#cancelSettle?.();
    this.#cancelSettle = this.#clock.after(SETTLE_MS, () => this.check());
  }

  #lookLater(): void {
    this.#cancelLook = this.#clock.after(LOOK_MS, () => {
      this.#look();
      this.#lookLater();
    });
  }

  #look(): void {
    const directories = this.#directoryState();
    const isReplaced = directories !== this.#watched && !directories.includes('absent');
    const isUnreported = this.#fileState() !== this.#files;
    // A change without an event: the watch has lost the file, for example because a file replaced a link.
    if (isReplaced || isUnreported) this.#rearm();
    if (isUnreported || !this.#areReadable) this.#touched();
  }

  #rearm(): void {
    this.#watcher?.close().catch((error: unknown) => this.#onError(error));
    this.#arm();
  }

  #directoryState(): string {
    return this.#directories.map((path) => fingerprint(path)).join(' ');
  }

  #fileState(): string {
    return this.#paths.map((path) => fingerprint(path)).join(' ');
  }
}
