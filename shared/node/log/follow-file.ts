/**
 * Follows the log while it is written, rotated, renamed, deleted or truncated: yields every line once, in order. The owner of `tail`,
 * which reads the live file. `tail` opens by name at each read, so it gets the descriptor path of our handle, which a rename does not
 * change; log-follower.ts reads the remainder after a rename and joins the generations. See docs/adr/0016-tail.md.
 */
import { existsSync, fstatSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { Tail } from 'tail';
import type { LiveBytes } from './followed-file.js';
import type { LogPosition } from './log-cursor.js';
import { LogFollower, type FollowEvent } from './log-follower.js';

export type { FollowEvent } from './log-follower.js';

export interface FollowOptions {
  /**
   * `end`: only what is written from now on; `start`: the file from its beginning; a position: from there, e.g. the
   * `end` of a page of read-log.ts. A file that does not exist yet is awaited and read from its beginning.
   */
  readonly from: 'start' | 'end' | LogPosition;
  /** Ends following after what the file contains by then. To end at once, leave the loop. */
  readonly signal: AbortSignal;
}

/** How often changes are looked for where the system does not report them (network file systems, exhausted inotify watches). */
const POLL_MS = 500;
/** A consumer that is further behind reads the file at its own pace. */
const MAX_QUEUED_BYTES = 1_048_576;
const DESCRIPTORS = '/proc/self/fd';

/** Raw bytes in the chunks in which they are read; a renamed file is not followed by name. */
const RAW = { encoding: 'latin1', separator: null, follow: false } as const;

/** The bytes that `tail` reads from an open file. */
class TailedBytes implements LiveBytes {
  readonly #tail: Tail;
  readonly #notify: () => void;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #isEnded = false;

  constructor(path: string, notify: () => void) {
    this.#notify = notify;
    this.#tail = new Tail(path, RAW);
    this.#tail.on('line', (text: string) => this.#receive(Buffer.from(text, 'latin1')));
    this.#tail.on('error', () => this.#end());
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  take(): Buffer | undefined {
    const bytes = this.#queue.shift();
    this.#queuedBytes -= bytes?.length ?? 0;
    return bytes;
  }

  close(): void {
    this.#isEnded = true;
    this.#queue = [];
    this.#tail.unwatch();
  }

  #receive(bytes: Buffer): void {
    if (this.#isEnded) return;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes > MAX_QUEUED_BYTES) this.#end();
    this.#notify();
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#tail.unwatch();
    this.#notify();
  }
}

/** Wakes a reader when the log has grown or another file is at its path, and every {@link POLL_MS}. */
class LogWatcher {
  readonly #path: string;
  #directory: FSWatcher | undefined;
  #live: TailedBytes | undefined;
  #hasChanged = false;
  #wake: (() => void) | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Watches the directory of the log; where that is not possible, the poll finds changes. */
  rearm(): void {
    this.close();
    try {
      this.#directory = watch(dirname(this.#path), (event, name) => {
        const isReadLive = event === 'change' && this.#live?.isEnded === false;
        if (!isReadLive && (name === null || name === basename(this.#path))) this.#notify();
      });
      this.#directory.on('error', () => this.#notify());
    } catch {
      // The directory does not exist, or all watches are in use.
    }
  }

  /** Reads live; see `ReadLive`. `tail` begins at the size that it finds, which is known only if nobody has written meanwhile. */
  readLive(fd: number, size: number): LiveBytes | undefined {
    if (!existsSync(DESCRIPTORS)) return undefined;
    try {
      const live = new TailedBytes(`${DESCRIPTORS}/${fd}`, () => this.#notify());
      if (fstatSync(fd).size === size) return (this.#live = live);
      live.close();
    } catch {
      // All watches are in use.
    }
    return undefined;
  }

  /** Changes from now on end the next {@link wait} at once. */
  reset(): void {
    this.#hasChanged = false;
  }

  async wait(signal: AbortSignal): Promise<void> {
    if (this.#hasChanged || signal.aborted) return;
    let timer: NodeJS.Timeout | undefined;
    let onAbort = (): void => undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, POLL_MS);
      onAbort = this.#wake = resolve;
      signal.addEventListener('abort', onAbort);
    });
    signal.removeEventListener('abort', onAbort);
    clearTimeout(timer);
    this.#wake = undefined;
  }

  close(): void {
    this.#directory?.close();
    this.#directory = undefined;
  }

  #notify(): void {
    this.#hasChanged = true;
    this.#wake?.();
  }
}

/** Yields the lines in batches, without line breaks and empty lines. The consumer sets the pace. */
export async function* followFile(logPath: string, { from, signal }: FollowOptions): AsyncGenerator<FollowEvent> {
  const watcher = new LogWatcher(logPath);
  const follower = new LogFollower(logPath, {
    from,
    onFileChange: () => watcher.rearm(),
    readLive: (fd, size) => watcher.readLive(fd, size),
  });
  watcher.rearm();
  try {
    for (;;) {
      watcher.reset();
      const isLast = signal.aborted;
      if (isLast) follower.leaveLive();
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
