/** Tables beside the conversations themselves. */
import type { Generated, Insertable } from 'kysely';

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
