/** Purges expired rows in small steps, because other writes wait for each step. */
import type { Store } from '../store.js';
import type { Transaction } from '../transaction.js';

/** The rows of one step. */
export const PURGE_ROWS = 200;

/** @param step  runs in a write and removes up to {@link PURGE_ROWS} rows. @returns how many it removed */
export type PurgeStep = (tx: Transaction) => Promise<number>;

/** Repeats a step until little is left. `mayGoOn` is asked before each. */
export async function purgeInSteps(store: Pick<Store, 'write'>, step: PurgeStep, mayGoOn: () => boolean): Promise<void> {
  let removed = PURGE_ROWS;
  while (removed >= PURGE_ROWS && mayGoOn()) removed = await store.write(step);
}
