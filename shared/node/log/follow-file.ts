/**
 * Follows the log while it is written, rotated, renamed, deleted, truncated: every line once, in order. The owner of `tail`, which reads
 * the live file. It opens by name at each read, so it gets the descriptor path of a handle of ours, which a rename does not change;
 * log-follower.ts reads the remainder after a rename and joins the generations. See docs/adr/0016-tail.md.
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
   * `end` of a page of read-log.ts. A file that does not exist yet is waited for and read from its beginning.
   */
  readonly from: 'start' | 'end' | LogPosition;
  /** Ends it, after what is in the file by then. To end at once, leave the loop. */
  readonly signal: AbortSignal;
}

/** Where the system's notifications do not reach (network file systems, used-up inotify watches), this finds changes. */
const POLL_MS = 500;
/** A consumer that is this far behind reads the file at its own pace. */
const MAX_QUEUED_BYTES = 1_048_576;
const DESCRIPTORS = '/proc/self/fd';

/** Bytes as they are, in pieces as they are read; a file that was renamed is left. */
const RAW = { encoding: 'latin1', separator: null, follow: false } as const;

/** What `tail` reads of an open file. */
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
  /** Where there are no descriptor paths: what it reads is thrown away, and its reading wakes ours. */
  #waker: TailedBytes | undefined;
  #live: TailedBytes | undefined;
  #hasChanged = false;
  #wake: (() => void) | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Watches what is at the path now; the poll stands in for what cannot be watched. */
  rearm(): void {
    this.close();
    try {
      if (!existsSync(DESCRIPTORS)) this.#waker = new TailedBytes(this.#path, () => this.#discard());
      this.#directory = watch(dirname(this.#path), (event, name) => {
        const isReadLive = event === 'change' && this.#live?.isEnded === false;
        if (!isReadLive && (name === null || name === basename(this.#path))) this.#notify();
      });
      this.#directory.on('error', () => this.#notify());
    } catch {
      // It does not exist, or all watches are in use.
    }
  }

  /** See `ReadLive`. `tail` begins at the size that it finds, which is known only if nobody has written meanwhile. */
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
    this.#waker?.close();
    this.#waker = undefined;
    this.#directory?.close();
    this.#directory = undefined;
  }

  #discard(): void {
    while (this.#waker?.take() !== undefined);
    this.#notify();
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
