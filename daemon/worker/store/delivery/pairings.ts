/** Statements on pairings: senders who may write to an account with the policy `pairing`, or have asked to. */
import { MAX_PENDING_PAIRINGS } from '../../../../shared/channels/pairing-limit.js';
import { queriesOf, type Transaction } from '../transaction.js';

export interface PairingKey {
  readonly channel: string;
  readonly accountId: string;
  readonly senderId: string;
}

/** A sender who may write, or has asked to. Times are epoch milliseconds. */
export interface Pairing extends PairingKey {
  readonly senderName: string;
  /** What the sender received and the owner approves; null once approved. */
  readonly code: string | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
}

const PAIRING = [
  ...(['channel', 'account_id as accountId', 'sender_id as senderId', 'sender_name as senderName', 'code'] as const),
  ...(['created_at as createdAtMs', 'expires_at as expiresAtMs'] as const),
] as const;

/** A request expires after this time, and the sender may ask again. */
export const PAIRING_TTL_MS = 60 * 60 * 1_000;

function isValid({ expiresAtMs }: Pairing, nowMs: number): boolean {
  return expiresAtMs === null || expiresAtMs > nowMs;
}

export async function isPaired(tx: Transaction, key: PairingKey): Promise<boolean> {
  const row = await queriesOf(tx)
    .selectFrom('pairings')
    .select('code')
    .where('channel', '=', key.channel)
    .where('account_id', '=', key.accountId)
    .where('sender_id', '=', key.senderId)
    .executeTakeFirst();
  return row !== undefined && row.code === null;
}

/**
 * Stores a sender's request for approval. Runs in a transaction.
 * @returns `known`: there is a request or an approval already; `full`: too many are pending
 */
export async function requestPairing(
  tx: Transaction,
  request: PairingKey & { senderName: string; code: string; nowMs: number },
): Promise<'new' | 'known' | 'full'> {
  const { channel, accountId, senderId, senderName, code, nowMs } = request;
  await queriesOf(tx).deleteFrom('pairings').where('expires_at', '<=', nowMs).execute();
  const known = await queriesOf(tx)
    .selectFrom('pairings')
    .select(PAIRING)
    .where('channel', '=', channel)
    .where('account_id', '=', accountId)
    .execute();
  if (known.some((pairing) => pairing.senderId === senderId)) return 'known';
  if (known.filter((pairing) => pairing.code !== null).length >= MAX_PENDING_PAIRINGS) return 'full';
  await queriesOf(tx)
    .insertInto('pairings')
    .values({
      channel,
      account_id: accountId,
      sender_id: senderId,
      sender_name: senderName,
      code,
      expires_at: nowMs + PAIRING_TTL_MS,
      created_at: nowMs,
    })
    .execute();
  return 'new';
}

/** Approves a sender. Returns undefined when no valid request has that code. Runs in a transaction. */
export async function approvePairing(
  tx: Transaction,
  approval: { channel: string; code: string; nowMs: number },
): Promise<Pairing | undefined> {
  const row = await queriesOf(tx)
    .selectFrom('pairings')
    .select(PAIRING)
    .where('channel', '=', approval.channel)
    .where('code', '=', approval.code)
    .executeTakeFirst();
  if (row === undefined || !isValid(row, approval.nowMs)) return undefined;
  return queriesOf(tx)
    .updateTable('pairings')
    .set({ code: null, expires_at: null })
    .where('channel', '=', row.channel)
    .where('account_id', '=', row.accountId)
    .where('sender_id', '=', row.senderId)
    .returning(PAIRING)
    .executeTakeFirst();
}

/** Runs in a transaction. @returns whether there was a request or an approval */
export async function removePairing(tx: Transaction, key: PairingKey): Promise<boolean> {
  const result = await queriesOf(tx)
    .deleteFrom('pairings')
    .where('channel', '=', key.channel)
    .where('account_id', '=', key.accountId)
    .where('sender_id', '=', key.senderId)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** @returns approved senders and open requests, oldest first */
export async function listPairings(tx: Transaction, nowMs: number): Promise<Pairing[]> {
  const rows = await queriesOf(tx).selectFrom('pairings').select(PAIRING).orderBy('created_at').execute();
  return rows.filter((row) => isValid(row, nowMs));
}
