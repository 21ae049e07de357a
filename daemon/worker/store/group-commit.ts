/**
 * Lets all writes that are submitted in one turn of the event loop share one transaction, and so one fsync.
 * Each runs in a savepoint of its own: one that fails undoes itself only. Nobody is told of success before the commit.
 */
import type { ControlledTransaction } from 'kysely';
import type { Queries, Schema } from './schema.js';

/** A write. It may await nothing but its own statements: all others of its batch wait for it, and the file is locked. */
export type Write<T> = (db: Queries) => Promise<T>;

interface Pending {
  readonly work: Write<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome = { readonly value: unknown } | { readonly error: unknown };
type Transaction = ControlledTransaction<Schema, string[]>;

/** Bounds how long the event loop is held at a time; what is left goes into the next transaction. */
const MAX_BATCH = 200;

const SAVEPOINT = 'one_write';

export class GroupCommit {
  readonly #writer: () => Promise<Queries>;
  #pending: Pending[] = [];
  #running: Promise<void> | undefined;

  /** @param writer  the connection to write on, asked for before each transaction; a rejection fails the batch */
  constructor(writer: () => Promise<Queries>) {
    this.#writer = writer;
  }

  /** Runs `work` in a transaction. Resolves when it is committed (on disk), rejects when it is undone. */
  submit<T>(work: Write<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#pending.push({ work, resolve: resolve as (value: unknown) => void, reject });
      this.#running ??= this.#run();
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
    let transaction: Transaction | undefined;
    try {
      transaction = (await (await this.#writer()).startTransaction().execute()) as Transaction;
      const outcomes = await this.#runAll(transaction, batch);
      await transaction.commit().execute();
      settle(batch, outcomes);
    } catch (error) {
      await transaction
        ?.rollback()
        .execute()
        .catch(() => undefined);
      for (const { reject } of batch) reject(error);
    }
  }

  /** @throws what undid the whole transaction, such as a full disk */
  async #runAll(transaction: Transaction, batch: readonly Pending[]): Promise<Outcome[]> {
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
  }
}

function settle(batch: readonly Pending[], outcomes: readonly Outcome[]): void {
  batch.forEach(({ resolve, reject }, index) => {
    const outcome = outcomes[index];
    if (outcome !== undefined && 'value' in outcome) resolve(outcome.value);
    else reject(outcome?.error);
  });
}
