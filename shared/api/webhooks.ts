/**
 * `POST /api/webhook/:accountId`: a program writes to an agent through a webhook account. Credentials are one of the account's tokens, or a
 * signature with one of its secrets.
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

/** Body: that, or any object for an account with a preset or a template. */
export const webhookBody = () => z.union([webhookRequest(), z.record(z.string(), z.unknown())]);

/** Response: the message is on disk. `message_id` is null where there was nothing to handle. `challenge`: what the service wants to have back. */
export const webhookResponse = () =>
  z.strictObject({ status: okStatus(), message_id: z.string().nullable(), challenge: z.string().optional() });
