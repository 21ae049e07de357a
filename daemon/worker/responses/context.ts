/** What comes before the items of a request: those of the responses that it continues. */
import type { ResponseItem } from '../../../shared/api/responses/request.js';
import type { GatewayError } from '../../../shared/errors.js';
import { readChain, type Viewer } from '../store/responses/response-items.js';
import { findResponse } from '../store/responses/responses.js';
import type { Transaction } from '../store/transaction.js';
import { refuse } from './input-messages.js';

export interface ContextPlace {
  readonly previousId: string | null;
  readonly conversationId: string | null;
  readonly viewer: Viewer;
}

const refusePrevious = (message: string): GatewayError => refuse('previous_response_id', message);

/** @throws INVALID_REQUEST for a response that cannot be continued */
export async function readContext(tx: Transaction, { previousId: id, viewer }: ContextPlace): Promise<ResponseItem[]> {
  if (id === null) return [];
  const previous = await findResponse(tx, { id, viewer });
  if (previous === undefined) throw refusePrevious(`Previous response with id '${id.slice(0, 80)}' not found.`);
  const { status } = previous.document;
  if (status !== 'completed' && status !== 'incomplete')
    throw refusePrevious(`The response '${id}' is ${status}: only a complete one can be continued.`);
  const items = await readChain(tx, id);
  if (items === undefined) throw refusePrevious(`A response that '${id}' continues has been deleted.`);
  return items;
}
