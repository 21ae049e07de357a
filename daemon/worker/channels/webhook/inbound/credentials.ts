/**
 * Checks who may write to an agent through a webhook account: callers with its inbound token, or whose request is signed with one of its
 * secrets.
 */
import { isUtf8 } from 'node:buffer';
import { isSameSecret } from '../../../../../shared/node/secrets/same-secret.js';
import type { WebhookSettings } from '../account.js';
import type { WebhookSigner } from '../signature.js';
import { type InboundRequest, isSignedBy, type SignatureScheme } from './hmac.js';
import { PRESET_TABLE } from './presets.js';

/** `signedId`: the `webhook-id` that the signature vouches for. */
export type CredentialsResult =
  | { readonly type: 'valid'; readonly signedId: string | undefined }
  | { readonly type: 'none' }
  | { readonly type: 'wrong' };

const VALID: CredentialsResult = { type: 'valid', signedId: undefined };

const given = (values: readonly (string | undefined)[]): string[] =>
  values.filter((value): value is string => value !== undefined && value !== '');

/** A token may also be sent as the password of any user, for programs that only support user and password. */
function presentedTokens(headers: InboundRequest['headers']): string[] {
  const [, scheme = '', value = ''] = /^(Bearer|Basic) +(\S+) *$/i.exec(headers['authorization'] ?? '') ?? [];
  const isBasic = scheme.toLowerCase() === 'basic';
  const password = isBasic ? /:(.*)$/s.exec(Buffer.from(value, 'base64').toString())?.[1] : undefined;
  return given([isBasic ? password : value, headers['x-webhook-token']?.trim()]);
}

function hasToken({ inboundToken, previousInboundToken }: WebhookSettings, tokens: readonly string[]): boolean {
  return given([inboundToken, previousInboundToken]).some((one) => tokens.some((token) => isSameSecret(token, one)));
}

/** Returns how calls of the account are signed; the configuration takes precedence over the preset. */
const schemeOf = ({ signature, preset }: WebhookSettings): SignatureScheme | undefined =>
  signature ?? (preset === undefined ? undefined : PRESET_TABLE[preset].signature);

export interface CheckTools {
  /** Epoch milliseconds, to which timestamps are compared. */
  readonly nowMs: number;
  /** Checks the account's Standard Webhooks secrets. */
  readonly verifier: WebhookSigner;
}

/** @param settings  undefined for an unknown account, which must look the same to the caller */
export function checkCredentials(
  settings: WebhookSettings | undefined,
  request: InboundRequest,
  { nowMs, verifier }: CheckTools,
): CredentialsResult {
  const { headers, rawBody } = request;
  const tokens = presentedTokens(headers);
  if (settings !== undefined && hasToken(settings, tokens)) return VALID;
  const signedId = isUtf8(rawBody) ? verifier.verify({ headers, body: rawBody.toString('utf8') }) : undefined;
  if (signedId !== undefined) return { type: 'valid', signedId };
  const scheme = settings && schemeOf(settings);
  const secrets = given([settings?.inboundSecret, settings?.previousInboundSecret]);
  if (scheme !== undefined && isSignedBy(secrets, scheme, { ...request, nowMs })) return VALID;
  const isPresented = tokens.length > 0 || Object.keys(headers).some((name) => name.includes('signature') || name === scheme?.header);
  return { type: isPresented ? 'wrong' : 'none' };
}
