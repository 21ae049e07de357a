/** Checks who may write to an agent through a webhook account: callers with its inbound token or a signature by its secret. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import type { WebhookSettings } from './account.js';
import { createSigner, type WebhookSigner } from './signature.js';

export interface InboundRequest {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly rawBody: Buffer;
}

/** `signedId`: the `webhook-id` that the signature vouches for. */
export type CredentialsResult =
  | { readonly type: 'valid'; readonly signedId: string | undefined }
  | { readonly type: 'none' }
  | { readonly type: 'wrong' };

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function presentedTokens(headers: InboundRequest['headers']): string[] {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers['authorization'] ?? '')?.[1];
  return [bearer, headers['x-webhook-token']?.trim()].filter((token): token is string => token !== undefined && token !== '');
}

function signerOf(secret: string | undefined): WebhookSigner | undefined {
  try {
    return secret === undefined ? undefined : createSigner(secret);
  } catch {
    // The account reports its invalid secret itself; no signature can be valid.
    return undefined;
  }
}

/** @param settings  undefined for an unknown account, which must look the same to the caller */
export function checkCredentials(settings: WebhookSettings | undefined, request: InboundRequest): CredentialsResult {
  const tokens = presentedTokens(request.headers);
  const isSigned = request.headers['webhook-signature'] !== undefined;
  if (tokens.length === 0 && !isSigned) return { type: 'none' };
  // Both sides are hashed first, so neither length nor prefix shows.
  const expected = digest(settings?.inboundToken ?? '');
  const isToken = tokens.filter((token) => timingSafeEqual(digest(token), expected)).length > 0;
  if (isToken && settings?.inboundToken !== undefined) return { type: 'valid', signedId: undefined };
  if (!isSigned || !isUtf8(request.rawBody)) return { type: 'wrong' };
  const signedId = signerOf(settings?.secret)?.verify({ headers: request.headers, body: request.rawBody.toString('utf8') });
  return signedId === undefined ? { type: 'wrong' } : { type: 'valid', signedId };
}
