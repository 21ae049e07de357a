/** Checks signatures of services that do not follow Standard Webhooks: an HMAC of the body in a header. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { WebhookSettings } from '../account.js';

export interface InboundRequest {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly rawBody: Buffer;
}

/** How a service signs. */
export type SignatureScheme = NonNullable<WebhookSettings['signature']>;

/** Decoders accept any input and skip invalid characters, so the format is checked first. */
const WRITTEN = { hex: /^(?:[0-9a-f]{2})+$/i, base64: /^[\w+/-]+={0,2}$/ } as const;
/** Maximum number of signatures: a header may list signatures made with several secrets. */
const MAX_SIGNATURES = 10;
/** Epoch seconds, or milliseconds, as they come from now until the year 2286. */
const SECONDS = /^\d{10}$/;
const MILLISECONDS = /^\d{13}$/;

/** @returns epoch milliseconds; undefined for anything else */
function parseTimestamp(text: string): number | undefined {
  if (SECONDS.test(text)) return Number(text) * 1_000;
  return MILLISECONDS.test(text) ? Number(text) : undefined;
}

/** Returns the bytes of each signature in the header: one, or several separated by commas or spaces. */
function signaturesIn(header: string, { prefix, encoding }: SignatureScheme): Buffer[] {
  const text = header.trim();
  return [text, ...text.split(/[\s,]+/, MAX_SIGNATURES)]
    .filter((part) => part.startsWith(prefix))
    .map((part) => part.slice(prefix.length))
    .filter((part) => WRITTEN[encoding].test(part))
    .map((part) => Buffer.from(part, encoding));
}

/** Returns the signed text before and after the body. */
function frameOf({ content, timestampHeader }: SignatureScheme, timestamp: string): [string, string] {
  const [before = '', after = ''] = (content ?? (timestampHeader === undefined ? '{body}' : '{timestamp}.{body}')).split('{body}');
  return [before.replace('{timestamp}', timestamp), after.replace('{timestamp}', timestamp)];
}

/** Whether a request is signed with one of the secrets and, if the time is signed, at most `toleranceSeconds` ago. */
export function isSignedBy(
  secrets: readonly string[],
  scheme: SignatureScheme,
  { headers, rawBody, nowMs }: InboundRequest & { readonly nowMs: number },
): boolean {
  const header = headers[scheme.header];
  if (header === undefined) return false;
  const timestamp = scheme.timestampHeader === undefined ? '' : (headers[scheme.timestampHeader]?.trim() ?? '');
  if (scheme.timestampHeader !== undefined) {
    const signedAtMs = parseTimestamp(timestamp);
    if (signedAtMs === undefined || Math.abs(nowMs - signedAtMs) > scheme.toleranceSeconds * 1_000) return false;
  }
  const [before, after] = frameOf(scheme, timestamp);
  const expected = secrets.map((secret) => createHmac(scheme.algorithm, secret).update(before).update(rawBody).update(after).digest());
  const given = signaturesIn(header, scheme);
  // Compares every pair, so that the timing does not reveal which one matched.
  const matches = expected.flatMap((one) => given.filter((other) => other.length === one.length && timingSafeEqual(one, other)));
  return matches.length > 0;
}
