/** Statements on attached files. An unsent one belongs to its session and to no message. */
import { sql } from 'kysely';
import type { AttachmentNote } from '../../../../shared/api/attachments.js';
import { prepare } from '../prepare.js';
import { queriesOf, type Transaction } from '../transaction.js';
import { type PurgedTable, purgeRows } from './purge.js';
import { type NewAttachment, UNSENT } from './tables.js';

/** The content of a file. */
export interface StoredFile {
  readonly name: string;
  readonly mediaType: string;
  readonly content: Buffer;
}

export interface NewFile extends StoredFile {
  readonly id: string;
}

/** The message that files belong to. */
export interface AttachmentPlace {
  readonly sessionId: number;
  readonly messageId: string;
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

/** Returns the attachments of the messages by message id, in the order in which they were attached. */
export async function listAttachments(
  tx: Transaction,
  sessionId: number,
  messageIds: readonly string[],
): Promise<ReadonlyMap<string, AttachmentNote[]>> {
  const found = new Map<string, AttachmentNote[]>();
  if (messageIds.length === 0 || !(await hasAttachments(tx, sessionId))) return found;
  const rows = await queriesOf(tx)
    .selectFrom('attachments')
    .select(['message_id as messageId', 'id', 'name', 'media_type as mediaType', 'size'])
    .where('session_id', '=', sessionId)
    .where('message_id', 'in', messageIds)
    .orderBy('seq')
    .execute();
  for (const { messageId, ...note } of rows) found.set(messageId, [...(found.get(messageId) ?? []), note]);
  return found;
}

/** Returns the content of the files that exist, by id. */
export async function readContents(tx: Transaction, ids: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
  if (ids.length === 0) return new Map();
  const rows = await queriesOf(tx).selectFrom('attachments').select(['id', 'content']).where('id', 'in', ids).execute();
  return new Map(rows.map(({ id, content }) => [id, Buffer.from(content)]));
}

/** Stores files for a message, or, without `messageId`, unsent ones. Runs in a transaction. */
export async function insertAttachments(
  tx: Transaction,
  added: { sessionId: number; messageId?: string; files: readonly NewFile[]; nowMs: number },
): Promise<AttachmentNote[]> {
  const { sessionId, messageId = UNSENT, files, nowMs } = added;
  for (const { id, name, mediaType, content } of files) {
    const place = { id, session_id: sessionId, message_id: messageId, created_at: nowMs };
    await insertRow(tx, { ...place, name, media_type: mediaType, size: content.length, content });
  }
  return files.map(({ id, name, mediaType, content }) => ({ id, name, mediaType, size: content.length }));
}

const COPIED = ['name', 'media_type', 'size', 'content'] as const;

/** Inserts a row; the driver returns content as another type than it accepts. */
async function insertRow(tx: Transaction, row: NewAttachment): Promise<void> {
  await queriesOf(tx)
    .insertInto('attachments')
    .values({ ...row, content: Buffer.from(row.content) })
    .execute();
}

/** Copies the files of a message to another one. `newId` creates their ids. Runs in a transaction. */
export async function copyAttachments(
  tx: Transaction,
  { from, to, newId, nowMs }: { from: AttachmentPlace; to: AttachmentPlace; newId: () => string; nowMs: number },
): Promise<void> {
  if (!(await hasAttachments(tx, from.sessionId))) return;
  const rows = await queriesOf(tx)
    .selectFrom('attachments')
    .select(COPIED)
    .where('session_id', '=', from.sessionId)
    .where('message_id', '=', from.messageId)
    .orderBy('seq')
    .execute();
  for (const row of rows) {
    await insertRow(tx, { ...row, id: newId(), session_id: to.sessionId, message_id: to.messageId, created_at: nowMs });
  }
}

/**
 * Attaches files of the session to a message, in the order of `ids`; one that already belongs to another message is copied. Runs in a
 * transaction.
 * @returns the ids that do not exist
 */
export async function attachFiles(
  tx: Transaction,
  { place, ids, newId }: { place: AttachmentPlace; ids: readonly string[]; newId: () => string },
): Promise<string[]> {
  const missing: string[] = [];
  // The files of a message have the order of their rows. A file that was uploaded before the one it follows gets a new row.
  let lastSeq = 0;
  for (const id of ids) {
    const own = queriesOf(tx).selectFrom('attachments').where('id', '=', id).where('session_id', '=', place.sessionId);
    const found = await own.select(['seq', 'message_id', 'created_at', ...COPIED]).executeTakeFirst();
    if (found === undefined) {
      missing.push(id);
      continue;
    }
    const { seq, ...file } = found;
    const isUnsent = file.message_id === UNSENT;
    if (isUnsent && seq > lastSeq) {
      await queriesOf(tx).updateTable('attachments').set({ message_id: place.messageId }).where('id', '=', id).execute();
      lastSeq = seq;
      continue;
    }
    if (isUnsent) await queriesOf(tx).deleteFrom('attachments').where('id', '=', id).execute();
    await insertRow(tx, { ...file, id: isUnsent ? id : newId(), session_id: place.sessionId, message_id: place.messageId });
    lastSeq = Infinity;
  }
  return missing;
}

/** Returns a file; undefined for one that does not exist, or whose session was deleted. */
export async function readAttachment(tx: Transaction, id: string): Promise<StoredFile | undefined> {
  const row = await queriesOf(tx)
    .selectFrom('attachments')
    .innerJoin('sessions', 'sessions.id', 'attachments.session_id')
    .select(['name', 'media_type as mediaType', 'content'])
    .where('attachments.id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  return row && { ...row, content: Buffer.from(row.content) };
}

export const PURGED_FILES: PurgedTable = { table: 'attachments', key: 'seq', bytes: sql`size` };

/** Removes an unsent file. Returns whether it existed. Runs in a transaction. */
export async function removeUnsent(tx: Transaction, id: string): Promise<boolean> {
  const result = await queriesOf(tx).deleteFrom('attachments').where('id', '=', id).where('message_id', '=', UNSENT).executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/**
 * Purges old files that belong to no message: unsent ones, and those of messages that were taken back before their turn. One step. Returns
 * their number. Runs in a transaction.
 */
export function purgeUnsent(tx: Transaction, beforeMs: number): Promise<number> {
  // They are looked for in the index: SQLite reads the content of a row before its time.
  const withoutMessage = sql`select seq from attachments as files
    where not exists (select 1 from messages where messages.id = files.message_id)
    and not exists (select 1 from inbox_messages where inbox_messages.id = files.message_id and finished_at is null)`;
  return purgeRows(tx, PURGED_FILES, sql`seq in (${withoutMessage}) and created_at <= ${beforeMs}`);
}
