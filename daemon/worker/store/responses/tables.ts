/** The tables of OpenAI's Responses API. Times are epoch milliseconds, documents are JSON. */
import type { Generated } from 'kysely';

/** A stored response. It is open until it has `finished_at`. */
export interface ResponseTable {
  id: string;
  /** The access token that it was created with; null: another caller. */
  owner: string | null;
  /** Without its output, which is in the items. */
  document: string;
  is_background: number;
  /** For an unfinished background response: the request. */
  request: string | null;
  /** The response that it continues. */
  previous_id: string | null;
  conversation_id: string | null;
  /** The worker that writes it. */
  instance_id: string | null;
  /** How many workers have begun it. A worker that was stopped and released it does not count. */
  attempts: Generated<number>;
  /** Only older builds write 0: after an effect, or without steps in a database that was restored from a backup. */
  is_repeatable: Generated<number>;
  created_at: number;
  finished_at: number | null;
}

/** The input and output items of responses, and the items of conversations; `seq` is the order. */
export interface ResponseItemTable {
  seq: Generated<number>;
  /** The id given by its writer: an item that is sent again keeps its id. */
  id: string;
  /** As of its response or its conversation. */
  owner: string | null;
  response_id: string | null;
  conversation_id: string | null;
  side: 'input' | 'output';
  item: string;
}

/** A piece of the stream of a response in the background: the events `first` to `last`, as a JSON array. */
export interface ResponseEventTable {
  response_id: string;
  first: number;
  last: number;
  events: string;
}

export interface ResponseConversationTable {
  id: string;
  owner: string | null;
  metadata: string;
  created_at: number;
}
