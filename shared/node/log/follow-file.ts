/**
 * Follows the log while it is written, rotated, renamed, deleted, truncated: every line once, in order. The owner of
 * `tail`, which is used to learn that something changed; reading is by our own handles (log-follower.ts), because
 * tail's reader opens files by name and loses what a rotation moves.
 */
import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { Tail } from 'tail';
import type { LogPosition } from './log-cursor.js';
import { LogFollower, type FollowEvent } from './log-follower.js';

export type { FollowEvent } from './log-follower.js';

export interface FollowOptions {
  /**
   * `end`: only what is written from now on; `start`: the file from its beginning; a position: from there, e.g. the
   * `end` of a page of read-log.ts. A file that does not exist yet is waited for and read from its beginning.
   */
  readonly from: 'start' | 'end' | LogPosition;
  /** Ends it, after what is in the file by then. To end at once, leave the loop. */
  readonly signal: AbortSignal;
}

/** Where the system's notifications do not reach (network file systems, used-up inotify watches), this finds changes. */
const POLL_MS = 500;

/** `tail` as a watcher: what it would read, and the second that it waits after a rename, are left out. */
class FileChanges extends Tail {
  declare readonly watcher?: FSWatcher;
  notify: (() => void) | undefined;

  constructor(path: string, notify: () => void) {
    super(path, { encoding: 'latin1', separator: null, follow: false });
    this.notify = notify;
    this.on('error', notify);
    this.watcher?.on('error', notify);
  }

  change(): void {
    this.notify?.();
  }

  rename(): void {
    this.notify?.();
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Wakes a reader when the file or its directory changes, and every {@link POLL_MS}. */
class ChangeWatcher {
  readonly #path: string;
  #file: FileChanges | undefined;
  #directory: FSWatcher | undefined;
  #hasChanged = false;
  #wake: (() => void) | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Watches what is at the path now; the poll stands in for what cannot be watched. */
  rearm(): void {
    this.close();
    try {
      this.#file = new FileChanges(this.#path, () => this.#notify());
    } catch {
      // It does not exist, or all watches are in use.
    }
    try {
      this.#directory = watch(dirname(this.#path), (_event, name) => {
        if (name === null || name === basename(this.#path)) this.#notify();
      });
      this.#directory.on('error', () => this.#notify());
    } catch {
      // As above.
    }
  }

  /** Changes from now on end the next {@link wait} at once. */
  reset(): void {
    this.#hasChanged = false;
  }

  async wait(signal: AbortSignal): Promise<void> {
    if (this.#hasChanged || signal.aborted) return;
    const { promise, resolve } = withResolvers();
    const timer = setTimeout(resolve, POLL_MS);
    this.#wake = resolve;
    signal.addEventListener('abort', resolve);
    await promise;
    signal.removeEventListener('abort', resolve);
    clearTimeout(timer);
    this.#wake = undefined;
  }

  close(): void {
    this.#file?.unwatch();
    this.#file = undefined;
    this.#directory?.close();
    this.#directory = undefined;
  }

  #notify(): void {
    this.#hasChanged = true;
    this.#wake?.();
  }
}

/**
 * Follows the log. Lines arrive in batches, without line breaks, empty ones left out; the consumer sets the pace.
 * Each wait between batches lets other work go on.
 */
export async function* followFile(logPath: string, options: FollowOptions): AsyncGenerator<FollowEvent> {
  const { signal } = options;
  const watcher = new ChangeWatcher(logPath);
  const follower = new LogFollower(logPath, { from: options.from, onFileChange: () => watcher.rearm() });
  watcher.rearm();
  try {
    for (;;) {
      watcher.reset();
      const isLast = signal.aborted;
      const event = await follower.next();
      if (event !== undefined) yield event;
      else if (isLast) return;
      else await watcher.wait(signal);
    }
  } finally {
    watcher.close();
    await follower.close();
  }
}
