/** `POST /api/message` and `POST /api/message/sync`. `chat_id` and `message_id` are names that documents fixed. */
import { z } from 'zod';
import { label, okStatus, text } from './fields.js';

const message = () => ({ channel: label(64), chat_id: label(256), content: text(), accountId: label(64).optional() });

/** Body of `POST /api/message`. */
export const messageRequest = () => z.strictObject(message());

/** Answer: the message is on disk. */
export const messageResponse = () => z.strictObject({ status: okStatus(), message_id: z.string() });

/** Body of `POST /api/message/sync`; `deliver: true` also sends the reply to the chat. */
export const messageSyncRequest = () => z.strictObject({ ...message(), deliver: z.boolean().default(false) });

export const messageSyncResponse = () => z.strictObject({ status: okStatus(), reply: z.string() });

/** The `Idempotency-Key` header: 1–255 visible ASCII characters (draft-ietf-httpapi-idempotency-key-header). */
export const idempotencyKey = () => z.string().regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters');
