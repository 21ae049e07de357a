/**
 * Says which workers live: the one place that judges it. Rows name the worker that works on them; what a dead one left is taken over. What
 * others write is found by looking again; a notification only makes that sooner.
 */
import { GatewayError } from '../../../shared/errors.js';
import type { Topic, Transaction } from './transaction.js';

/** What a gateway must have set up for some work. An account without a name is any of its channel. */
export type Need = 'cron' | `agent:${string}` | `account:${string}/${string}`;

/** What a worker tells others of itself. `ready`: it serves that account, or waits for its lease. */
export type Ability = Need | `ready:${string}/${string}`;

/** A worker of another gateway that could serve more accounts. */
export interface AccountTaker {
  readonly id: string;
  /** The accounts that it waits for or serves, as `channel/account`. */
  readonly accounts: ReadonlySet<string>;
}

export interface Liveness {
  /** Returns the ids of the workers that live, this one included, as the transaction sees it. */
  living(tx: Transaction): Promise<ReadonlySet<string | null | undefined>>;
  /** Whether no other worker lives: none writes or sends beside this one. */
  isAlone(): boolean;
  /** For how long, in ms, no other worker takes this one for dead. A request that stays open, such as a poll, must end before. */
  validForMs(): number;
  /** Whether another gateway that lives has all of this set up; without it, work that this one cannot do fails here. */
  isServedElsewhere(tx: Transaction, needs: readonly Need[]): Promise<boolean>;
  /** Returns the workers of other gateways to which accounts may be given. */
  takers(tx: Transaction): Promise<readonly AccountTaker[]>;
  /**
   * Returns after how long to look again for what other workers have written; undefined: no other one lives.
   * @param unheardMs  where nothing tells of their changes
   */
  lookAgainMs(unheardMs: number): number | undefined;
  /** Calls `listener` after changes of other workers, where the database tells of them. It must not throw. @returns a function that ends this */
  onChange(topic: Topic, listener: () => void): () => void;
}

/** Returns the items that no living worker works on. */
export async function leftByTheDead<Item extends { readonly instanceId: string | null }>(
  tx: Transaction,
  items: readonly Item[],
  liveness: Pick<Liveness, 'living'>,
): Promise<Item[]> {
  if (items.length === 0) return [];
  const living = await liveness.living(tx);
  return items.filter(({ instanceId }) => !living.has(instanceId));
}

/** With less time left, nothing is begun outside: a request takes a moment. */
export const MIN_VALID_MS = 5_000;

/** To be called right before each effect outside. @throws UNAVAILABLE when others may soon take this worker for dead */
export function mustBeValid(liveness: Pick<Liveness, 'validForMs'>): void {
  if (liveness.validForMs() >= MIN_VALID_MS) return;
  throw new GatewayError('UNAVAILABLE', {
    message: 'this gateway has lost contact with the database, and another one may take over its work',
    hint: 'It continues when the database answers again.',
  });
}

/** @param livingIds  those that the supervisor has started and that have not ended; it may lack this worker */
export function createLiveness(instanceId: string, livingIds: () => readonly string[]): Liveness {
  const isAlone = (): boolean => livingIds().every((id) => id === instanceId);
  return {
    living: async () => new Set([instanceId, ...livingIds()]),
    isAlone,
    isServedElsewhere: async () => false,
    takers: async () => [],
    lookAgainMs: (unheardMs) => (isAlone() ? undefined : unheardMs),
    onChange: () => () => undefined,
    // The supervisor names a worker as long as it lives.
    validForMs: () => Infinity,
  };
}
