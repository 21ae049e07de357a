/** One transaction for many writes. Who shares it is decided above (group-commit.ts). */
import { sql } from 'kysely';
import { appendToJournal, applyJournal, type JournalEntry } from './sqlite/accept-journal.js';
import { queriesOf, type Transaction } from './transaction.js';

/**
 * A write. It may await nothing but its own statements: all others of its batch wait for it, and the file is locked.
 * It may be run a second time after its first run was undone, so nothing but its statements may have an effect.
 */
export type Write<T> = (tx: Transaction) => Promise<T>;

/** A write that may be kept as an entry of the journal, and applied with many others later, instead of being done as a whole. */
export interface JournaledWrite {
  readonly whole: Write<void>;
  readonly entry: JournalEntry;
}

/** The database, see `OpenDatabase`. */
export interface CommitTarget {
  readonly transaction: <T>(run: Write<T>, options?: { readonly early?: boolean }) => Promise<T>;
  readonly synced: () => Promise<void>;
}

export interface Pending {
  readonly work: Write<unknown>;
  readonly entry?: JournalEntry;
  /** Is told at the commit, when it may not be on disk yet. */
  readonly committed?: (value: unknown) => void;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** So many that may be journaled are worth it. */
const BURST_FROM = 4;
/** Entries: more are applied at once, which holds the event loop for about two milliseconds. */
const APPLY_FROM = 256;

type Outcome = { readonly value: unknown } | { readonly error: unknown };
/** A write that is done as a whole, by its place in the batch. */
type Step = { readonly index: number; readonly work: Write<unknown> };

const savepoint = sql`savepoint one_write`;
const undoSavepoint = sql`rollback to savepoint one_write`;
const releaseSavepoint = sql`release savepoint one_write`;

type Transact = <T>(run: Write<T>) => Promise<T>;

/** Commits all in one transaction, and tells each writer what became of its write. @throws what befell all of them; they have not been told */
export async function commitBatch(target: CommitTarget, batch: readonly Pending[]): Promise<void> {
  const early = batch.some(({ committed }) => committed !== undefined);
  const transaction: Transact = (run) => target.transaction(run, { early });
  const outcomes = (await runTogether(transaction, batch)) ?? (await runApart(transaction, batch));
  batch.forEach(({ committed }, index) => {
    const outcome = outcomes[index];
    if (outcome !== undefined && 'value' in outcome) committed?.(outcome.value);
  });
  if (early) await target.synced();
  settle(batch, outcomes);
}

/** What one write of several threw: the transaction is undone and nobody is told yet. */
class OneFailed extends Error {}

/** What to run: in a burst the entries come first, so that others of the batch find them applied. */
function plan(batch: readonly Pending[]): { readonly entries: readonly JournalEntry[]; readonly steps: readonly Step[] } {
  const entries = batch.flatMap(({ entry }) => entry ?? []);
  const steps = batch.map(({ work }, index) => ({ index, work }));
  if (entries.length < BURST_FROM) return { entries: [], steps };
  return { entries, steps: steps.filter(({ index }) => batch[index]?.entry === undefined) };
}

/** The usual case: none fails, so none needs a savepoint, which costs more than the writes themselves. @returns undefined when one failed */
async function runTogether(transaction: Transact, batch: readonly Pending[]): Promise<Outcome[] | undefined> {
  const { entries, steps } = plan(batch);
  const outcomes: Outcome[] = batch.map(() => ({ value: undefined }));
  const attempt = async <T>(run: () => Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (error) {
      if (batch.length === 1) throw error;
      throw new OneFailed('one write of a batch failed', { cause: error });
    }
  };
  try {
    return await transaction(async (tx) => {
      const length = await attempt(() => appendToJournal(tx, entries));
      if (steps.length > 0 || length >= APPLY_FROM) await applyJournal(tx);
      for (const { index, work } of steps) outcomes[index] = { value: await attempt(() => work(tx)) };
      return outcomes;
    });
  } catch (error) {
    if (error instanceof OneFailed) return undefined;
    throw error;
  }
}

/** Each in a savepoint, so that one that fails undoes itself only. */
async function runApart(transaction: Transact, batch: readonly Pending[]): Promise<Outcome[]> {
  return transaction(async (tx) => {
    await applyJournal(tx);
    const outcomes: Outcome[] = [];
    for (const { work } of batch) {
      await savepoint.execute(queriesOf(tx));
      try {
        outcomes.push({ value: await work(tx) });
      } catch (error) {
        // Fails with the transaction, if that is gone: then nothing of the batch was kept.
        await undoSavepoint.execute(queriesOf(tx)).catch(() => Promise.reject(error));
        outcomes.push({ error });
      }
      await releaseSavepoint.execute(queriesOf(tx));
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
