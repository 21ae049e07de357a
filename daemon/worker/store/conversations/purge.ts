/** Purges expired rows in small steps, because other writes wait for each step. */
import { type RawBuilder, sql } from 'kysely';
import type { Store } from '../store.js';
import type { Schema } from '../schema.js';
import { queriesOf, type Transaction } from '../transaction.js';

/** The rows of one step. */
export const PURGE_ROWS = 200;

/**
 * The bytes of one step, which may end with a row that exceeds them: SQLite reads everything that it removes, which blocks the
 * event loop.
 */
export const PURGE_BYTES = 16 * 1_048_576;

/**
 * @param step  runs in a transaction and removes as much as a {@link PurgeBudget} allows. @returns the number of rows; 0 when
 * nothing is left
 */
export type PurgeStep = (tx: Transaction) => Promise<number>;

/** Repeats a step until nothing is left. `mayGoOn` is asked before each. */
export async function purgeInSteps(store: Pick<Store, 'write'>, step: PurgeStep, mayGoOn: () => boolean): Promise<void> {
  let removed = PURGE_ROWS;
  while (removed > 0 && mayGoOn()) removed = await store.write(step);
}

/** What a step may still remove. */
export class PurgeBudget {
  rows = PURGE_ROWS;
  bytes = PURGE_BYTES;

  get isSpent(): boolean {
    return this.rows <= 0 || this.bytes <= 0;
  }

  get removed(): number {
    return PURGE_ROWS - this.rows;
  }
}

/** Rows with a key of one column. `bytes`: their size, if that matters. */
export interface PurgedTable {
  readonly table: keyof Schema;
  readonly key: string;
  readonly bytes?: RawBuilder<number>;
}

/**
 * Removes rows until the budget is spent: while it is not, none is left.
 * @param from.where  a condition, with the order if there is one
 * @returns the keys of the removed rows
 */
export async function purgeWithin(
  tx: Transaction,
  budget: PurgeBudget,
  { table, key, bytes = sql<number>`0`, where }: PurgedTable & { readonly where: RawBuilder<unknown> },
): Promise<(string | number)[]> {
  if (budget.isSpent) return [];
  const { rows } = await sql<{ key: string | number; bytes: number }>`select ${sql.ref(key)} as key, ${bytes} as bytes
    from ${sql.table(table)} where ${where} limit ${sql.lit(budget.rows)}`.execute(queriesOf(tx));
  const removed: (string | number)[] = [];
  for (const row of rows) {
    if (budget.isSpent) break;
    removed.push(row.key);
    budget.rows -= 1;
    budget.bytes -= row.bytes;
  }
  if (removed.length > 0) await sql`delete from ${sql.table(table)} where ${sql.ref(key)} in (${sql.join(removed)})`.execute(queriesOf(tx));
  return removed;
}

/** Removes the rows of one step. @param where  see {@link purgeWithin}. @returns how many it removed */
export async function purgeRows(tx: Transaction, from: PurgedTable, where: RawBuilder<unknown>): Promise<number> {
  return (await purgeWithin(tx, new PurgeBudget(), { ...from, where })).length;
}
