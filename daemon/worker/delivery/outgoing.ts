/** The service for messages to chats: shows their delivery, retries and drops them. */
import type { OutgoingDocument, OutgoingListQuery } from '../../../shared/api/messages.js';
import { type Clock, isoTime } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { whyOf } from '../../../shared/text/sentences/known.js';
import type { Outbox } from './outbox.js';
import { MESSAGE_TTL_MS } from './delivery-policy.js';
import { deleteOutboxMessage, findOutboxMessage, listOutbox, type OutboxSummary, requeueMessage } from '../store/delivery/outbox-pages.js';
import { invalidCursor, pageOf } from '../store/pages.js';
import type { Store } from '../store/store.js';
import type { Transaction } from '../store/transaction.js';

export interface OutgoingServiceOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly outbox: Pick<Outbox, 'wake'>;
}

const DEFAULT_LIMIT = 50;

function toDocument(message: OutboxSummary): OutgoingDocument {
  const { id, channel, accountId, chatId, content, state, attempts, parts, deliveredParts } = message;
  return {
    id,
    channel,
    accountId,
    chat_id: chatId,
    content,
    status: state,
    attempts,
    parts,
    deliveredParts,
    error: message.lastError,
    ...whyOf(message.lastError),
    createdAt: isoTime(message.createdAtMs),
    updatedAt: isoTime(message.updatedAtMs),
    expiresAt: isoTime(message.expiresAtMs),
    nextAttemptAt: state === 'retry_wait' ? isoTime(message.dueAtMs) : null,
  };
}

function encodeCursor(seq: number): string {
  return Buffer.from(String(seq)).toString('base64url');
}

function decodeCursor(cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw invalidCursor(cursor);
}

async function load(tx: Transaction, id: string): Promise<OutboxSummary> {
  const message = await findOutboxMessage(tx, id);
  if (message !== undefined) return message;
  throw new GatewayError('NOT_FOUND', {
    message: `there is no message '${id.slice(0, 80)}'`,
    details: { id },
    hint: 'Old messages are removed.',
  });
}

function conflict(message: OutboxSummary, why: string): GatewayError {
  return new GatewayError('CONFLICT', {
    message: `the message '${message.id}' is ${message.state}: ${why}`,
    details: { id: message.id, status: message.state },
  });
}

export type OutgoingService = ReturnType<typeof createOutgoingService>;

export function createOutgoingService({ store, clock, outbox }: OutgoingServiceOptions) {
  return {
    /** Newest first. `limit` 1–200, default 50. @throws INVALID_REQUEST for an invalid cursor */
    async list(query: OutgoingListQuery): Promise<{ messages: OutgoingDocument[]; nextCursor: string | null }> {
      const { status: state, channel, limit = DEFAULT_LIMIT, cursor } = query;
      const beforeSeq = cursor === undefined ? undefined : decodeCursor(cursor);
      const found = await store.read((tx) => listOutbox(tx, { limit: limit + 1, state, channel, beforeSeq }));
      const { page, nextCursor } = pageOf(found, limit, ({ seq }) => encodeCursor(seq));
      return { messages: page.map(toDocument), nextCursor };
    },

    /** @throws NOT_FOUND */
    async get(id: string): Promise<OutgoingDocument> {
      return toDocument(await store.read((tx) => load(tx, id)));
    },

    /** Sends the undelivered parts of a dead or unknown message again. @throws NOT_FOUND; CONFLICT in any other state */
    async retry(id: string): Promise<OutgoingDocument> {
      const message = await store.write(async (tx) => {
        const before = await load(tx, id);
        if (before.state !== 'dead' && before.state !== 'unknown') throw conflict(before, 'only a dead or unknown one can be sent again');
        const nowMs = clock.now();
        await requeueMessage(tx, { seq: before.seq, nowMs, expiresAtMs: nowMs + MESSAGE_TTL_MS });
        return load(tx, id);
      });
      outbox.wake(message);
      return toDocument(message);
    },

    /** Removes a message that has not been delivered. @throws NOT_FOUND; CONFLICT while it is being sent, or once it is delivered */
    async drop(id: string): Promise<void> {
      const message = await store.write(async (tx) => {
        const before = await load(tx, id);
        if (before.state === 'sending') throw conflict(before, 'wait until the attempt has ended');
        if (before.state === 'delivered') throw conflict(before, 'it has arrived');
        await deleteOutboxMessage(tx, before.seq);
        return before;
      });
      // Messages behind it may be due.
      outbox.wake(message);
    },
  };
}
