/** One transaction for many writes. Who shares it is decided above (group-commit.ts). */
import type { ControlledTransaction } from 'kysely';
import type { Queries, Schema } from './schema.js';
import type { WriterThread } from './writer-thread.js';

/**
 * A write. It may await nothing but its own statements: all others of its batch wait for it, and the file is locked.
 * It may be run a second time after its first run was undone, so nothing but its statements may have an effect.
 */
export type Write<T> = (db: Queries) => Promise<T>;

export interface CommitTarget {
  readonly writer: Queries;
  /** Resolves when all that was committed before the call is on disk. */
  readonly synced: () => Promise<void>;
  /** Takes plain writes. */
  readonly thread?: Pick<WriterThread, 'wake' | 'commit'>;
}

export interface Pending {
  readonly work: Write<unknown>;
  readonly committed?: (value: unknown) => void;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome = { readonly value: unknown } | { readonly error: unknown };
type Transaction = ControlledTransaction<Schema, string[]>;

const SAVEPOINT = 'one_write';

/** Commits all in one transaction, and tells each writer what became of its write. */
export async function commitBatch({ writer, synced }: CommitTarget, batch: readonly Pending[]): Promise<void> {
  try {
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
