/** Errors in the format of OpenAI's SDKs, which read the status, `error` and the retry headers. */
import type { OpenAiErrorResponse } from '../../../../shared/api/openai.js';
import type { ErrorCode, GatewayError } from '../../../../shared/errors.js';
import { errorBody } from '../../../../shared/error-document.js';
import { lastingStatus, paramOf, reasonOf } from '../dialects.js';

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

/** Provider refusals that programs recognise by a code. */
const REFUSED: Readonly<Record<string, string>> = {
  notFound: 'model_not_found',
  tooLong: 'context_length_exceeded',
  rejected: 'invalid_request',
  quota: 'insufficient_quota',
};

/** Refusals of a request that programs recognise by a code, which is in the details. */
export const REQUEST_CODES: readonly string[] = ['previous_response_not_found'];

function kindOf(error: GatewayError): Kind {
  const known = KNOWN[error.code];
  const status = lastingStatus(error) ?? error.spec.status;
  if (known !== undefined) return { status, ...known };
  const own = error.details?.['openAiCode'];
  const code = typeof own === 'string' ? own : (REFUSED[reasonOf(error) ?? ''] ?? error.code.toLowerCase());
  return { status, type: status >= 500 ? 'server_error' : 'invalid_request_error', code };
}

/** Returns the document and the status of an error. */
export function openAiError(error: GatewayError, requestId: string): { status: number; body: OpenAiErrorResponse } {
  const { status, type, code } = kindOf(error);
  return { status, body: { error: { message: errorBody(error, requestId).error.message, type, param: paramOf(error), code } } };
}
