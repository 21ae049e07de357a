/**
 * Determines which workers are alive; the only place that decides this. Rows name the worker that works on them; the rows of a dead
 * worker are taken over. Other workers' writes are found by polling; a notification only makes that faster.
 */
import { GatewayError } from '../../../shared/errors.js';
import type { Topic, Transaction } from './transaction.js';

/** The configuration that a gateway needs for some work. An account without a name means any of its channel. */
export type Need = 'cron' | `agent:${string}` | `account:${string}/${string}`;

/** What a worker publishes about itself. `ready`: it serves that account, or waits for its lease. */
export type Ability = Need | `ready:${string}/${string}`;

/** A worker of another gateway that could serve more accounts. */
export interface AccountTaker {
  readonly id: string;
  /** The accounts that it waits for or serves, as `channel/account`. */
  readonly accounts: ReadonlySet<string>;
}

export interface Liveness {
  /** Returns the ids of the live workers, including this one, as seen by the transaction. */
  living(tx: Transaction): Promise<ReadonlySet<string | null | undefined>>;
  /** Whether no other worker is alive, so that none writes or sends besides this one. */
  isAlone(): boolean;
  /** For how long, in ms, no other worker will consider this one dead. A request that stays open, such as a poll, must end before. */
  validForMs(): number;
  /** Whether another live gateway has all of this configured; otherwise, work that this one cannot do fails here. */
  isServedElsewhere(tx: Transaction, needs: readonly Need[]): Promise<boolean>;
  /** Returns the workers of other gateways to which accounts may be given. */
  takers(tx: Transaction): Promise<readonly AccountTaker[]>;
  /**
   * Returns the polling interval for other workers' writes; undefined if no other worker is alive. @param unheardMs  the interval
   * without notifications
   */
  lookAgainMs(unheardMs: number): number | undefined;
  /**
   * Calls `listener` after changes by other workers, if the database sends notifications. It must not throw. @returns a function
   * that removes it
   */
  onChange(topic: Topic, listener: () => void): () => void;
}

/** Returns the items that no live worker is working on. */
export async function leftByTheDead<Item extends { readonly instanceId: string | null }>(
  tx: Transaction,
  items: readonly Item[],
  liveness: Pick<Liveness, 'living'>,
): Promise<Item[]> {
  if (items.length === 0) return [];
  const living = await liveness.living(tx);
  return items.filter(({ instanceId }) => !living.has(instanceId));
}

/** With less time left, no external request is started, because a request takes a moment. */
export const MIN_VALID_MS = 5_000;

/** To be called right before each external effect. @throws UNAVAILABLE when others may soon consider this worker dead */
export function mustBeValid(liveness: Pick<Liveness, 'validForMs'>): void {
  if (liveness.validForMs() >= MIN_VALID_MS) return;
  throw new GatewayError('UNAVAILABLE', {
    message: 'this gateway has lost contact with the database, and another one may take over its work',
    hint: 'It continues when the database answers again.',
  });
}

/** @param livingIds  workers started by the supervisor that have not ended; may omit this one */
export function createLiveness(instanceId: string, livingIds: () => readonly string[]): Liveness {
  const isAlone = (): boolean => livingIds().every((id) => id === instanceId);
  return {
    living: async () => new Set([instanceId, ...livingIds()]),
    isAlone,
    isServedElsewhere: async () => false,
    takers: async () => [],
    lookAgainMs: (unheardMs) => (isAlone() ? undefined : unheardMs),
    onChange: () => () => undefined,
    // The supervisor lists a worker as long as it is alive.
    validForMs: () => Infinity,
  };
}
