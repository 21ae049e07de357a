/**
 * Stores the page's sessions, and the links that start them, which admit browsers without the token. Only hashes are stored. Beyond
 * a maximum number of each kind, the oldest are dropped.
 */
import { prepare } from '../prepare.js';
import { queriesOf, type Transaction } from '../transaction.js';

export type PageSecretKind = 'session' | 'link';

export interface PageSecret {
  readonly kind: PageSecretKind;
  readonly hash: string;
  readonly expiresAtMs: number;
  /** The access token that it was created with and ends with; null: the gateway's own. */
  readonly tokenId: string | null;
}

export type StoredSecret = Pick<PageSecret, 'kind' | 'hash'> & { readonly nowMs: number };

const MAX_OF_A_KIND = 256;

const select = prepare<StoredSecret>()((db, p) =>
  db
    .selectFrom('page_secrets')
    .select('token_id as tokenId')
    .where('hash', '=', p.hash)
    .where('kind', '=', p.kind)
    .where('expires_at', '>', p.nowMs),
);

const insert = prepare<PageSecret>()((db, p) =>
  db.insertInto('page_secrets').values({ hash: p.hash, kind: p.kind, expires_at: p.expiresAtMs, token_id: p.tokenId }),
);

const remove = prepare<StoredSecret>()((db, p) =>
  db.deleteFrom('page_secrets').where('hash', '=', p.hash).where('kind', '=', p.kind).where('expires_at', '>', p.nowMs),
);

/** Returns the gateway's id, which differs for each database. */
export async function readGatewayId(tx: Transaction): Promise<string> {
  return (await queriesOf(tx).selectFrom('gateway_identity').select('id').executeTakeFirstOrThrow()).id;
}

/** Returns the stored secret if it has not expired. */
export function findPageSecret(tx: Transaction, secret: StoredSecret): Promise<Pick<PageSecret, 'tokenId'> | undefined> {
  return select.first(tx, secret);
}

/** Runs in a transaction. */
export async function addPageSecret(tx: Transaction, secret: PageSecret & { nowMs: number }): Promise<void> {
  const db = queriesOf(tx);
  await db.deleteFrom('page_secrets').where('expires_at', '<=', secret.nowMs).execute();
  const ofKind = db.selectFrom('page_secrets').select('hash').where('kind', '=', secret.kind);
  const kept = ofKind.orderBy('expires_at', 'desc').limit(MAX_OF_A_KIND - 1);
  await db.deleteFrom('page_secrets').where('kind', '=', secret.kind).where('hash', 'not in', kept).execute();
  await insert.run(tx, secret);
}

/** Removes the stored secret if it has not expired. Runs in a transaction. @returns the secret, to only one of several callers */
export async function takePageSecret(tx: Transaction, secret: StoredSecret): Promise<Pick<PageSecret, 'tokenId'> | undefined> {
  const found = await findPageSecret(tx, secret);
  return (await remove.run(tx, secret)) === 1 ? found : undefined;
}
