/** Stored responses. Each function that changes something runs in a transaction. */
import { sql } from 'kysely';
import type { OutputItem, ResponseDocument } from '../../../../shared/api/responses/document.js';
import type { ResponseItem, ResponseRequest } from '../../../../shared/api/responses/request.js';
import { PurgeBudget, type PurgedTable, purgeWithin } from '../conversations/purge.js';
import { removeTurnSteps } from '../turns/turn-steps.js';
import { queriesOf, tellOthers, type Transaction } from '../transaction.js';
import { insertItems, readItems, removeItemsOf, type Viewer } from './response-items.js';

export interface NewResponse {
  /** The access token that it is created with. */
  readonly owner: string | null;
  readonly document: ResponseDocument;
  /** The request, for a worker that runs it later; null: its caller waits for it. */
  readonly request: ResponseRequest | null;
  readonly input: readonly ResponseItem[];
  readonly previousId: string | null;
  readonly conversationId: string | null;
  /** The worker that writes it; null: one is to claim it. */
  readonly instanceId: string | null;
  readonly nowMs: number;
}

export interface StoredResponse {
  readonly owner: string | null;
  readonly document: ResponseDocument;
  readonly conversationId: string | null;
}

const isOpen = ({ status }: ResponseDocument): boolean => status === 'queued' || status === 'in_progress';

const documentText = ({ output: _output, ...document }: ResponseDocument): string => JSON.stringify(document);

async function withOutput(tx: Transaction, id: string, text: string): Promise<ResponseDocument> {
  const output = (await readItems(tx, { responseId: id, side: 'output' })) as unknown as OutputItem[];
  return { ...(JSON.parse(text) as Omit<ResponseDocument, 'output'>), output };
}

/** Stores a response with its input, and with its end if it has one. */
export async function insertResponse(tx: Transaction, response: NewResponse): Promise<void> {
  const { document, owner, request, previousId, conversationId, instanceId, nowMs } = response;
  const { id } = document;
  await queriesOf(tx)
    .insertInto('responses')
    .values({
      id,
      owner,
      document: documentText(document),
      is_background: request === null ? 0 : 1,
      request: request === null ? null : JSON.stringify(request),
      previous_id: previousId,
      conversation_id: conversationId,
      instance_id: instanceId,
      created_at: nowMs,
      finished_at: isOpen(document) ? null : nowMs,
    })
    .execute();
  await insertItems(tx, { owner, responseId: id, conversationId: null }, { side: 'input', items: response.input });
  if (!isOpen(document)) await addOutput(tx, { document, owner, conversationId });
}

/** A conversation gets the input and the output only together with the answer. */
async function addOutput(tx: Transaction, { document, owner, conversationId }: StoredResponse): Promise<void> {
  const { id: responseId, status } = document;
  const items = document.output as unknown as ResponseItem[];
  await insertItems(tx, { owner, responseId, conversationId: null }, { side: 'output', items });
  if (conversationId === null || (status !== 'completed' && status !== 'incomplete')) return;
  await queriesOf(tx)
    .updateTable('response_items')
    .set({ conversation_id: conversationId })
    .where('response_id', '=', responseId)
    .where((query) => query.exists(query.selectFrom('response_conversations').select('id').where('id', '=', conversationId)))
    .execute();
}

/** One response, if the viewer sees it. */
export interface ResponseName {
  readonly id: string;
  readonly viewer: Viewer;
}

export async function findResponse(tx: Transaction, { id, viewer }: ResponseName): Promise<StoredResponse | undefined> {
  const all = queriesOf(tx).selectFrom('responses').select(['document', 'owner', 'conversation_id']).where('id', '=', id);
  const row = await (viewer === undefined ? all : all.where('owner', '=', viewer)).executeTakeFirst();
  return row && { document: await withOutput(tx, id, row.document), owner: row.owner, conversationId: row.conversation_id };
}

/**
 * Stores the end of a response.
 * @param end.instanceId  the worker that writes it; default: any @returns false when another worker has ended or taken it, or it
 * was deleted
 */
export async function finishResponse(
  tx: Transaction,
  { document, instanceId, nowMs }: { document: ResponseDocument; instanceId?: string | null; nowMs: number },
): Promise<boolean> {
  const open = queriesOf(tx)
    .updateTable('responses')
    .set({ document: documentText(document), finished_at: nowMs, request: null, instance_id: null })
    .where('id', '=', document.id)
    .where('finished_at', 'is', null);
  const written = instanceId === undefined ? open : open.where('instance_id', instanceId === null ? 'is' : '=', instanceId);
  const row = await written.returning(['owner', 'conversation_id']).executeTakeFirst();
  if (row === undefined) return false;
  tellOthers(tx, 'responses');
  await removeTurnSteps(tx, { turnId: document.id, nowMs });
  await addOutput(tx, { document, owner: row.owner, conversationId: row.conversation_id });
  return true;
}

async function remove(tx: Transaction, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const db = queriesOf(tx);
  await removeItemsOf(tx, ids);
  await db.deleteFrom('response_events').where('response_id', 'in', ids).execute();
  await db.deleteFrom('responses').where('id', 'in', ids).execute();
}

/** @returns whether it existed */
export async function removeResponse(tx: Transaction, name: ResponseName): Promise<boolean> {
  const found = await findResponse(tx, name);
  if (found === undefined) return false;
  await remove(tx, [name.id]);
  tellOthers(tx, 'responses');
  return true;
}

const PURGED_ITEMS: PurgedTable = { table: 'response_items', key: 'seq', bytes: sql`octet_length(item)` };
/** The events of a response are removed together. */
const PURGED_EVENTS: PurgedTable = { table: 'response_events', key: 'response_id', bytes: sql`sum(octet_length(events))` };
const PURGED_RESPONSES: PurgedTable = { table: 'responses', key: 'id', bytes: sql`octet_length(document)` };

/**
 * Purges old responses that no other response continues: one step, which removes the last link of a chain. @returns the number of
 * rows
 */
export async function purgeResponses(tx: Transaction, beforeMs: number): Promise<number> {
  const budget = new PurgeBudget();
  const { rows } = await sql<{ id: string }>`select id from responses where finished_at <= ${beforeMs}
    and not exists (select 1 from responses as next where next.previous_id = responses.id) limit ${sql.lit(budget.rows)}`.execute(
    queriesOf(tx),
  );
  if (rows.length === 0) return 0;
  const ids = sql.join(rows.map(({ id }) => id));
  await purgeWithin(tx, budget, { ...PURGED_ITEMS, where: sql`response_id in (${ids}) and conversation_id is null` });
  await purgeWithin(tx, budget, { ...PURGED_EVENTS, where: sql`response_id in (${ids}) group by response_id` });
  await purgeWithin(tx, budget, { ...PURGED_RESPONSES, where: sql`id in (${ids})` });
  return budget.removed;
}
