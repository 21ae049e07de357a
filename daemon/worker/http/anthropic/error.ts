/** Errors in the format of Anthropic's SDKs, which read the status, the type and the retry headers. */
import type { AnthropicErrorResponse } from '../../../../shared/api/anthropic/messages.js';
import { errorBody } from '../../../../shared/error-document.js';
import type { GatewayError } from '../../../../shared/errors.js';
import { lastingStatus, paramOf, reasonOf } from '../dialects.js';

/** Source: the API reference of Anthropic, "Errors". */
const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  529: 'overloaded_error',
};

function statusOf(error: GatewayError): number {
  // Claude Code switches to its fallback model only after this status.
  return lastingStatus(error) ?? (reasonOf(error) === 'overloaded' ? 529 : error.spec.status);
}

/** The API has no field for the location of an error, so its messages begin with it. */
function messageOf(error: GatewayError, requestId: string): string {
  const { message } = errorBody(error, requestId).error;
  const param = paramOf(error);
  return param === null || message.includes(param) ? message : `${param}: ${message}`;
}

/** Returns the document and the status of an error. */
export function anthropicError(error: GatewayError, requestId: string): { status: number; body: AnthropicErrorResponse } {
  const status = statusOf(error);
  const type = TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
  return { status, body: { type: 'error', error: { type, message: messageOf(error, requestId) }, request_id: requestId } };
}
