/** Says which workers live: the one place that judges it. Rows name the worker that works on them; what a dead one left is taken over. */
import type { Transaction } from './transaction.js';

export interface Liveness {
  /** Returns the ids of the workers that live, this one included, as it is known to the transaction. */
  living(tx: Transaction): Promise<ReadonlySet<string | null | undefined>>;
  /** Whether no other worker lives: none writes or sends beside this one. */
  isAlone(): boolean;
}

/** @param livingIds  those that the supervisor has started and that have not ended; it may lack this worker */
export function createLiveness(instanceId: string, livingIds: () => readonly string[]): Liveness {
  return {
    living: async () => new Set([instanceId, ...livingIds()]),
    isAlone: () => livingIds().every((id) => id === instanceId),
  };
}
