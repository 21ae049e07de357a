/** Items of stored responses and of conversations. */
import { sql } from 'kysely';
import type { ResponseItem } from '../../../../shared/api/responses/request.js';
import { queriesOf, type Transaction } from '../transaction.js';
import type { ResponseItemTable } from './tables.js';

export type ItemSide = ResponseItemTable['side'];

/** The access token of a viewer who sees only what was created with it; undefined for a viewer who sees everything. */
export type Viewer = string | undefined;

/** Where items belong: to a response, to a conversation, or to a conversation through a response. */
export interface ItemPlace {
  readonly owner: string | null;
  readonly responseId: string | null;
  readonly conversationId: string | null;
}

export interface ItemPage {
  /** The id of the item before the page. */
  readonly after?: string | undefined;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
}

const ROWS_AT_ONCE = 200;

const parse = ({ item }: { readonly item: string }): ResponseItem => JSON.parse(item) as ResponseItem;

/** Runs in a transaction. */
export async function insertItems(
  tx: Transaction,
  { owner, responseId, conversationId }: ItemPlace,
  { side, items }: { side: ItemSide; items: readonly ResponseItem[] },
): Promise<void> {
  const rows = items.map((item) => ({
    id: item.id,
    owner,
    response_id: responseId,
    conversation_id: conversationId,
    side,
    item: JSON.stringify(item),
  }));
  for (let start = 0; start < rows.length; start += ROWS_AT_ONCE)
    await queriesOf(tx)
      .insertInto('response_items')
      .values(rows.slice(start, start + ROWS_AT_ONCE))
      .execute();
}

/** Returns the input or the output of a response. */
export async function readItems(tx: Transaction, { responseId, side }: { responseId: string; side: ItemSide }): Promise<ResponseItem[]> {
  const select = queriesOf(tx).selectFrom('response_items').select('item').where('response_id', '=', responseId).where('side', '=', side);
  return (await select.orderBy('seq').execute()).map(parse);
}

/** Returns the newest item of that id, wherever it is. */
export async function findItem(tx: Transaction, { id, viewer }: { id: string; viewer: Viewer }): Promise<ResponseItem | undefined> {
  const all = queriesOf(tx).selectFrom('response_items').select('item').where('id', '=', id);
  const select = viewer === undefined ? all : all.where('owner', '=', viewer);
  const row = await select.orderBy('seq', 'desc').limit(1).executeTakeFirst();
  return row && parse(row);
}

/** Returns the items of a response and of those that it continues, oldest first; undefined if one of them has been deleted. */
export async function readChain(tx: Transaction, responseId: string): Promise<ResponseItem[] | undefined> {
  const chain = sql`with recursive chain (id, previous_id, depth) as (
    select id, previous_id, 0 from responses where id = ${responseId}
    union all select responses.id, responses.previous_id, depth + 1 from responses join chain on responses.id = chain.previous_id)`;
  const db = queriesOf(tx);
  const { rows: first } = await sql<{ previousId: string | null }>`${chain}
    select previous_id as "previousId" from chain order by depth desc limit 1`.execute(db);
  if (first[0]?.previousId !== null) return undefined;
  const { rows } = await sql<{ item: string }>`${chain}
    select item from chain join response_items on response_items.response_id = chain.id order by depth desc, seq`.execute(db);
  return rows.map(parse);
}

/** Returns the items of a conversation, oldest first. */
export async function readConversationItems(tx: Transaction, conversationId: string): Promise<ResponseItem[]> {
  const select = queriesOf(tx).selectFrom('response_items').select('item').where('conversation_id', '=', conversationId);
  return (await select.orderBy('seq').execute()).map(parse);
}

type PagedItems = { readonly responseId: string } | { readonly conversationId: string };

/** Returns a page of a response's input, or of a conversation, and whether more follow; undefined if `after` does not exist. */
export async function readItemPage(
  tx: Transaction,
  of: PagedItems,
  { after, limit, order }: ItemPage,
): Promise<{ items: ResponseItem[]; hasMore: boolean } | undefined> {
  const all = queriesOf(tx).selectFrom('response_items');
  const owned =
    'responseId' in of
      ? all.where('response_id', '=', of.responseId).where('side', '=', 'input')
      : all.where('conversation_id', '=', of.conversationId);
  const start =
    after === undefined ? undefined : await owned.select('seq').where('id', '=', after).orderBy('seq', 'desc').limit(1).executeTakeFirst();
  if (after !== undefined && start === undefined) return undefined;
  const behind = start === undefined ? owned : owned.where('seq', order === 'asc' ? '>' : '<', start.seq);
  const rows = await behind
    .select('item')
    .orderBy('seq', order)
    .limit(limit + 1)
    .execute();
  return { items: rows.slice(0, limit).map(parse), hasMore: rows.length > limit };
}

/** Removes the items of responses, except those in a conversation. Runs in a transaction. */
export async function removeItemsOf(tx: Transaction, responseIds: readonly string[]): Promise<void> {
  if (responseIds.length === 0) return;
  await queriesOf(tx).deleteFrom('response_items').where('response_id', 'in', responseIds).where('conversation_id', 'is', null).execute();
}
