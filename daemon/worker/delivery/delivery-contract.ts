/** What the HTTP routes may ask about messages for chats and from them; a part of `contracts.ts`. */
import type { ChannelStatus } from '../../../shared/control/messages.js';
import type { OutgoingStatus } from '../../../shared/delivery-status.js';

/** A message for a chat outside, as it was accepted, and what became of it. Times are ISO 8601 UTC. */
export interface OutgoingDocument {
  /** The `message_id` that it was accepted with. */
  readonly id: string;
  readonly channel: string;
  readonly accountId: string;
  readonly chat_id: string;
  readonly content: string;
  readonly status: OutgoingStatus;
  /** Attempts that were made since it was last queued, over all parts. */
  readonly attempts: number;
  /** How many requests it takes; 0 where being stored is the delivery. */
  readonly parts: number;
  readonly deliveredParts: number;
  /** Why the last attempt failed, or why it is dead or unknown. */
  readonly error: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly expiresAt: string;
  /** Set while it waits for another attempt. */
  readonly nextAttemptAt: string | null;
}

export interface OutgoingService {
  /** Newest first. `limit` 1–200, default 50. @throws INVALID_REQUEST for a cursor that is not ours */
  list(input: {
    status?: OutgoingStatus;
    channel?: string;
    limit?: number;
    cursor?: string;
  }): Promise<{ messages: OutgoingDocument[]; nextCursor: string | null }>;
  /** @throws NOT_FOUND */
  get(id: string): Promise<OutgoingDocument>;
  /** Sends what was not delivered of a dead or unknown message again. @throws NOT_FOUND; CONFLICT in any other state */
  retry(id: string): Promise<OutgoingDocument>;
  /** Forgets a message that has not arrived. @throws NOT_FOUND; CONFLICT while it is being sent, or when it has arrived */
  drop(id: string): Promise<void>;
}

/** One account of a channel, and how it is. */
export interface ChannelDocument {
  readonly channel: string;
  readonly accountId: string;
  readonly state: ChannelStatus['state'];
  readonly message: string | null;
  /** Since when it is in that state, as far as this worker knows. */
  readonly since: string | null;
  /** What went wrong last; it may be over. */
  readonly lastError: { readonly message: string; readonly at: string } | null;
}

/** Somebody who may write to an account with the policy `pairing`, or has asked to. */
export interface PairingDocument {
  readonly channel: string;
  readonly accountId: string;
  readonly senderId: string;
  readonly senderName: string;
  readonly state: 'pending' | 'approved';
  /** What the sender was told; null once approved. */
  readonly code: string | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
}

export interface ChannelService {
  list(): Promise<{ channels: ChannelDocument[]; pairings: PairingDocument[] }>;
  /** Lets the sender who was told that code write. @throws CHANNEL_NOT_FOUND; NOT_FOUND for a code that nobody was told, or too long ago */
  approve(channel: string, code: string): Promise<PairingDocument>;
  /** @throws CHANNEL_NOT_FOUND; NOT_FOUND for a sender who is not known */
  revoke(channel: string, input: { accountId?: string; senderId: string }): Promise<void>;
  /**
   * Opens a file that somebody has sent, where it is.
   * @throws CHANNEL_NOT_FOUND; NOT_FOUND for a file that is not there (any more); UNAVAILABLE while it cannot be asked for
   */
  openFile(
    file: { channel: string; accountId: string; fileId: string },
    signal: AbortSignal,
  ): Promise<{ sizeBytes: number | undefined; bytes: AsyncIterable<Buffer> }>;
}

/** A call of a program that writes to an agent through a webhook account. */
export interface WebhookCall {
  readonly accountId: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** As it arrived. */
  readonly rawBody: Buffer;
}

export interface WebhookService {
  /** Judges the account's token or the signature. An account that is not set up is as one whose credentials are wrong. */
  authorize(call: WebhookCall): 'valid' | 'none' | 'wrong';
  /**
   * Takes a message in: on disk before it resolves. It is answered through the account's URL.
   * A repeated `updateId` (or signed `webhook-id`) gives the first answer again.
   * @throws CONFLICT for one that another message had; UNAVAILABLE while nothing can be stored
   */
  receive(
    call: WebhookCall,
    message: { chatId: string; content: string; updateId?: string },
  ): Promise<{ messageId: string; replayed: boolean }>;
}
