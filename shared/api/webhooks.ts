/**
 * `POST /api/webhook/:accountId`: a program writes to an agent through a webhook account. Credentials are one of the account's tokens, or a
 * signature with one of its secrets.
 */
import * as z from 'zod';
import { headerName } from '../config/fields.js';
import { chatIdText, label, okStatus, text } from './fields.js';

/** The path parameter `:accountId`. */
export const webhookAccountId = () => label(64);

/**
 * Body. `id` is the sender's id of the message: a second request with the same id is a duplicate. A signed `webhook-id` takes precedence.
 */
export const webhookRequest = () => z.strictObject({ chat_id: chatIdText(), content: text(), id: label(200).optional() });
export type WebhookRequest = z.output<ReturnType<typeof webhookRequest>>;

/** Body: the above, or any object for an account with a preset or a template. */
export const webhookBody = () => z.union([webhookRequest(), z.record(z.string(), z.unknown())]);

/**
 * Response: the message is on disk. `message_id` is null if there was nothing to handle. `challenge`: the value that the service
 * expects back.
 */
export const webhookResponse = () =>
  z.strictObject({ status: okStatus(), message_id: z.string().nullable(), challenge: z.string().optional() });

const MAX_HEADERS = 100;

/** Body of `POST /api/channels/webhook/preview`: a call, as a service would send it. Without `accountId`: the only account, or the one named `default`. */
export const webhookPreviewRequest = () =>
  z.strictObject({
    accountId: label(64).optional(),
    payload: z.record(z.string(), z.unknown()),
    headers: z
      .record(headerName, z.string().max(8_192))
      .refine((headers) => Object.keys(headers).length <= MAX_HEADERS, `has more than ${MAX_HEADERS} entries`)
      .optional(),
  });
export type WebhookPreviewRequest = z.output<ReturnType<typeof webhookPreviewRequest>>;

/**
 * How a call would be handled. `skipped`: there is nothing to handle. `challenge`: the service expects that text back. `id`: null
 * where each call is a message.
 */
export const webhookPreviewDocument = () =>
  z.strictObject({
    outcome: z.enum(['message', 'skipped', 'challenge']),
    chat_id: z.string().nullable(),
    id: z.string().nullable(),
    content: z.string().nullable(),
    challenge: z.string().nullable(),
  });
export type WebhookPreviewDocument = z.output<ReturnType<typeof webhookPreviewDocument>>;

export const webhookPreviewResponse = () => z.strictObject({ status: okStatus(), preview: webhookPreviewDocument() });
