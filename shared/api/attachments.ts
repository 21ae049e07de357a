/** Files attached to messages: `POST /api/sessions/:key/attachments` stores one, `attachments` of a message refers to it. */
import * as z from 'zod';
import { FILE_LIMITS } from '../file-limits.js';
import { label, okStatus } from './fields.js';

/** An image (PNG, JPEG, GIF, WebP) or a text file. `data`: its bytes in base64. */
export const attachmentFile = () =>
  z.strictObject({
    name: label(200),
    mediaType: label(100).default('application/octet-stream'),
    data: z.base64({ error: 'must be base64' }).min(1),
  });

/** A file as sent by callers. */
export type AttachmentFile = z.output<ReturnType<typeof attachmentFile>>;

/** Files sent together with a message. */
export const attachmentFiles = () => z.array(attachmentFile()).max(FILE_LIMITS.maxPerMessage);

/** Ids of files stored earlier. */
export const attachmentIds = () => z.array(label(128)).max(FILE_LIMITS.maxPerMessage);

export const attachmentId = () => label(128);

export const attachmentNote = () => z.strictObject({ id: z.string(), name: z.string(), mediaType: z.string(), size: z.int().min(0) });

/** A message's reference to a file. `size`: bytes. */
export type AttachmentNote = z.output<ReturnType<typeof attachmentNote>>;

export const attachmentResponse = () => z.strictObject({ status: okStatus(), attachment: attachmentNote() });
export const attachmentDeleteResponse = () => z.strictObject({ status: okStatus() });
