/** Reads the log and every file that takes its place, in the order in which they were written. */
import { setTimeout as delay } from 'node:timers/promises';
import { FollowedFile, type FileEvent } from './followed-file.js';
import type { LogPosition } from './log-cursor.js';
import { fileIdAt, openGeneration, walkGenerations, type OpenGeneration } from './log-generations.js';

export type FollowEvent =
  | FileEvent
  /** Files were rotated away before they could be read. */
  | { readonly type: 'gap' };

export interface FollowerOptions {
  readonly from: 'start' | 'end' | LogPosition;
  /** Called when another file is being read: what is watched has to follow. */
  readonly onFileChange: () => void;
}

/** A writer that has not heard of a rotation goes on writing to the old file for a while. */
const LATE_WRITER_MS = 5_000;
const MAX_RETIRED = 8;
/** An unfinished line at the end of a rotated file gets this long to be finished. */
const UNFINISHED_LINE_MS = 50;

const identity = (file: OpenGeneration): string => `${file.id}:${file.stats.birthtimeNs}`;

async function closeAll(files: readonly OpenGeneration[]): Promise<void> {
  await Promise.all(files.map((file) => file.handle.close()));
}

export class LogFollower {
  readonly #logPath: string;
  readonly #onFileChange: () => void;
  #from: FollowerOptions['from'];
  #current: FollowedFile | undefined;
  #successor: OpenGeneration | undefined;
  #hasWaitedForLine = false;
  #isGapUnsaid = false;
  #retired: { readonly file: FollowedFile; readonly untilMs: number }[] = [];
  /** Generations that are older than the current file: never to be read. */
  #older = new Set<string>();

  constructor(logPath: string, options: FollowerOptions) {
    this.#logPath = logPath;
    this.#from = options.from;
    this.#onFileChange = options.onFileChange;
  }

  /** The next batch. @returns undefined when there is nothing new for now */
  async next(): Promise<FollowEvent | undefined> {
    for (;;) {
      const event = await this.#step();
      if (event !== 'again') return event;
    }
  }

  async close(): Promise<void> {
    const successor = this.#successor;
    this.#successor = undefined;
    const files = [...this.#retired.map(({ file }) => file), ...(this.#current === undefined ? [] : [this.#current])];
    this.#retired = [];
    this.#current = undefined;
    await Promise.all([...files.map((file) => file.close()), successor?.handle.close()]);
  }

  async #step(): Promise<FollowEvent | undefined | 'again'> {
    if (this.#isGapUnsaid) {
      this.#isGapUnsaid = false;
      return { type: 'gap' };
    }
    const late = await this.#readRetired();
    if (late !== undefined) return late;
    if (this.#current === undefined) return (await this.#openFirst()) ? 'again' : undefined;
    const event = await this.#current.read();
    if (event !== undefined) return event;
    if (this.#successor === undefined) {
      this.#successor = await this.#findSuccessor(this.#current);
      // Once more: it may have been written to between the last read and its replacement.
      return this.#successor === undefined ? undefined : 'again';
    }
    if (this.#current.hasUnfinishedLine && !this.#hasWaitedForLine) {
      this.#hasWaitedForLine = true;
      await delay(UNFINISHED_LINE_MS);
      return 'again';
    }
    return this.#moveOn(this.#current, this.#successor);
  }

  async #moveOn(previous: FollowedFile, successor: OpenGeneration): Promise<FollowEvent | 'again'> {
    const rest = previous.flush();
    this.#retired.push({ file: previous, untilMs: Date.now() + LATE_WRITER_MS });
    if (this.#retired.length > MAX_RETIRED) await this.#retired.shift()?.file.close();
    this.#successor = undefined;
    this.#hasWaitedForLine = false;
    await this.#adopt(successor, 0);
    return rest === undefined ? 'again' : { type: 'lines', lines: [rest] };
  }

  async #adopt(file: OpenGeneration, offset: number): Promise<void> {
    this.#current = new FollowedFile(file, offset);
    this.#older = new Set();
    for await (const older of walkGenerations(this.#logPath, file.generation + 1)) {
      if (older.id !== file.id) this.#older.add(identity(older));
      await older.handle.close();
    }
    this.#onFileChange();
  }

  async #readRetired(): Promise<FollowEvent | undefined> {
    for (const entry of this.#retired) {
      const event = await entry.file.read();
      if (event?.type === 'lines') return event;
      if (event === undefined && Date.now() < entry.untilMs) continue;
      const rest = entry.file.flush();
      this.#retired = this.#retired.filter((other) => other !== entry);
      await entry.file.close();
      if (rest !== undefined) return { type: 'lines', lines: [rest] };
    }
    return undefined;
  }

  async #openFirst(): Promise<boolean> {
    const from = this.#from;
    this.#from = 'start';
    if (typeof from === 'object') {
      for await (const file of walkGenerations(this.#logPath)) {
        if (file.id === from.fileId) {
          await this.#adopt(file, from.offset);
          return true;
        }
        await file.handle.close();
      }
      this.#isGapUnsaid = true;
    }
    const file = await openGeneration(this.#logPath, 0);
    if (file === undefined) return false;
    await this.#adopt(file, from === 'end' ? Number(file.stats.size) : 0);
    return true;
  }

  /** The file that was written right after the current one: the oldest of those that are newer. */
  async #findSuccessor(current: FollowedFile): Promise<OpenGeneration | undefined> {
    if (fileIdAt(this.#logPath) === current.id) return undefined;
    const newer: OpenGeneration[] = [];
    let isCurrentFound = false;
    for await (const file of walkGenerations(this.#logPath)) {
      isCurrentFound = file.id === current.id;
      if (isCurrentFound) {
        await file.handle.close();
        break;
      }
      newer.push(file);
    }
    const candidates = isCurrentFound ? newer : await this.#withoutOlder(newer, current);
    const successor = candidates.at(-1);
    await closeAll(newer.filter((file) => file !== successor));
    // Deleted, or rotated away altogether: in the latter case there may have been files in between.
    if (!isCurrentFound && (successor?.generation ?? 0) > 0) this.#isGapUnsaid = true;
    return successor;
  }

  /** Our file has no name any more, so its place in the row is unknown: what was there before it, or older, is left out. */
  async #withoutOlder(files: readonly OpenGeneration[], current: FollowedFile): Promise<OpenGeneration[]> {
    const modifiedAtNs = await current.modifiedAtNs();
    return files.filter((file) => file.generation === 0 || (!this.#older.has(identity(file)) && file.stats.mtimeNs >= modifiedAtNs));
  }
}
