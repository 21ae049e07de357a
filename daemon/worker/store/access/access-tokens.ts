/** Access tokens. Only hashes of their secrets are stored. */
import type { Scope } from '../../../../shared/api/gateway/tokens.js';
import { type Codec, jsonOrNull, mapColumns } from '../columns.js';
import type { AccessTokenRow } from '../schema.js';
import { queriesOf, tellOthers, type Transaction } from '../transaction.js';

export interface AccessToken {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the secret, base64url. A secret has 256 random bits, so nothing slower is needed. */
  readonly hash: string;
  /** The beginning of the secret; null for tokens created by an older build. */
  readonly prefix: string | null;
  readonly scopes: readonly Scope[];
  /** Null: all. */
  readonly agents: readonly string[] | null;
  readonly requestsPerMinute: number | null;
  /** What it may spend on models per day, in US dollars; null: as much as others may. */
  readonly dailyUsd: number | null;
  readonly createdAtMs: number;
  /** Null: never. */
  readonly expiresAtMs: number | null;
  readonly lastUsedAtMs: number | null;
  /** The address of the client that used it last. */
  readonly lastUsedFrom: string | null;
}

const SCOPES: Codec<string, readonly Scope[]> = {
  read: (stored) => JSON.parse(stored) as Scope[],
  write: (scopes) => JSON.stringify(scopes),
};

const COLUMNS = mapColumns<AccessTokenRow, AccessToken>({
  id: 'id',
  name: 'name',
  hash: 'hash',
  prefix: 'prefix',
  scopes: ['scopes', SCOPES],
  agents: ['agents', jsonOrNull<readonly string[]>()],
  requestsPerMinute: 'requests_per_minute',
  dailyUsd: 'daily_usd',
  createdAtMs: 'created_at',
  expiresAtMs: 'expires_at',
  lastUsedAtMs: 'last_used_at',
  lastUsedFrom: 'last_used_from',
});

export interface TokenUse {
  readonly id: string;
  readonly usedAtMs: number;
  /** The address of the client. */
  readonly from: string;
}

/** Returns all tokens that were not revoked, oldest first. */
export async function readAccessTokens(tx: Transaction): Promise<AccessToken[]> {
  const rows = await queriesOf(tx).selectFrom('access_tokens').selectAll().orderBy('created_at').orderBy('id').execute();
  return rows.map(COLUMNS.read);
}

/** Runs in a transaction. @returns false if the name is taken */
export async function addAccessToken(tx: Transaction, token: AccessToken): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await queriesOf(tx)
    .insertInto('access_tokens')
    .values(COLUMNS.write(token) as AccessTokenRow)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirst();
  tellOthers(tx, 'tokens');
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Runs in a transaction. */
export async function removeAccessToken(tx: Transaction, id: string): Promise<void> {
  await queriesOf(tx).deleteFrom('access_tokens').where('id', '=', id).execute();
  tellOthers(tx, 'tokens');
}

/** Runs in a transaction. Never moves the time back. */
export async function noteTokenUse(tx: Transaction, { id, usedAtMs, from }: TokenUse): Promise<void> {
  await queriesOf(tx)
    .updateTable('access_tokens')
    .set({ last_used_at: usedAtMs, last_used_from: from })
    .where('id', '=', id)
    .where((expression) => expression.or([expression('last_used_at', 'is', null), expression('last_used_at', '<', usedAtMs)]))
    .execute();
}
