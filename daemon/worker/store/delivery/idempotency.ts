/** Callers' idempotency keys with what they were first used for. */
import { sql } from 'kysely';
import { prepare } from '../prepare.js';
import { PURGE_ROWS } from '../conversations/purge.js';
import type { Transaction } from '../transaction.js';

/** How long a key is remembered. */
export const IDEMPOTENCY_TTL_MS = 24 * 60 * 60 * 1_000;

interface KeyOfScope {
  readonly scope: string;
  readonly key: string;
}

/** What a key was first used for. */
export interface FirstUse {
  readonly bodyHash: string;
  readonly result: string;
}

const select = prepare<KeyOfScope & { afterMs: number }>()((db, p) =>
  db
    .selectFrom('idempotency_keys')
    .select(['body_hash as bodyHash', 'result'])
    .where('scope', '=', p.scope)
    .where('key', '=', p.key)
    .where('created_at', '>', p.afterMs),
);

const upsert = prepare<KeyOfScope & FirstUse & { nowMs: number }>()((db, p) =>
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

/** @param use.nowMs  epoch milliseconds; a use longer ago than the TTL is forgotten */
export async function findFirstUse(tx: Transaction, use: KeyOfScope & { nowMs: number }): Promise<FirstUse | undefined> {
  return select.first(tx, { scope: use.scope, key: use.key, afterMs: use.nowMs - IDEMPOTENCY_TTL_MS });
}

/** Runs in the transaction that does what the key stands for. */
export async function rememberFirstUse(tx: Transaction, use: KeyOfScope & FirstUse & { nowMs: number }): Promise<void> {
  await upsert.run(tx, use);
}

/** Runs in a write: one step. @returns how many keys were forgotten */
export async function purgeIdempotencyKeys(tx: Transaction, nowMs: number): Promise<number> {
  return purge.run(tx, { beforeMs: nowMs - IDEMPOTENCY_TTL_MS });
}
