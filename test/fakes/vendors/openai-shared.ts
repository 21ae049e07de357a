/** What OpenAI's APIs have in common. */
import type { HttpAnswer } from './vendor-protocol.js';
import { type ErrorKind, RETRY_AFTER_SECONDS } from './vendor-reply.js';

const ERRORS: Readonly<Record<ErrorKind, [number, string, string | null]>> = {
  auth: [401, 'invalid_request_error', 'invalid_api_key'],
  notFound: [404, 'invalid_request_error', 'model_not_found'],
  rateLimited: [429, 'requests', 'rate_limit_exceeded'],
  overloaded: [503, 'server_error', null],
  tooLong: [400, 'invalid_request_error', 'context_length_exceeded'],
  invalid: [400, 'invalid_request_error', null],
};

export function openAiError(kind: ErrorKind, message: string): HttpAnswer {
  const [status, type, code] = ERRORS[kind];
  const headers: Record<string, string> = kind === 'rateLimited' ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {};
  return { status, headers, body: { error: { message, type, param: null, code } } };
}

export const openAiModels = (ids: readonly string[]): unknown => ({
  object: 'list',
  data: ids.map((id) => ({ id, object: 'model', created: 1_700_000_000, owned_by: 'fake' })),
});
