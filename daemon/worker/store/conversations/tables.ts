/** The tables of conversations. Times are epoch milliseconds. */
import type { Generated, Insertable } from 'kysely';

/** A conversation. A deleted one keeps its row until it is purged, so a key is unique only among sessions that are not deleted. */
export interface SessionTable {
  id: Generated<number>;
  key: string;
  agent_id: string;
  channel: string;
  account_id: string;
  peer_kind: string;
  peer_id: string;
  title: string | null;
  message_count: Generated<number>;
  /** Messages up to this `seq` are history for people but no longer context for the model (`/new`). */
  context_after_seq: Generated<number>;
  /** `provider/model` chosen by `/model`; null: the configured model. */
  model: Generated<string | null>;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
  is_pinned: Generated<number>;
  is_archived: Generated<number>;
  /** 1 while there is an unread message of the gateway. */
  is_unread: Generated<number>;
  /** A JSON array, in order; `session_tags` finds them. */
  tags: Generated<string>;
  /** `provider/model` of the last turn. */
  last_model: Generated<string | null>;
  /** Sums of all turns, kept by a trigger; null: not counted yet. */
  input_tokens: Generated<number | null>;
  output_tokens: Generated<number | null>;
  cost_usd: Generated<number | null>;
}

export interface SessionTagTable {
  tag: string;
  session_id: number;
}

/** Pieces of an incomplete answer, each with the UTF-16 index of its beginning. */
export interface TurnPartTable {
  turn_id: string;
  at: number;
  text: string;
}

/** The message id of an unsent file. */
export const UNSENT = '';

/** A file that belongs to a message. */
export interface AttachmentTable {
  seq: Generated<number>;
  id: string;
  session_id: number;
  message_id: string;
  name: string;
  media_type: string;
  /** Bytes. */
  size: number;
  content: Uint8Array;
  created_at: number;
}

export type NewAttachment = Insertable<AttachmentTable>;
