/** Errors in the shape that OpenAI's SDKs read: they look at the status, `error` and the retry headers. */
import type { OpenAiErrorResponse } from '../../../../shared/api/openai.js';
import type { ErrorCode, GatewayError } from '../../../../shared/errors.js';
import { errorBody, retryAfterSeconds } from '../../../../shared/error-document.js';

/** Whether errors of this path have OpenAI's shape. */
export function isOpenAiPath(path: string): boolean {
  return path === '/v1' || path.startsWith('/v1/');
}

interface Kind {
  readonly status: number;
  readonly type: string;
  readonly code: string;
}

const KNOWN: Partial<Record<ErrorCode, Omit<Kind, 'status'>>> = {
  UNAUTHORIZED: { type: 'invalid_request_error', code: 'invalid_api_key' },
  MODEL_NOT_FOUND: { type: 'invalid_request_error', code: 'model_not_found' },
  RATE_LIMITED: { type: 'requests', code: 'rate_limit_exceeded' },
};

/** Refusals of a provider that only a changed request can avoid are answered 400, whatever the provider's status was. */
const REFUSED: Readonly<Record<string, string>> = { tooLong: 'context_length_exceeded', rejected: 'invalid_request' };

/** Failures that a retry cannot cure. SDKs retry every 5xx unless a header forbids it. */
const LASTING: ReadonlySet<unknown> = new Set([
  'auth',
  'quota',
  'notFound',
  'notTheApi',
  'unconfigured',
  'filtered',
  'tooLong',
  'rejected',
]);

function kindOf(error: GatewayError): Kind {
  const refused = error.code === 'AGENT_ERROR' ? REFUSED[String(error.details?.['reason'])] : undefined;
  if (refused !== undefined) return { status: 400, type: 'invalid_request_error', code: refused };
  const { status } = error.spec;
  const known = KNOWN[error.code];
  if (known !== undefined) return { status, ...known };
  return { status, type: status >= 500 ? 'server_error' : 'invalid_request_error', code: error.code.toLowerCase() };
}

/** Returns the field that caused the error. */
function paramOf({ code, details = {} }: GatewayError): string | null {
  if (code === 'MODEL_NOT_FOUND') return 'model';
  if (code !== 'INVALID_REQUEST') return null;
  const issues = details['issues'];
  const first = Array.isArray(issues) ? (issues[0] as { path?: unknown }).path : details['param'];
  return typeof first === 'string' && first !== '' ? first : null;
}

/** Returns the document and the status of an error. */
export function openAiError(error: GatewayError, requestId: string): { status: number; body: OpenAiErrorResponse } {
  const { status, type, code } = kindOf(error);
  return { status, body: { error: { message: errorBody(error, requestId).error.message, type, param: paramOf(error), code } } };
}

/** Headers by which SDKs decide whether and when to try again. */
export function openAiRetryHeaders(error: GatewayError): Record<string, string> {
  const seconds = retryAfterSeconds(error);
  const isLasting = error.code === 'AGENT_ERROR' && LASTING.has(error.details?.['reason']);
  return {
    ...(seconds === undefined ? {} : { 'Retry-After-Ms': String(seconds * 1_000) }),
    ...(isLasting ? { 'X-Should-Retry': 'false' } : {}),
  };
}
