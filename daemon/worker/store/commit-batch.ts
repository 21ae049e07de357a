/** One transaction for many writes. Who shares it is decided above (group-commit.ts). */
import type { ControlledTransaction } from 'kysely';
import { applyJournal } from './accept-journal.js';
import type { Queries, Schema } from './schema.js';

/**
 * A write. It may await nothing but its own statements: all others of its batch wait for it, and the file is locked.
 * It may be run a second time after its first run was undone, so nothing but its statements may have an effect.
 */
export type Write<T> = (db: Queries) => Promise<T>;

/** A write that may be kept as an entry of the journal, and applied with many others later, instead of being done as a whole. */
export interface JournaledWrite {
  readonly whole: Write<void>;
  readonly entry: Write<void>;
}

export interface CommitTarget {
  readonly writer: Queries;
  /** Resolves when all that was committed before the call is on disk. */
  readonly synced: () => Promise<void>;
}

export interface Pending {
  readonly work: Write<unknown>;
  readonly entry?: Write<void>;
  readonly committed?: (value: unknown) => void;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** So many that may be journaled are worth it. */
const BURST_FROM = 4;
/** Entries: more are applied at once, which holds the event loop for about two milliseconds. */
const APPLY_FROM = 256;

type Outcome = { readonly value: unknown } | { readonly error: unknown };
type Transaction = ControlledTransaction<Schema, string[]>;
/** A write, by its place in the batch. */
type Step = { readonly index: number; readonly run: Write<unknown> };

const SAVEPOINT = 'one_write';

/** Commits all in one transaction, and tells each writer what became of its write. @throws what befell all of them; they have not been told */
export async function commitBatch({ writer, synced }: CommitTarget, batch: readonly Pending[]): Promise<void> {
  const outcomes = (await runTogether(writer, batch)) ?? (await runApart(writer, batch));
  batch.forEach(({ committed }, index) => {
    const outcome = outcomes[index];
    if (outcome !== undefined && 'value' in outcome) committed?.(outcome.value);
  });
  await synced();
  settle(batch, outcomes);
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

/** What to run, in this order: in a burst the entries come first, so that others of the batch find them applied. */
function plan(batch: readonly Pending[]): { readonly entries: readonly Step[]; readonly works: readonly Step[] } {
  const entries = batch.flatMap(({ entry }, index) => (entry === undefined ? [] : [{ index, run: entry }]));
  const works = batch.map(({ work }, index) => ({ index, run: work }));
  if (entries.length < BURST_FROM) return { entries: [], works };
  return { entries, works: works.filter(({ index }) => batch[index]?.entry === undefined) };
}

/** The usual case: none fails, so none needs a savepoint, which costs more than the writes themselves. @returns undefined when one failed */
async function runTogether(writer: Queries, batch: readonly Pending[]): Promise<Outcome[] | undefined> {
  const { entries, works } = plan(batch);
  const outcomes: Outcome[] = [];
  const runAll = async (steps: readonly Step[], transaction: Transaction): Promise<void> => {
    for (const { index, run } of steps) {
      try {
        outcomes[index] = { value: await run(transaction) };
      } catch (error) {
        if (batch.length === 1) throw error;
        throw new OneFailed('one write of a batch failed', { cause: error });
      }
    }
  };
  try {
    return await inTransaction(writer, async (transaction) => {
      await runAll(entries, transaction);
      await applyJournal(transaction, works.length === 0 ? APPLY_FROM : 1);
      await runAll(works, transaction);
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
    await applyJournal(transaction);
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
