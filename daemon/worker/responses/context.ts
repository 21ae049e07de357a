/** Loads the items before those of a request: from the responses or the conversation that it continues. */
import type { ResponseItem, ResponseRequest } from '../../../shared/api/responses/request.js';
import { GatewayError } from '../../../shared/errors.js';
import { findConversation } from '../store/responses/conversations.js';
import { readChain, readConversationItems, type Viewer } from '../store/responses/response-items.js';
import { findResponse } from '../store/responses/responses.js';
import type { Transaction } from '../store/transaction.js';
import { refuse } from '../models/refusals.js';

export interface ContextPlace {
  readonly previousId: string | null;
  readonly conversationId: string | null;
  readonly viewer: Viewer;
}

/** Returns the id of the conversation that a request names. */
export function conversationOf({ conversation }: ResponseRequest): string | null {
  return typeof conversation === 'object' ? (conversation?.id ?? null) : (conversation ?? null);
}

export function conversationNotFound(id: string): GatewayError {
  return new GatewayError('NOT_FOUND', { message: `there is no conversation '${id.slice(0, 80)}'`, details: { conversation: id } });
}

const refusePrevious = (message: string): GatewayError => refuse('previous_response_id', message);

async function readPrevious(tx: Transaction, name: { readonly id: string; readonly viewer: Viewer }): Promise<ResponseItem[]> {
  const { id } = name;
  const previous = await findResponse(tx, name);
  if (previous === undefined) {
    const details = { param: 'previous_response_id', openAiCode: 'previous_response_not_found' };
    throw new GatewayError('INVALID_REQUEST', { message: `Previous response with id '${id.slice(0, 80)}' not found.`, details });
  }
  const { status } = previous.document;
  if (status !== 'completed' && status !== 'incomplete')
    throw refusePrevious(`The response '${id}' is ${status}: only a complete one can be continued.`);
  const items = await readChain(tx, id);
  if (items === undefined) throw refusePrevious(`A response that '${id}' continues has been deleted.`);
  return items;
}

/** @throws INVALID_REQUEST for a response that cannot be continued; NOT_FOUND for a missing conversation */
export async function readContext(tx: Transaction, { previousId, conversationId, viewer }: ContextPlace): Promise<ResponseItem[]> {
  if (previousId !== null) return readPrevious(tx, { id: previousId, viewer });
  if (conversationId === null) return [];
  if ((await findConversation(tx, { id: conversationId, viewer })) === undefined) throw conversationNotFound(conversationId);
  return readConversationItems(tx, conversationId);
}
