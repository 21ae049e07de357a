/** A webhook account: where its messages go, and whose calls it takes. */
import * as z from 'zod';
import { MAX_SECRET_LENGTH } from '../defaults.js';
import { httpUrl, id, refusal, secret } from '../fields.js';
import { reason } from '../../text/reasons.js';

/** Compared in lower case. */
const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the name of a header, such as X-Signature')
  .transform((name) => name.toLowerCase());
const token = z.string().min(16).max(MAX_SECRET_LENGTH);

/** An HMAC of the body in a header, by `inboundSecret`. */
const signature = z
  .strictObject({
    header: headerName,
    algorithm: z.enum(['sha256', 'sha1', 'sha512']).default('sha256'),
    encoding: z.enum(['hex', 'base64']).default('hex'),
    /** In front of the signature, such as `sha256=`. */
    prefix: z.string().max(32).default(''),
    /** Has the time of the call, in epoch seconds or milliseconds. */
    timestampHeader: headerName.optional(),
    /** By how much that time may differ from this machine's. */
    toleranceSeconds: z.int().min(1).max(86_400).default(300),
    /** What is signed. Default: `{body}`, or `{timestamp}.{body}` with a `timestampHeader`. */
    content: z.string().max(200).optional(),
  })
  .superRefine(({ content, timestampHeader }, context) => {
    if (content === undefined) return;
    const isSigned = content.split('{body}').length === 2 && (timestampHeader === undefined || content.includes('{timestamp}'));
    if (!isSigned)
      context.addIssue({ ...refusal(reason('signed-content', { body: '{body}', timestamp: '{timestamp}' })), path: ['content'] });
  });

export const webhookAccount = z.strictObject({
  enabled: z.boolean().default(true),
  url: httpUrl,
  /** Signs messages, and verifies signed calls (Standard Webhooks). */
  secret: secret.optional(),
  /** While receivers and senders change over to a new `secret`: messages are signed with both, and calls may be signed with either. */
  previousSecret: secret.optional(),
  /** Whether the receiver drops a repeated `webhook-id`; false: a delivery with unknown outcome is never repeated. */
  idempotent: z.boolean().default(true),
  /** Token that inbound calls must carry, unless they are signed. Without tokens and secrets nothing inbound is accepted. */
  inboundToken: token.optional(),
  previousInboundToken: token.optional(),
  /** The secret of `signature`. */
  inboundSecret: secret.optional(),
  previousInboundSecret: secret.optional(),
  signature: signature.optional(),
  agentId: id.optional(),
});
