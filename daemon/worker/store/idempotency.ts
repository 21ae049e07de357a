/**
 * Idempotency keys of callers: what a key stands for is done once, and whoever repeats the request gets the stored answer.
 * The answer is stored in the transaction that does the work. A key is remembered for 24 hours.
 */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { GatewayError } from '../../../shared/errors.js';
import { PURGE_ROWS } from './conversations/purge.js';
import { prepare } from './prepare.js';
import type { Transaction } from './transaction.js';

export const IDEMPOTENCY_TTL_MS = 24 * 60 * 60 * 1_000;

/** What a caller sent as `Idempotency-Key`. */
export interface CallerKey {
  readonly key: string;
  /** Default: the {@link hashRequest} of the whole request. */
  readonly bodyHash?: string;
  /** Called when the answer is known to be that of an earlier request, at the latest with the answer. */
  onReplay?(): void;
}

/** One use of a key. Each kind of request has its own `scope`. */
export interface KeyUse {
  readonly scope: string;
  readonly key: string;
  /** The {@link hashRequest} of everything that the caller asked for. */
  readonly bodyHash: string;
}

const select = prepare<Pick<KeyUse, 'scope' | 'key'> & { afterMs: number }>()((db, p) =>
  db
    .selectFrom('idempotency_keys')
    .select(['body_hash as bodyHash', 'result'])
    .where('scope', '=', p.scope)
    .where('key', '=', p.key)
    .where('created_at', '>', p.afterMs),
);

const upsert = prepare<KeyUse & { result: string; nowMs: number }>()((db, p) =>
  db
    .insertInto('idempotency_keys')
    .values({ scope: p.scope, key: p.key, body_hash: p.bodyHash, result: p.result, created_at: p.nowMs })
    .onConflict((conflict) =>
      conflict.columns(['scope', 'key']).doUpdateSet({ body_hash: p.bodyHash, result: p.result, created_at: p.nowMs }),
    ),
);

const purge = prepare<{ beforeMs: number }>()((db, p) =>
  db.deleteFrom('idempotency_keys').where((query) => {
    const old = query.selectFrom('idempotency_keys').select(['scope', 'key']).where('created_at', '<=', p.beforeMs);
    return query(query.refTuple('scope', 'key'), 'in', old.limit(sql.lit(PURGE_ROWS)).$asTuple('scope', 'key'));
  }),
);

/** Returns a hash that is the same for equal requests. @param parts  everything that tells one request from another, in a fixed order */
export function hashRequest(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Returns the fields of a document in a fixed order, for {@link hashRequest}. */
export function inOrder(document: object): [string, unknown][] {
  return Object.entries(document)
    .filter(([, value]) => value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Returns the error for a key or an id that was already used for something else. */
export function usedBefore(kind: 'Idempotency-Key' | 'key' | 'id', name: string, thing: 'request' | 'message'): GatewayError {
  return new GatewayError('CONFLICT', {
    message: `the ${kind} '${name}' was already used for a different ${thing}`,
    hint: `Use a new one for each new ${thing}.`,
  });
}

export const keyConflict = (key: string): GatewayError => usedBefore('Idempotency-Key', key, 'request');

/** Returns the use of a caller's key; undefined without a key. @param parts  everything that the caller asked for */
export function keyUse(scope: string, caller: CallerKey | undefined, parts: readonly unknown[]): KeyUse | undefined {
  return caller && { scope, key: caller.key, bodyHash: caller.bodyHash ?? hashRequest(parts) };
}

/** Returns the stored answer of a key; undefined for a new key. @throws CONFLICT for a key that was used for something else */
export async function findAnswer(tx: Transaction, use: KeyUse & { nowMs: number }): Promise<string | undefined> {
  const found = await select.first(tx, { scope: use.scope, key: use.key, afterMs: use.nowMs - IDEMPOTENCY_TTL_MS });
  if (found !== undefined && found.bodyHash !== use.bodyHash) throw keyConflict(use.key);
  return found?.result;
}

/** Stores the answer of a key. Runs in the transaction that does what the key stands for. */
export async function storeAnswer(tx: Transaction, use: KeyUse & { result: string; nowMs: number }): Promise<void> {
  await upsert.run(tx, use);
}

/**
 * Does what a key stands for and stores the answer, or returns the stored answer of an earlier request. Runs in a write.
 * @param request.use  undefined: there is no key, and it is done in any case
 * @param request.act  @returns what a repeat needs to give the same answer
 * @throws CONFLICT for a key that was used for something else
 */
export async function once(
  tx: Transaction,
  request: { use: KeyUse | undefined; nowMs: number; act: () => Promise<string> },
): Promise<{ result: string; isRepeated: boolean }> {
  const { use, nowMs, act } = request;
  const known = use && (await findAnswer(tx, { ...use, nowMs }));
  if (known !== undefined) return { result: known, isRepeated: true };
  const result = await act();
  if (use !== undefined) await storeAnswer(tx, { ...use, result, nowMs });
  return { result, isRepeated: false };
}

/** Removes forgotten keys. Runs in a write: one step. @returns how many */
export async function purgeIdempotencyKeys(tx: Transaction, nowMs: number): Promise<number> {
  return purge.run(tx, { beforeMs: nowMs - IDEMPOTENCY_TTL_MS });
}
