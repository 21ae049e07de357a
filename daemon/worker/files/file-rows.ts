/** Attached files in the store. One that is not sent yet belongs to its session and to no message. */

import { type NewAttachment, UNSENT } from '../store/conversations/chat-tables.js';
import type { FileNote, SoundFile } from './file.js';
import { queriesOf, type Transaction } from '../store/transaction.js';

interface Place {
  readonly sessionId: number;
  readonly messageId: string;
}

export interface NewFiles {
  readonly sessionId: number;
  /** Undefined: not sent yet. */
  readonly messageId?: string;
  readonly files: readonly (SoundFile & { readonly id: string })[];
  readonly nowMs: number;
}

/** Runs in a write. */
export async function insertFiles(tx: Transaction, { sessionId, messageId = UNSENT, files, nowMs }: NewFiles): Promise<FileNote[]> {
  for (const { id, name, mediaType, content } of files) {
    const place = { id, session_id: sessionId, message_id: messageId };
    const file = { name, media_type: mediaType, size: content.length, content, created_at: nowMs };
    await queriesOf(tx)
      .insertInto('attachments')
      .values({ ...place, ...file })
      .execute();
  }
  return files.map(({ id, name, mediaType, content }) => ({ id, name, mediaType, size: content.length }));
}

const COPIED = ['name', 'media_type', 'size', 'content'] as const;

/** What the driver gives is not what it takes. */
async function insertCopy(tx: Transaction, row: NewAttachment): Promise<void> {
  await queriesOf(tx)
    .insertInto('attachments')
    .values({ ...row, content: Buffer.from(row.content) })
    .execute();
}

/** Runs in a write. Copies what belongs to a message. `newId` makes the ids. */
export async function copyFiles(
  tx: Transaction,
  { from, to, newId, nowMs }: { from: Place; to: Place; newId: () => string; nowMs: number },
) {
  const rows = await queriesOf(tx)
    .selectFrom('attachments')
    .select(COPIED)
    .where('session_id', '=', from.sessionId)
    .where('message_id', '=', from.messageId)
    .orderBy('seq')
    .execute();
  for (const row of rows) {
    await insertCopy(tx, { ...row, id: newId(), session_id: to.sessionId, message_id: to.messageId, created_at: nowMs });
  }
}

/**
 * Runs in a write. Attaches files of the session to a message; one that belongs to another message already is copied.
 * @returns the ids that are not there
 */
export async function attach(
  tx: Transaction,
  { place, ids, newId }: { place: Place; ids: readonly string[]; newId: () => string },
): Promise<string[]> {
  const missing: string[] = [];
  for (const id of ids) {
    const own = queriesOf(tx).selectFrom('attachments').where('id', '=', id).where('session_id', '=', place.sessionId);
    const found = await own.select(['seq', 'message_id', 'created_at', ...COPIED]).executeTakeFirst();
    if (found === undefined) missing.push(id);
    else if (found.message_id === UNSENT)
      await queriesOf(tx).updateTable('attachments').set({ message_id: place.messageId }).where('id', '=', id).execute();
    else {
      const { seq: _seq, ...row } = found;
      await insertCopy(tx, { ...row, id: newId(), session_id: place.sessionId, message_id: place.messageId });
    }
  }
  return missing;
}

/** @returns undefined for a file that is not there, or whose session was deleted */
export async function readFile(tx: Transaction, id: string): Promise<SoundFile | undefined> {
  const row = await queriesOf(tx)
    .selectFrom('attachments')
    .innerJoin('sessions', 'sessions.id', 'attachments.session_id')
    .select(['name', 'media_type as mediaType', 'content'])
    .where('attachments.id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  return row && { ...row, content: Buffer.from(row.content) };
}

/** Runs in a write. @returns whether there was such a file that is not sent */
export async function removeUnsent(tx: Transaction, id: string): Promise<boolean> {
  const result = await queriesOf(tx).deleteFrom('attachments').where('id', '=', id).where('message_id', '=', UNSENT).executeTakeFirst();
  return result.numDeletedRows > 0n;
}
