/**
 * Lets all writes that are submitted in one turn of the event loop share one transaction, and so one fsync. When one of
 * them fails, all are undone and run again, each in a savepoint of its own, so that it undoes itself only. Nobody is
 * told of success before it is on disk; what comes in meanwhile shares the next transaction. Plain writes, where they
 * are many, go to the writer thread: never beside a transaction here, only in turns with it.
 */
import { commitBatch, type CommitTarget, type Pending, type Write } from './commit-batch.js';
import { type FeedTarget, type PlainPending, PlainQueue } from './plain-queue.js';
import type { PlainValue, PlainWrite } from './plain-write.js';

export type { CommitTarget, Write } from './commit-batch.js';

/** A write that is committed, and that others see, but that may not be on disk yet. */
export interface EarlyResult<T> {
  readonly value: T;
  /** Resolves when it is on disk. */
  readonly stored: Promise<void>;
}

/** Bounds how long the event loop is held at a time; what is left goes into the next transaction. */
const MAX_BATCH = 200;

/** So many plain writes at once are worth a thread. */
const THREAD_FROM = 4;

/** A plain write as any other one. */
const asPending = ({ write, parameters, resolve, reject }: PlainPending): Pending => ({
  work: (db) => write.run(db, parameters),
  resolve,
  reject,
});

export class GroupCommit {
  readonly #database: () => Promise<CommitTarget>;
  readonly #plain = new PlainQueue();
  #pending: Pending[] = [];
  #running: Promise<void> | undefined;

  /** @param database  where to write, asked for before each transaction; a rejection fails the batch */
  constructor(database: () => Promise<CommitTarget>) {
    this.#database = database;
  }

  /** Runs `work` in a transaction. Resolves when it is committed (on disk), rejects when it is undone. */
  submit<T>(work: Write<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#pending.push({ work, resolve: resolve as (value: unknown) => void, reject });
      this.#running ??= this.#run();
    });
  }

  /** Runs `work` in a transaction. Resolves when it is committed; nobody outside may hear of it before it is `stored`. */
  submitEarly<T>(work: Write<T>): Promise<EarlyResult<T>> {
    return new Promise<EarlyResult<T>>((resolve, reject) => {
      const stored: Promise<void> = new Promise<unknown>((resolveStored, rejectStored) => {
        const committed = (value: unknown): void => resolve({ value: value as T, stored });
        this.#pending.push({ work, committed, resolve: resolveStored, reject: rejectStored });
        this.#running ??= this.#run();
      }).then(() => undefined);
      // Before the commit it is the write that has failed.
      stored.catch(reject);
    });
  }

  /**
   * Runs a plain write in a transaction. Resolves when it is on disk, rejects when it is undone. Plain writes keep their
   * order among themselves; they may overtake others, and be overtaken.
   */
  submitPlain<P extends Record<keyof P, PlainValue>>(write: PlainWrite<P>, parameters: P): Promise<void> {
    return new Promise((resolve, reject) => {
      const pending = { write, parameters, resolve, reject } as unknown as PlainPending;
      this.#plain.add(pending);
      this.#running ??= this.#run();
    });
  }

  /** Resolves when everything submitted so far is decided. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    let wasThreadsTurn = false;
    while (this.#pending.length + this.#plain.length > 0) {
      // The rest of this turn may still bring more.
      await new Promise(setImmediate);
      const target = await this.#database().catch((error: unknown) => this.#rejectFirst(error));
      if (target === undefined) continue;
      const { thread } = target;
      const isForThread = this.#plain.length >= THREAD_FROM && thread?.wake() === true;
      wasThreadsTurn = isForThread && (!wasThreadsTurn || this.#pending.length === 0);
      if (wasThreadsTurn && thread !== undefined) await this.#feed(target, thread);
      else await commitBatch(target, this.#take(!isForThread));
    }
    this.#running = undefined;
  }

  async #feed(target: CommitTarget, thread: FeedTarget['thread']): Promise<void> {
    const { writer } = target;
    const mayGoOn = async (): Promise<boolean> => {
      if (this.#pending.length > 0) return false;
      const now = await this.#database().catch(() => undefined);
      return now === target;
    };
    const left = await this.#plain.feed({ thread, writer, mayGoOn });
    this.#pending.unshift(...left.map(asPending));
  }

  /** The first ones, as many as belong into one transaction. */
  #take(withPlain: boolean): readonly Pending[] {
    const batch = this.#pending.splice(0, MAX_BATCH);
    return withPlain ? [...batch, ...this.#plain.take().map(asPending)] : batch;
  }

  #rejectFirst(error: unknown): undefined {
    for (const { reject } of this.#take(true)) reject(error);
  }
}
