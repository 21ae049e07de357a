/** Purges expired rows in small steps, because other writes wait for each step. */
import { type RawBuilder, sql } from 'kysely';
import type { Store } from '../store.js';
import type { Schema } from '../schema.js';
import { queriesOf, type Transaction } from '../transaction.js';

/** The rows of one step. */
export const PURGE_ROWS = 200;

/** @param step  runs in a write and removes up to {@link PURGE_ROWS} rows. @returns how many it removed */
export type PurgeStep = (tx: Transaction) => Promise<number>;

/** Repeats a step until little is left. `mayGoOn` is asked before each. */
export async function purgeInSteps(store: Pick<Store, 'write'>, step: PurgeStep, mayGoOn: () => boolean): Promise<void> {
  let removed = PURGE_ROWS;
  while (removed >= PURGE_ROWS && mayGoOn()) removed = await store.write(step);
}

/** Removes up to {@link PURGE_ROWS} rows. @param where  a condition, with the order if there is one. @returns how many it removed */
export async function purgeRows(
  tx: Transaction,
  [table, key]: readonly [keyof Schema, string],
  where: RawBuilder<unknown>,
): Promise<number> {
  const rows = sql`select ${sql.ref(key)} from ${sql.table(table)} where ${where} limit ${PURGE_ROWS}`;
  const { numAffectedRows } = await sql`delete from ${sql.table(table)} where ${sql.ref(key)} in (${rows})`.execute(queriesOf(tx));
  return Number(numAffectedRows ?? 0n);
}
