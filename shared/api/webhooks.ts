/**
 * `POST /api/webhook/:accountId`: a program writes to an agent through a webhook account. Credentials are the account's
 * `inboundToken` (`Authorization: Bearer` or `X-Webhook-Token`), or a Standard Webhooks signature with its `secret`.
 */
import * as z from 'zod';
import { chatIdText, label, okStatus, text } from './fields.js';

/** The path parameter `:accountId`. */
export const webhookAccountId = () => label(64);

/**
 * Body. `id` is the sender's id of the message: a second request with the same id is a duplicate. A signed `webhook-id` takes precedence.
 */
export const webhookRequest = () => z.strictObject({ chat_id: chatIdText(), content: text(), id: label(200).optional() });
export type WebhookRequest = z.output<ReturnType<typeof webhookRequest>>;

/** Response: the message is on disk. */
export const webhookResponse = () => z.strictObject({ status: okStatus(), message_id: z.string() });
