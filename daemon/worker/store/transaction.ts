/**
 * The access to the database that `Store.read` and `Store.write` hand to their work. Code outside `store/` can only pass
 * it to the functions of `store/`.
 */
import type { Queries } from './schema.js';

declare const brand: unique symbol;

/** Valid until the work it was handed to has ended. */
export interface Transaction {
  readonly [brand]: true;
}

/** Returns the query builder behind `tx`. Only for files of `store/`. */
export function queriesOf(tx: Transaction): Queries {
  return tx as unknown as Queries;
}

/** Returns `queries` in the form that is handed out. Only for the store itself. */
export function transactionOf(queries: Queries): Transaction {
  return queries as unknown as Transaction;
}
