/** The tables of conversations. Times are epoch milliseconds. */
import type { Generated, Insertable } from 'kysely';

/** A conversation. A deleted one keeps its row until it is purged, so a key is unique among the living only. */
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
  /** Messages up to this `seq` are history to people but no longer context to the model (`/new`). */
  context_after_seq: Generated<number>;
  /** `provider/model` that the session was told to use (`/model`); null: what the configuration says. */
  model: Generated<string | null>;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
  is_pinned: Generated<number>;
  is_archived: Generated<number>;
  /** 1 while the gateway has said something that nobody has looked at. */
  is_unread: Generated<number>;
  /** A JSON array, in order; `session_tags` finds them. */
  tags: Generated<string>;
  /** `provider/model` of the last turn. */
  last_model: Generated<string | null>;
  /** Of all turns; null: of those that there are, which have not been counted yet. A trigger counts. */
  input_tokens: Generated<number | null>;
  output_tokens: Generated<number | null>;
  cost_usd: Generated<number | null>;
}

export interface SessionTagTable {
  tag: string;
  session_id: number;
}

/** What has been said of an answer that is not complete: pieces, each with the UTF-16 index where it begins. */
export interface TurnPartTable {
  turn_id: string;
  at: number;
  text: string;
}

/** The message of a file that is not sent. */
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
