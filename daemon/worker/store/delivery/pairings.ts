/** Who may write to an account whose policy is pairing, and who has asked to. */
import type { PairingRow } from '../schema.js';
import { queriesOf, type Transaction } from '../transaction.js';

export interface PairingKey {
  readonly channel: string;
  readonly accountId: string;
  readonly senderId: string;
}

/** A request lives so long; then its code is worth nothing and the sender may ask again. */
export const PAIRING_TTL_MS = 60 * 60 * 1_000;
/** A stranger with many accounts fills no table. */
const MAX_PENDING_PER_ACCOUNT = 20;

function isAlive(row: PairingRow, nowMs: number): boolean {
  return row.expires_at === null || row.expires_at > nowMs;
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
 * Runs in a write. Notes that a sender wants to be known.
 * @returns true: the sender is to be told the code; false: it has been told already, is known, or too many ask
 */
export async function requestPairing(
  tx: Transaction,
  request: PairingKey & { senderName: string; code: string; nowMs: number },
): Promise<boolean> {
  const { channel, accountId, senderId, senderName, code, nowMs } = request;
  await queriesOf(tx).deleteFrom('pairings').where('expires_at', '<=', nowMs).execute();
  const known = await queriesOf(tx)
    .selectFrom('pairings')
    .selectAll()
    .where('channel', '=', channel)
    .where('account_id', '=', accountId)
    .execute();
  if (known.some((row) => row.sender_id === senderId)) return false;
  if (known.filter((row) => row.code !== null).length >= MAX_PENDING_PER_ACCOUNT) return false;
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
  return true;
}

/** Runs in a write. Lets a sender in. @returns who it is; undefined when no request has that code */
export async function approvePairing(
  tx: Transaction,
  approval: { channel: string; code: string; nowMs: number },
): Promise<PairingRow | undefined> {
  const row = await queriesOf(tx)
    .selectFrom('pairings')
    .selectAll()
    .where('channel', '=', approval.channel)
    .where('code', '=', approval.code)
    .executeTakeFirst();
  if (row === undefined || !isAlive(row, approval.nowMs)) return undefined;
  return queriesOf(tx)
    .updateTable('pairings')
    .set({ code: null, expires_at: null })
    .where('channel', '=', row.channel)
    .where('account_id', '=', row.account_id)
    .where('sender_id', '=', row.sender_id)
    .returningAll()
    .executeTakeFirst();
}

/** Runs in a write. @returns whether the sender had been known, or had asked */
export async function removePairing(tx: Transaction, key: PairingKey): Promise<boolean> {
  const result = await queriesOf(tx)
    .deleteFrom('pairings')
    .where('channel', '=', key.channel)
    .where('account_id', '=', key.accountId)
    .where('sender_id', '=', key.senderId)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** @returns known senders and open requests, oldest first */
export async function listPairings(tx: Transaction, nowMs: number): Promise<PairingRow[]> {
  const rows = await queriesOf(tx).selectFrom('pairings').selectAll().orderBy('created_at').execute();
  return rows.filter((row) => isAlive(row, nowMs));
}
