/** Files of messages: `POST /api/sessions/:key/attachments` keeps one, `attachments` of a message names it. */
import * as z from 'zod';
import { FILE_LIMITS } from '../file-limits.js';
import { label, okStatus } from './fields.js';

/** A picture (PNG, JPEG, GIF, WebP) or text. `data`: its bytes in base64. */
export const attachmentFile = () =>
  z.strictObject({
    name: label(200),
    mediaType: label(100).default('application/octet-stream'),
    data: z.base64({ error: 'must be base64' }).min(1),
  });

/** A file as callers send it. */
export type AttachmentFile = z.output<ReturnType<typeof attachmentFile>>;

/** Files of a message that is sent with them. */
export const attachmentFiles = () => z.array(attachmentFile()).max(FILE_LIMITS.maxPerMessage);

/** Ids of files that were kept before. */
export const attachmentIds = () => z.array(label(128)).max(FILE_LIMITS.maxPerMessage);

export const attachmentId = () => label(128);

export const attachmentNote = () => z.strictObject({ id: z.string(), name: z.string(), mediaType: z.string(), size: z.int().min(0) });

/** What a message says of a file. `size`: bytes. */
export type AttachmentNote = z.output<ReturnType<typeof attachmentNote>>;

export const attachmentResponse = () => z.strictObject({ status: okStatus(), attachment: attachmentNote() });
export const attachmentDeleteResponse = () => z.strictObject({ status: okStatus() });
