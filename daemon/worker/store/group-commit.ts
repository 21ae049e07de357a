/**
 * Lets all writes that are submitted in one turn of the event loop share one transaction, and so one fsync. When one of
 * them fails, all are undone and run again, each in a savepoint of its own, so that it undoes itself only. Nobody is
 * told of success before it is on disk; what comes in meanwhile shares the next transaction.
 */
import type { ControlledTransaction } from 'kysely';
import type { Queries, Schema } from './schema.js';

/**
 * A write. It may await nothing but its own statements: all others of its batch wait for it, and the file is locked.
 * It may be run a second time after its first run was undone, so nothing but its statements may have an effect.
 */
export type Write<T> = (db: Queries) => Promise<T>;

export interface CommitTarget {
  readonly writer: Queries;
  /** Resolves when all that was committed before the call is on disk. */
  readonly synced: () => Promise<void>;
}

/** A write that is committed, and that others see, but that may not be on disk yet. */
export interface EarlyResult<T> {
  readonly value: T;
  /** Resolves when it is on disk. */
  readonly stored: Promise<void>;
}

interface Pending {
  readonly work: Write<unknown>;
  readonly committed?: (value: unknown) => void;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome = { readonly value: unknown } | { readonly error: unknown };
type Transaction = ControlledTransaction<Schema, string[]>;

/** Bounds how long the event loop is held at a time; what is left goes into the next transaction. */
const MAX_BATCH = 200;

const SAVEPOINT = 'one_write';

export class GroupCommit {
  readonly #database: () => Promise<CommitTarget>;
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

  /** Resolves when everything submitted so far is decided. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#pending.length > 0) {
      // The rest of this turn may still bring more.
      await new Promise(setImmediate);
      await this.#commit(this.#pending.splice(0, MAX_BATCH));
    }
    this.#running = undefined;
  }

  async #commit(batch: readonly Pending[]): Promise<void> {
    try {
      const { writer, synced } = await this.#database();
      const outcomes = (await runTogether(writer, batch)) ?? (await runApart(writer, batch));
      batch.forEach(({ committed }, index) => {
        const outcome = outcomes[index];
        if (outcome !== undefined && 'value' in outcome) committed?.(outcome.value);
      });
      await synced();
      settle(batch, outcomes);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

/** @throws what `run` throws, what keeps the transaction from beginning, or what undid all of it, such as a full disk */
async function inTransaction<T>(writer: Queries, run: (transaction: Transaction) => Promise<T>): Promise<T> {
  const transaction = (await writer.startTransaction().execute()) as Transaction;
  try {
    const result = await run(transaction);
    await transaction.commit().execute();
    return result;
  } catch (error) {
    await transaction
      .rollback()
      .execute()
      .catch(() => undefined);
    throw error;
  }
}

/** What one write of several threw: the transaction is undone and nobody is told yet. */
class OneFailed extends Error {}

/** The usual case: none fails, so none needs a savepoint, which costs more than the writes themselves. @returns undefined when one failed */
async function runTogether(writer: Queries, batch: readonly Pending[]): Promise<Outcome[] | undefined> {
  try {
    return await inTransaction(writer, async (transaction) => {
      const outcomes: Outcome[] = [];
      for (const { work } of batch) {
        try {
          outcomes.push({ value: await work(transaction) });
        } catch (error) {
          if (batch.length === 1) throw error;
          throw new OneFailed('one write of a batch failed', { cause: error });
        }
      }
      return outcomes;
    });
  } catch (error) {
    if (error instanceof OneFailed) return undefined;
    throw error;
  }
}

/** Each in a savepoint, so that one that fails undoes itself only. */
async function runApart(writer: Queries, batch: readonly Pending[]): Promise<Outcome[]> {
  return inTransaction(writer, async (transaction) => {
    const outcomes: Outcome[] = [];
    for (const { work } of batch) {
      const savepoint = await transaction.savepoint(SAVEPOINT).execute();
      try {
        const value = await work(transaction);
        await savepoint.releaseSavepoint(SAVEPOINT).execute();
        outcomes.push({ value });
      } catch (error) {
        // Fails with the transaction, if that is gone: then nothing of the batch was kept.
        await savepoint
          .rollbackToSavepoint(SAVEPOINT)
          .execute()
          .catch(() => Promise.reject(error));
        await savepoint.releaseSavepoint(SAVEPOINT).execute();
        outcomes.push({ error });
      }
    }
    return outcomes;
  });
}

function settle(batch: readonly Pending[], outcomes: readonly Outcome[]): void {
  batch.forEach(({ resolve, reject }, index) => {
    const outcome = outcomes[index];
    if (outcome !== undefined && 'value' in outcome) resolve(outcome.value);
    else reject(outcome?.error);
  });
}
