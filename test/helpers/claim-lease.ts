/** The smallest write that a later read can find. */
import { acquireLease } from '../../daemon/worker/store/leases.js';
import { createLiveness } from '../../daemon/worker/store/liveness.js';
import type { Transaction } from '../../daemon/worker/store/transaction.js';

/** Returns a write that takes the lease `key` for `me`. */
export const claimLease = (key: string) => (tx: Transaction) =>
  acquireLease(tx, { key, owner: 'me', liveness: createLiveness('me', () => []), nowMs: 1 });
