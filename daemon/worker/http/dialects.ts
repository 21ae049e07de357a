/** The vendor APIs supported below `/v1`, the common parts of their errors, and the protocol of `/mcp`. */
import { retryAfterSeconds } from '../../../shared/error-document.js';
import type { GatewayError } from '../../../shared/errors.js';
import type { LastingKind } from '../providers/failure.js';

const MESSAGES = '/v1/messages';

const MODELS = /^\/v1\/models(\/|$)/;

/**
 * Returns the API whose error format a path uses; undefined: the gateway's own.
 * @param isAnthropic  whether a request has the header of Anthropic's SDKs, which share a path with OpenAI's
 */
export function dialectOf(path: string, isAnthropic = false): 'openai' | 'anthropic' | 'mcp' | undefined {
  if (path === '/mcp') return 'mcp';
  if (path === MESSAGES || path.startsWith(`${MESSAGES}/`) || (isAnthropic && MODELS.test(path))) return 'anthropic';
  return path === '/v1' || path.startsWith('/v1/') ? 'openai' : undefined;
}

/**
 * Provider failures that a retry cannot fix, by reason, with a status that programs do not retry, whether or not they know
 * `X-Should-Retry`. A refused provider key is not a 401, which would blame the caller's key.
 */
const LASTING = {
  auth: 403,
  quota: 402,
  notFound: 404,
  notTheApi: 404,
  unconfigured: 404,
  filtered: 400,
  tooLong: 400,
  rejected: 400,
} as const satisfies Readonly<Record<LastingKind, number>>;

/** Reasons that have a status of their own in the API of a vendor. */
export const REASONS: readonly string[] = [...Object.keys(LASTING), 'overloaded'];

/** Returns why a provider failed. */
export function reasonOf({ code, details }: GatewayError): string | undefined {
  const reason = code === 'AGENT_ERROR' ? details?.['reason'] : undefined;
  return typeof reason === 'string' ? reason : undefined;
}

/** Returns the status of a failure that a retry cannot fix; undefined for others. */
export function lastingStatus(error: GatewayError): number | undefined {
  return (LASTING as Readonly<Record<string, number>>)[reasonOf(error) ?? ''];
}

/** Returns the field that caused the error. */
export function paramOf(error: GatewayError): string | null {
  const { code, details = {} } = error;
  if (code === 'MODEL_NOT_FOUND' || reasonOf(error) === 'notFound') return 'model';
  if (code !== 'INVALID_REQUEST') return null;
  const issues = details['issues'];
  const first = Array.isArray(issues) ? (issues[0] as { path?: unknown }).path : details['param'];
  return typeof first === 'string' && first !== '' ? first : null;
}

/** Headers by which the vendors' SDKs decide whether and when to try again. */
export function retryHeaders(error: GatewayError): Record<string, string> {
  const seconds = retryAfterSeconds(error);
  // For a daily limit, which is reset hours later.
  const isUsedUp = error.details?.['resetAt'] !== undefined;
  // Without the header, the SDKs repeat every 409 and 5xx.
  const isLasting = !error.spec.retryable || isUsedUp || lastingStatus(error) !== undefined;
  return {
    ...(seconds === undefined ? {} : { 'Retry-After-Ms': String(seconds * 1_000) }),
    ...(isLasting ? { 'X-Should-Retry': 'false' } : {}),
  };
}
