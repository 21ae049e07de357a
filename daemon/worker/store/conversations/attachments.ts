/** Which files belong to which messages; the files themselves are for `files/`, which is loaded late. */
import { sql } from 'kysely';
import { UNSENT } from './chat-tables.js';
import { prepare } from '../prepare.js';
import { PURGE_ROWS } from './purge.js';
import { queriesOf, type Transaction } from '../transaction.js';

export interface AttachmentNote {
  readonly messageId: string;
  readonly id: string;
  readonly name: string;
  readonly mediaType: string;
  readonly size: number;
}

const selectAny = prepare<{ sessionId: number }>()((db, p) =>
  db
    .selectFrom('attachments')
    .select('seq')
    .where('session_id', '=', p.sessionId)
    .where('message_id', '!=', sql.lit(UNSENT))
    .limit(sql.lit(1)),
);

export async function hasAttachments(tx: Transaction, sessionId: number): Promise<boolean> {
  return (await selectAny.first(tx, { sessionId })) !== undefined;
}

export async function listAttachments(tx: Transaction, sessionId: number, messageIds: readonly string[]): Promise<AttachmentNote[]> {
  return queriesOf(tx)
    .selectFrom('attachments')
    .select(['message_id as messageId', 'id', 'name', 'media_type as mediaType', 'size'])
    .where('session_id', '=', sessionId)
    .where('message_id', 'in', messageIds)
    .orderBy('seq')
    .execute();
}

/** Forgets files that were never sent. Runs in a write: one step. @returns how many */
export async function purgeUnsent(tx: Transaction, beforeMs: number): Promise<number> {
  const old = queriesOf(tx).selectFrom('attachments').select('seq').where('message_id', '=', UNSENT).where('created_at', '<=', beforeMs);
  const result = await queriesOf(tx).deleteFrom('attachments').where('seq', 'in', old.limit(PURGE_ROWS)).executeTakeFirst();
  return Number(result.numDeletedRows);
}
