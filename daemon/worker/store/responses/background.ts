/**
 * Background responses: which worker writes them, and their stored events. Each function that changes something runs in a
 * transaction.
 */
import { sql } from 'kysely';
import type { ResponseDocument } from '../../../../shared/api/responses/document.js';
import type { ResponseEvent } from '../../../../shared/api/responses/events.js';
import type { ResponseItem, ResponseRequest } from '../../../../shared/api/responses/request.js';
import { queriesOf, tellOthers, type Transaction } from '../transaction.js';
import { hasSteps, readTurnSteps, type StoredStep } from '../turns/turn-steps.js';
import { readItems } from './response-items.js';

/** One that has not ended. One that is not in the background ends with its worker. */
export interface OpenResponse {
  readonly id: string;
  readonly createdAtMs: number;
  readonly isBackground: boolean;
  readonly instanceId: string | null;
  /** How many workers have begun it. */
  readonly attempts: number;
}

/** What a worker needs to write a response. */
export interface ClaimedResponse {
  readonly document: ResponseDocument;
  readonly request: ResponseRequest;
  readonly input: readonly ResponseItem[];
  readonly previousId: string | null;
  readonly conversationId: string | null;
  /** The access token that requested it. */
  readonly owner: string | null;
  /** The number of the next event. */
  readonly sequence: number;
  /** The steps finished by earlier workers. */
  readonly steps: readonly StoredStep[];
}

interface Writer {
  readonly id: string;
  readonly instanceId: string;
}

/** Batch size. */
const MAX_OPEN = 500;

/**
 * Returns the responses that have not ended, oldest first, except those whose callers this worker answers itself, and whether there
 * are no more. @param place.after  the last one of the batch before
 */
export async function readOpenResponses(
  tx: Transaction,
  { instanceId, after }: Pick<Writer, 'instanceId'> & { readonly after?: Pick<OpenResponse, 'id' | 'createdAtMs'> | undefined },
): Promise<{ open: OpenResponse[]; areAll: boolean }> {
  const rows = await queriesOf(tx)
    .selectFrom('responses')
    .select(['id', 'created_at', 'is_background', 'instance_id', 'attempts', 'is_repeatable', hasSteps('responses.id').as('hasSteps')])
    .where('finished_at', 'is', null)
    .where((where) => where.or([where('is_background', '=', 1), where('instance_id', '!=', instanceId)]))
    .$if(after !== undefined, (query) => query.where(sql<boolean>`(created_at, id) > (${after?.createdAtMs}, ${after?.id})`))
    .orderBy('created_at')
    .orderBy('id')
    .limit(MAX_OPEN)
    .execute();
  const open = rows.map((row) => ({
    id: row.id,
    createdAtMs: row.created_at,
    // A restore by an older build left it without its steps: its outcome is unknown.
    isBackground: row.is_background === 1 && (row.is_repeatable === 1 || Boolean(row.hasSteps)),
    instanceId: row.instance_id,
    attempts: row.attempts,
  }));
  return { open, areAll: rows.length < MAX_OPEN };
}

/** Returns the model that a response is requested from; undefined when it was deleted. */
export async function readModel(tx: Transaction, id: string): Promise<string | undefined> {
  const row = await queriesOf(tx).selectFrom('responses').select('document').where('id', '=', id).executeTakeFirst();
  return row && (JSON.parse(row.document) as ResponseDocument).model;
}

/**
 * Takes a response that nobody writes, or whose worker is dead. That worker's output is dropped, except for its steps, and the
 * event that reports this is stored in the same transaction, so that the numbering continues.
 * @returns undefined when another worker has taken it, or it has ended
 */
export async function claimResponse(
  tx: Transaction,
  { id, instanceId, previous }: Writer & { previous: string | null },
): Promise<ClaimedResponse | undefined> {
  const db = queriesOf(tx);
  const row = await db
    .updateTable('responses')
    .set((query) => ({ instance_id: instanceId, attempts: query('attempts', '+', 1) }))
    .where('id', '=', id)
    .where('finished_at', 'is', null)
    .where('instance_id', previous === null ? 'is' : '=', previous)
    .returning(['document', 'request', 'previous_id', 'conversation_id', 'owner'])
    .executeTakeFirst();
  if (row === undefined || row.request === null) return undefined;
  const document: ResponseDocument = { ...(JSON.parse(row.document) as ResponseDocument), output: [], status: 'in_progress' };
  const { output: _output, ...stored } = document;
  await db
    .updateTable('responses')
    .set({ document: JSON.stringify(stored) })
    .where('id', '=', id)
    .execute();
  const sequence = await nextSequence(tx, id);
  await db.deleteFrom('response_events').where('response_id', '=', id).where('first', '>', 0).execute();
  await insertEvents(tx, id, [{ type: 'response.in_progress', sequence_number: sequence, response: document }]);
  return {
    document,
    request: JSON.parse(row.request) as ResponseRequest,
    input: await readItems(tx, { responseId: id, side: 'input' }),
    previousId: row.previous_id,
    conversationId: row.conversation_id,
    owner: row.owner,
    sequence: sequence + 1,
    steps: await readTurnSteps(tx, id),
  };
}

/** Returns the number of the next event of a response. */
export async function nextSequence(tx: Transaction, id: string): Promise<number> {
  const query = sql<{ last: number | null }>`select max(last) as last from response_events where response_id = ${id}`;
  const { rows } = await query.execute(queriesOf(tx));
  return (rows[0]?.last ?? -1) + 1;
}

/** Lets another worker write it. */
export async function releaseResponse(tx: Transaction, { id, instanceId }: Writer): Promise<void> {
  await queriesOf(tx)
    .updateTable('responses')
    .set((query) => ({ instance_id: null, attempts: query('attempts', '-', 1) }))
    .where('id', '=', id)
    .where('instance_id', '=', instanceId)
    .where('finished_at', 'is', null)
    .execute();
  tellOthers(tx, 'responses');
}

/** Keeps others from ending or taking a response until this write is committed. @returns false when another worker has */
export async function holdResponse(tx: Transaction, { id, instanceId }: Writer): Promise<boolean> {
  const row = await queriesOf(tx)
    .updateTable('responses')
    .set({ instance_id: instanceId })
    .where('id', '=', id)
    .where('instance_id', '=', instanceId)
    .where('finished_at', 'is', null)
    .returning('id')
    .executeTakeFirst();
  return row !== undefined;
}

/** Adds a piece to the stream; the same piece again changes nothing. @returns false when another worker has ended or taken the response */
export async function appendEvents(tx: Transaction, { id, instanceId }: Writer, events: readonly ResponseEvent[]): Promise<boolean> {
  if (!(await holdResponse(tx, { id, instanceId }))) return false;
  await insertEvents(tx, id, events);
  return true;
}

export async function insertEvents(tx: Transaction, id: string, events: readonly ResponseEvent[]): Promise<void> {
  const [first, last] = [events[0], events.at(-1)];
  if (first === undefined || last === undefined) return;
  await queriesOf(tx)
    .insertInto('response_events')
    .values({ response_id: id, first: first.sequence_number, last: last.sequence_number, events: JSON.stringify(events) })
    .onConflict((conflict) => conflict.columns(['response_id', 'first']).doNothing())
    .execute();
  tellOthers(tx, 'responses');
}

/** Returns the events after a number, and whether more may follow. The events of a cancelled or deleted response have no final one. */
export async function readEvents(
  tx: Transaction,
  { id, after }: { id: string; after: number },
): Promise<{ events: ResponseEvent[]; state: 'open' | 'ended' | 'cancelled' | 'deleted' }> {
  const db = queriesOf(tx);
  // Read before the events: an ended response gets no more events.
  const state = await stateOf(tx, id);
  const pieces = await db
    .selectFrom('response_events')
    .select('events')
    .where('response_id', '=', id)
    .where('last', '>', after)
    .orderBy('first')
    .execute();
  const events = pieces.flatMap((piece) => JSON.parse(piece.events) as ResponseEvent[]);
  return { events: events.filter((event) => event.sequence_number > after), state };
}

async function stateOf(tx: Transaction, id: string): Promise<'open' | 'ended' | 'cancelled' | 'deleted'> {
  const select = queriesOf(tx).selectFrom('responses').where('id', '=', id);
  const row = await select.select('finished_at').executeTakeFirst();
  if (row === undefined) return 'deleted';
  if (row.finished_at === null) return 'open';
  const ended = await select.select('document').executeTakeFirstOrThrow();
  const { status } = JSON.parse(ended.document) as ResponseDocument;
  return status === 'cancelled' ? status : 'ended';
}
