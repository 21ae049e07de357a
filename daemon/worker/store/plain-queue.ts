/**
 * Plain writes that wait, and how they come to the writer thread: a few at a time while more come in, so that the thread
 * writes while the event loop still reads requests. What waits in the thread shares a transaction there.
 */
import type { PlainValue, PlainWrite } from './plain-write.js';
import type { Queries } from './schema.js';
import { classifyFault } from './sqlite-errors.js';
import type { ThreadWrite, WriterThread } from './writer-thread.js';

export type PlainValues = Readonly<Record<string, PlainValue>>;

export interface PlainPending {
  readonly write: PlainWrite<PlainValues>;
  readonly parameters: PlainValues;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Where they are written to. */
export interface FeedTarget {
  readonly thread: Pick<WriterThread, 'commit'>;
  readonly writer: Queries;
  /** Asked before each further batch: false when something else must be written first, or nothing can be any more. */
  mayGoOn(): Promise<boolean>;
}

/** What goes to the thread at once, at the most; after so much text nothing is added. */
const MAX_BATCH = 200;
const MAX_CHARACTERS = 1_048_576;
/** So many are worth a message to the thread before the turn of the event loop has ended. */
const ENOUGH = 12;
/** Batches that the thread has not answered: bounds what is held twice. */
const MAX_UNDER_WAY = 4;

function charactersOf(values: PlainValues): number {
  let characters = 0;
  for (const name in values) {
    const value = values[name];
    if (typeof value === 'string') characters += value.length;
  }
  return characters;
}

function toThreadWrite(writer: Queries, { write, parameters }: PlainPending): ThreadWrite {
  const text = write.text(writer);
  return { text, values: text.names.map((name) => parameters[name] ?? null) };
}

export class PlainQueue {
  #waiting: PlainPending[] = [];
  /** Batches that the thread has. */
  #underWay = 0;
  /** Ends the wait of {@link feed}. */
  #wake: (() => void) | undefined;

  get length(): number {
    return this.#waiting.length;
  }

  add(pending: PlainPending): void {
    this.#waiting.push(pending);
    if (this.#wake === undefined || this.#underWay === MAX_UNDER_WAY) return;
    if (this.#waiting.length >= ENOUGH) this.#wake();
    // The rest of this turn may still bring more.
    else if (this.#waiting.length === 1) setImmediate(() => this.#wake?.());
  }

  /** Takes the first ones, as many as belong into one batch. */
  take(): PlainPending[] {
    let characters = 0;
    const end = this.#waiting.findIndex(({ parameters }, index) => {
      const isFull = index === MAX_BATCH || characters >= MAX_CHARACTERS;
      characters += charactersOf(parameters);
      return isFull;
    });
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end);
  }

  /**
   * Gives the thread what there is and what comes, until it has nothing more to do or must not go on, and tells each writer.
   * @returns those that the thread has not done and that may succeed elsewhere, in their order
   */
  async feed(target: FeedTarget): Promise<PlainPending[]> {
    const left: PlainPending[] = [];
    do {
      if (this.#waiting.length > 0 && this.#underWay < MAX_UNDER_WAY) void this.#give(target, left);
      if (this.#underWay > 0) await this.#more();
    } while (left.length === 0 && this.#underWay + this.#waiting.length > 0 && (await target.mayGoOn()));
    while (this.#underWay > 0) await this.#woken();
    return left;
  }

  /** Never rejects. */
  async #give({ thread, writer }: FeedTarget, left: PlainPending[]): Promise<void> {
    const batch = this.take();
    this.#underWay += 1;
    try {
      if (await thread.commit(batch.map((pending) => toThreadWrite(writer, pending)))) for (const { resolve } of batch) resolve();
      else left.push(...batch);
    } catch (error) {
      // A fault of one of them: which one, and what becomes of the others, is found out elsewhere.
      if (classifyFault(error) === 'other') left.push(...batch);
      else for (const { reject } of batch) reject(error);
    }
    this.#underWay -= 1;
    this.#wake?.();
  }

  /** Resolves when enough waits for the next batch, when a turn of the event loop has brought some, or when one is done. */
  async #more(): Promise<void> {
    if (this.#underWay === MAX_UNDER_WAY) return this.#woken();
    if (this.#waiting.length >= ENOUGH) return;
    if (this.#waiting.length > 0) setImmediate(() => this.#wake?.());
    await this.#woken();
  }

  async #woken(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
}
