/**
 * Conversations of the Responses API: lists of items that responses add to. They are kept until they are deleted. Each function
 * that changes something runs in a transaction.
 */
import { type RawBuilder, sql } from 'kysely';
import type { ResponseItem } from '../../../../shared/api/responses/request.js';
import { queriesOf, type Transaction } from '../transaction.js';
import type { Viewer } from './response-items.js';

export interface Conversation {
  readonly id: string;
  readonly owner: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
}

export interface ConversationName {
  readonly id: string;
  readonly viewer: Viewer;
}

export async function insertConversation(tx: Transaction, { id, owner, metadata, createdAtMs }: Conversation): Promise<void> {
  const row = { id, owner, metadata: JSON.stringify(metadata), created_at: createdAtMs };
  await queriesOf(tx).insertInto('response_conversations').values(row).execute();
}

export async function findConversation(tx: Transaction, { id, viewer }: ConversationName): Promise<Conversation | undefined> {
  const all = queriesOf(tx).selectFrom('response_conversations').selectAll().where('id', '=', id);
  const row = await (viewer === undefined ? all : all.where('owner', '=', viewer)).executeTakeFirst();
  return row && { id, owner: row.owner, metadata: JSON.parse(row.metadata) as Conversation['metadata'], createdAtMs: row.created_at };
}

export async function setConversationMetadata(tx: Transaction, { id, metadata }: Pick<Conversation, 'id' | 'metadata'>): Promise<void> {
  await queriesOf(tx)
    .updateTable('response_conversations')
    .set({ metadata: JSON.stringify(metadata) })
    .where('id', '=', id)
    .execute();
}

/** Items of stored responses are kept with them. */
export async function removeConversation(tx: Transaction, id: string): Promise<void> {
  await takeOut(tx, sql`conversation_id = ${id}`);
  await queriesOf(tx).deleteFrom('response_conversations').where('id', '=', id).execute();
}

/** Removes items from their conversation, and deletes those that are not in a stored response either. */
async function takeOut(tx: Transaction, which: RawBuilder<unknown>): Promise<void> {
  const db = queriesOf(tx);
  await sql`delete from response_items where ${which}
    and (response_id is null or response_id not in (select responses.id from responses))`.execute(db);
  await sql`update response_items set conversation_id = null where ${which}`.execute(db);
}

interface ItemName {
  readonly conversationId: string;
  readonly itemId: string;
}

export async function findConversationItem(tx: Transaction, { conversationId, itemId }: ItemName): Promise<ResponseItem | undefined> {
  const select = queriesOf(tx).selectFrom('response_items').select('item').where('conversation_id', '=', conversationId);
  const row = await select.where('id', '=', itemId).orderBy('seq', 'desc').limit(1).executeTakeFirst();
  return row && (JSON.parse(row.item) as ResponseItem);
}

/** The item stays in its response, if that is still stored. */
export async function removeConversationItem(tx: Transaction, { conversationId, itemId }: ItemName): Promise<void> {
  await takeOut(tx, sql`conversation_id = ${conversationId} and id = ${itemId}`);
}
