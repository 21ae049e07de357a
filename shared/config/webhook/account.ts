/** A webhook account: where its messages go, and whose calls it accepts. */
import * as z from 'zod';
import { MAX_SECRET_LENGTH } from '../defaults.js';
import { headerName, httpUrl, id, refusal, secret } from '../fields.js';
import { MAX_TEMPLATE_LENGTH, parseTemplate, TemplateError } from './template.js';
import { reason } from '../../text/reasons.js';

/** Compared in lower case. */
const lowerHeaderName = headerName.transform((name) => name.toLowerCase());
const token = z.string().min(16).max(MAX_SECRET_LENGTH);

/** An HMAC of the body in a header, by `inboundSecret`. */
const signature = z
  .strictObject({
    header: lowerHeaderName,
    algorithm: z.enum(['sha256', 'sha1', 'sha512']).default('sha256'),
    encoding: z.enum(['hex', 'base64']).default('hex'),
    /** Prefix of the signature, such as `sha256=`. */
    prefix: z.string().max(32).default(''),
    /** Header with the time of the call, in epoch seconds or milliseconds. */
    timestampHeader: lowerHeaderName.optional(),
    /** Maximum difference between that time and this machine's clock. */
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

/** Services whose calls the gateway can read. */
const PRESETS = ['github', 'alertmanager', 'slack'] as const;
export type PresetName = (typeof PRESETS)[number];

const template = z
  .string()
  .max(MAX_TEMPLATE_LENGTH)
  .superRefine((value, context) => {
    try {
      parseTemplate(value);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      context.addIssue(refusal(error.reason));
    }
  });

const account = z.strictObject({
  enabled: z.boolean().default(true),
  /** Required unless calls are parsed by `preset` or `template`; without it, answers stay in their sessions. */
  url: httpUrl.optional(),
  /** Signs messages, and verifies signed calls (Standard Webhooks). */
  secret: secret.optional(),
  /**
   * For the transition of receivers and senders to a new `secret`: messages are signed with both, and calls may be signed with
   * either.
   */
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
  /** Calls have the format of this service and are signed its way with `inboundSecret`. */
  preset: z.enum(PRESETS).optional(),
  /** Makes the text of a message from any JSON object that is sent; replaces the preset's. */
  template: template.optional(),
  /** The chat that a message belongs to. */
  chatTemplate: template.optional(),
  senderTemplate: template.optional(),
  /** A call's id; calls with the same id are one message. */
  idTemplate: template.optional(),
  agentId: id.optional(),
});

export const webhookAccount = account.superRefine(({ url, preset, template: text }, context) => {
  if (url === undefined && preset === undefined && text === undefined)
    context.addIssue({ code: 'invalid_type', expected: 'string', input: url, path: ['url'] });
});
