/**
 * Lets all writes that are submitted in one turn of the event loop share one transaction, and so one sync. When one of
 * them fails, all are undone and run again, each in a savepoint of its own, so that it undoes itself only. Nobody is
 * told of success before it is on disk; what comes in meanwhile shares the next transaction.
 */
import { isBusy } from './sqlite/sqlite-errors.js';
import { type CommitTarget, commitBatch, type JournaledWrite, type Pending, type Write } from './commit-batch.js';

export type { CommitTarget, JournaledWrite, Write } from './commit-batch.js';

/** A write that is committed, and that others see, but that may not be on disk yet. */
export interface EarlyResult<T> {
  readonly value: T;
  /** Resolves when it is on disk. */
  readonly stored: Promise<void>;
}

/** Bounds how long the event loop is held at a time; what is left goes into the next transaction. */
const MAX_BATCH = 200;
/** Half of what a transaction waits for a lock. */
const LONG_WAIT_MS = 1_000;

type Waiting = Pending & { readonly sinceMs: number };
type Resolve = Pending['resolve'];

export class GroupCommit {
  readonly #database: () => Promise<CommitTarget>;
  #pending: Waiting[] = [];
  #running: Promise<void> | undefined;

  /** @param database  where to write, asked for before each transaction; a rejection fails the batch */
  constructor(database: () => Promise<CommitTarget>) {
    this.#database = database;
  }

  /** Runs `work` in a transaction. Resolves when it is committed (on disk), rejects when it is undone. */
  submit<T>(work: Write<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => this.#add({ work, resolve: resolve as Resolve, reject, sinceMs: performance.now() }));
  }

  /** Runs `work` in a transaction. Resolves when it is committed; nobody outside may hear of it before it is `stored`. */
  submitEarly<T>(work: Write<T>): Promise<EarlyResult<T>> {
    return new Promise<EarlyResult<T>>((resolve, reject) => {
      const stored: Promise<void> = new Promise<unknown>((resolveStored, rejectStored) => {
        const committed = (value: unknown): void => resolve({ value: value as T, stored });
        this.#add({ work, committed, resolve: resolveStored, reject: rejectStored, sinceMs: performance.now() });
      }).then(() => undefined);
      // Before the commit it is the write that has failed.
      stored.catch(reject);
    });
  }

  /** {@link submit} for a write that may be kept in the journal first. */
  submitJournaled({ whole, entry }: JournaledWrite): Promise<void> {
    return new Promise<void>((resolve, reject) =>
      this.#add({ work: whole, entry, resolve: resolve as Resolve, reject, sinceMs: performance.now() }),
    );
  }

  /** Resolves when everything submitted so far is decided. */
  async idle(): Promise<void> {
    await this.#running;
  }

  #add(pending: Waiting): void {
    this.#pending.push(pending);
    this.#running ??= this.#run();
  }

  /** Those who have waited behind others for a lock would only wait for it again. */
  #takeLongWaiting(): Pending[] {
    const nowMs = performance.now();
    const end = this.#pending.findIndex(({ sinceMs }) => nowMs - sinceMs < LONG_WAIT_MS);
    return this.#pending.splice(0, end === -1 ? this.#pending.length : end);
  }

  async #run(): Promise<void> {
    while (this.#pending.length > 0) {
      // The rest of this turn may still bring more.
      await new Promise(setImmediate);
      const batch = this.#pending.splice(0, MAX_BATCH);
      try {
        await commitBatch(await this.#database(), batch);
      } catch (error) {
        const others = isBusy(error) ? this.#takeLongWaiting() : [];
        for (const { reject } of [...batch, ...others]) reject(error);
      }
    }
    this.#running = undefined;
  }
}
