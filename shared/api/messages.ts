/**
 * `POST /api/message`, `POST /api/message/sync` and `/api/messages`. The names `chat_id` and `message_id` are part of the published API.
 */
import * as z from 'zod';
import { OUTGOING_STATUSES } from '../delivery-status.js';
import { approvalDocument } from './tools/approvals.js';
import { chatIdText, label, okStatus, queryInteger, text, whyFields } from './fields.js';

const message = () => ({ channel: label(64), chat_id: chatIdText(), content: text(), accountId: label(64).optional() });

/** Body of `POST /api/message`. This route gets bursts, so its check is compiled and takes a tenth of the time. */
export const messageRequest = () => z.compile(z.strictObject(message()));
export type MessageRequest = z.output<ReturnType<typeof messageRequest>>;

/** Response: the message is on disk. */
export const messageResponse = () => z.strictObject({ status: okStatus(), message_id: z.string() });

/** Body of `POST /api/message/sync`; `deliver: true` also sends the reply to the chat. */
export const messageSyncRequest = () => z.strictObject({ ...message(), deliver: z.boolean().default(false) });

export const messageSyncResponse = () =>
  z.strictObject({
    status: okStatus(),
    reply: z.string(),
    /** As in the answer of `POST /api/agent`. */
    approvals: z.array(approvalDocument()).optional(),
  });
export type MessageSyncResponse = z.output<ReturnType<typeof messageSyncResponse>>;

/** The `Idempotency-Key` header: 1–255 visible ASCII characters (draft-ietf-httpapi-idempotency-key-header). */
export const idempotencyKey = () => z.string().regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters');

/** Query of `GET /api/messages`. */
export const outgoingListQuery = () =>
  z.strictObject({
    status: z.enum(OUTGOING_STATUSES).optional(),
    channel: label(64).optional(),
    limit: queryInteger(1, 200).optional(),
    cursor: label(1_024).optional(),
  });
export type OutgoingListQuery = z.output<ReturnType<typeof outgoingListQuery>>;

/** The path parameter `:id` of a message. */
export const messageId = () => label(128);

/** An accepted message to a chat, and its delivery. */
export const outgoingDocument = () =>
  z.strictObject({
    /** The `message_id` of the response that accepted it. */
    id: z.string(),
    channel: z.string(),
    accountId: z.string(),
    chat_id: z.string(),
    content: z.string(),
    status: z.enum(OUTGOING_STATUSES),
    /** Attempts since it was last queued, over all parts. */
    attempts: z.int().min(0),
    /** Number of requests needed; 0 if storing it is the delivery. */
    parts: z.int().min(0),
    deliveredParts: z.int().min(0),
    /** Why the last attempt failed, or why it is dead or unknown. */
    error: z.string().nullable(),
    ...whyFields(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    /** Set while the message waits for another attempt. */
    nextAttemptAt: z.iso.datetime().nullable(),
  });
export type OutgoingDocument = z.output<ReturnType<typeof outgoingDocument>>;

export const outgoingListResponse = () =>
  z.strictObject({ status: okStatus(), messages: z.array(outgoingDocument()), nextCursor: z.string().nullable() });
/** Response to `GET /api/messages/:id` and `POST /api/messages/:id/retry`. */
export const outgoingResponse = () => z.strictObject({ status: okStatus(), message: outgoingDocument() });
export const outgoingDropResponse = () => z.strictObject({ status: okStatus() });
