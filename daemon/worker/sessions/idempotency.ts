/** Callers' idempotency keys: what a key stands for is done once, and whoever repeats the request gets the first answer. */
import { createHash } from 'node:crypto';
import { GatewayError } from '../../../shared/errors.js';
import { findFirstUse, rememberFirstUse } from '../store/delivery/idempotency.js';
import type { Transaction } from '../store/transaction.js';

/** What a caller sent as `Idempotency-Key`. */
export interface CallerKey {
  readonly key: string;
  /** Default: the {@link hashRequest} of all that is asked for. */
  readonly bodyHash?: string;
  /** Called when it is known that the answer is that of an earlier request, at the latest with the answer. */
  onReplay?(): void;
}

/** One use of a key. Each kind of request has its own `scope`. */
export interface KeyUse {
  readonly scope: string;
  readonly key: string;
  /** Of all that the caller asked for: {@link hashRequest}. */
  readonly bodyHash: string;
}

/** Two requests with the same hash ask for the same. @param parts  all that tells one request from another, in a fixed order */
export function hashRequest(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** A document's fields in one order, for {@link hashRequest}. */
export function inOrder(document: object): [string, unknown][] {
  return Object.entries(document)
    .filter(([, value]) => value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** The answer to a name that something else was given before: to take the second for the first would lose it. */
export function usedBefore(kind: 'Idempotency-Key' | 'key' | 'id', name: string, thing: 'request' | 'message'): GatewayError {
  return new GatewayError('CONFLICT', {
    message: `the ${kind} '${name}' was used for another ${thing} before`,
    hint: `Use a new one for a new ${thing}; the same one only repeats the same ${thing}.`,
  });
}

export const keyConflict = (key: string): GatewayError => usedBefore('Idempotency-Key', key, 'request');

/** @param parts  all that the caller asked for. @returns undefined without a key */
export function keyUse(scope: string, caller: CallerKey | undefined, parts: readonly unknown[]): KeyUse | undefined {
  return caller && { scope, key: caller.key, bodyHash: caller.bodyHash ?? hashRequest(parts) };
}

/**
 * Runs in a write. Does what a key stands for, and remembers in the same transaction what it came to.
 * @param act  @returns what a repeat needs to give the same answer
 * @throws CONFLICT for a key that was used for something else
 */
export async function once(
  tx: Transaction,
  { use, nowMs, act }: { use: KeyUse | undefined; nowMs: number; act: () => Promise<string> },
): Promise<{ result: string; isRepeated: boolean }> {
  if (use === undefined) return { result: await act(), isRepeated: false };
  const first = await findFirstUse(tx, { ...use, nowMs });
  if (first !== undefined) {
    if (first.bodyHash !== use.bodyHash) throw keyConflict(use.key);
    return { result: first.result, isRepeated: true };
  }
  const result = await act();
  await rememberFirstUse(tx, { ...use, result, nowMs });
  return { result, isRepeated: false };
}
