/**
 * Idempotency keys of callers: a request with a key is carried out once, and a repeated request gets the stored answer. The answer
 * is stored in the transaction that does the work. A key is remembered for 24 hours.
 */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { GatewayError } from '../../../shared/errors.js';
import { PURGE_ROWS } from './conversations/purge.js';
import type { Outcome } from './group-commit.js';
import { prepare, prepareRows } from './prepare.js';
import type { Transaction } from './transaction.js';

export const IDEMPOTENCY_TTL_MS = 24 * 60 * 60 * 1_000;

/** What a caller sent as `Idempotency-Key`. */
export interface CallerKey {
  readonly key: string;
  /** The access token of the caller, whose keys are its own. Missing for callers without a token, who share their keys. */
  readonly owner?: string | undefined;
  /** Default: the {@link hashRequest} of the whole request. */
  readonly bodyHash?: string;
  /** Called once it is known that the answer is that of an earlier request, at the latest together with the answer. */
  onReplay?(): void;
}

/** One use of a key. Each kind of request has its own `scope`, for each access token. */
export interface KeyUse {
  readonly scope: string;
  readonly key: string;
  /** The {@link hashRequest} of the complete request. */
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

type Claim = KeyUse & { readonly result: string; readonly nowMs: number };

const rowOf = (p: Claim) => ({ scope: p.scope, key: p.key, body_hash: p.bodyHash, result: p.result, created_at: p.nowMs });

const upsert = prepare<Claim>()((db, p) =>
  db
    .insertInto('idempotency_keys')
    .values(rowOf(p))
    .onConflict((conflict) =>
      conflict.columns(['scope', 'key']).doUpdateSet({ body_hash: p.bodyHash, result: p.result, created_at: p.nowMs }),
    ),
);

/** Whether a key's answer is still remembered when another request arrives. */
const isRemembered = sql`idempotency_keys.created_at > excluded.created_at - ${sql.lit(IDEMPOTENCY_TTL_MS)}`;

/** Stores the answers of new keys, and returns the answers of all keys. */
const claim = prepareRows<Claim>({ scope: 'text', key: 'text', bodyHash: 'text', result: 'text', nowMs: 'bigint' })(
  'idempotency_keys',
  rowOf,
  (insert) =>
    insert
      .onConflict((conflict) =>
        conflict.columns(['scope', 'key']).doUpdateSet({
          body_hash: sql`case when ${isRemembered} then idempotency_keys.body_hash else excluded.body_hash end`,
          result: sql`case when ${isRemembered} then idempotency_keys.result else excluded.result end`,
          created_at: sql`case when ${isRemembered} then idempotency_keys.created_at else excluded.created_at end`,
        }),
      )
      .returning(['scope', 'key', 'body_hash as bodyHash', 'result']),
);

const purge = prepare<{ beforeMs: number }>()((db, p) =>
  db.deleteFrom('idempotency_keys').where((query) => {
    const old = query.selectFrom('idempotency_keys').select(['scope', 'key']).where('created_at', '<=', p.beforeMs);
    return query(query.refTuple('scope', 'key'), 'in', old.limit(sql.lit(PURGE_ROWS)).$asTuple('scope', 'key'));
  }),
);

/** Returns a hash that is the same for equal requests. @param parts  everything that distinguishes requests, in a fixed order */
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

/** Returns the scope of a caller's keys for a kind of request. */
export const scopeOfCaller = (scope: string, { owner }: CallerKey): string => (owner === undefined ? scope : `${scope}:${owner}`);

/** Returns the use of a caller's key; undefined without a key. @param parts  the complete request */
export function keyUse(scope: string, caller: CallerKey | undefined, parts: readonly unknown[]): KeyUse | undefined {
  return caller && { scope: scopeOfCaller(scope, caller), key: caller.key, bodyHash: caller.bodyHash ?? hashRequest(parts) };
}

/** Returns the stored answer of a key; undefined for a new key. @throws CONFLICT for a key that was used for something else */
export async function findAnswer(tx: Transaction, use: KeyUse & { nowMs: number }): Promise<string | undefined> {
  const found = await select.first(tx, { scope: use.scope, key: use.key, afterMs: use.nowMs - IDEMPOTENCY_TTL_MS });
  if (found !== undefined && found.bodyHash !== use.bodyHash) throw keyConflict(use.key);
  return found?.result;
}

/** Stores the answer of a key. Runs in the transaction that carries out the request. */
export async function storeAnswer(tx: Transaction, use: KeyUse & { result: string; nowMs: number }): Promise<void> {
  await upsert.run(tx, use);
}

/**
 * Carries out the request of a key and stores the answer, or returns the stored answer of an earlier request. Runs in a
 * transaction.
 * @param request.use  undefined: there is no key, and the request is always carried out
 * @param request.act  carries out the request; returns the data that a repeated request needs for the same answer
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

const nameOf = ({ scope, key }: Pick<KeyUse, 'scope' | 'key'>): string => JSON.stringify([scope, key]);

/**
 * {@link once} for many requests whose answers are known in advance: stores those of new keys, or of the first where several have
 * the same key. Runs in the transaction that carries out the requests.
 * @param requests.use  undefined: there is no key, and the request is always carried out
 * @returns for each request its own answer, that of an earlier one, or CONFLICT for a key that was used for something else
 */
export async function claimKeys(
  tx: Transaction,
  requests: readonly { use: KeyUse | undefined; result: string; nowMs: number }[],
): Promise<Outcome<string>[]> {
  const claims = new Map<string, Claim>();
  for (const { use, result, nowMs } of requests) {
    if (use !== undefined && !claims.has(nameOf(use))) claims.set(nameOf(use), { ...use, result, nowMs });
  }
  const held = new Map((await claim.all(tx, [...claims.values()])).map((row) => [nameOf(row), row]));
  return requests.map(({ use, result }) => {
    if (use === undefined) return { value: result };
    const found = held.get(nameOf(use));
    return found?.bodyHash === use.bodyHash ? { value: found.result } : { error: keyConflict(use.key) };
  });
}

/** Removes forgotten keys. Runs in a transaction: one step. @returns how many */
export async function purgeIdempotencyKeys(tx: Transaction, nowMs: number): Promise<number> {
  return purge.run(tx, { beforeMs: nowMs - IDEMPOTENCY_TTL_MS });
}
