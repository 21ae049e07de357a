/** Builds the answer to an error: status, headers and document, in the format of the vendor whose API the path belongs to. */
import type { IncomingMessage } from 'node:http';
import type { ErrorCode } from '../../../shared/errors.js';
import type { HttpLogger } from './context.js';
import { errorBody, retryAfterSeconds, toGatewayError } from '../../../shared/error-document.js';
import { anthropicError } from './anthropic/error.js';
import { dialectOf, retryHeaders } from './dialects.js';
import { mcpError } from './mcp/error.js';
import { openAiError } from './openai/error.js';
import { detailsFor } from '../observe/explain.js';
import type { Span } from '../tracing/span.js';
import { traceOf } from './observe/trace.js';

/** A request that has failed. */
export interface FailedRequest {
  readonly request: IncomingMessage;
  readonly path: string;
  readonly requestId: string;
  readonly span?: Span | undefined;
}

export interface ErrorAnswer {
  readonly code: ErrorCode;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

/** @param thrown  any value; one that is not a `GatewayError` or a library's client error is logged and answered as INTERNAL_ERROR */
export function errorAnswer(thrown: unknown, { request, path, requestId, span }: FailedRequest, logger: HttpLogger): ErrorAnswer {
  const error = toGatewayError(thrown);
  const trace = traceOf(request, span);
  if (!error.spec.expose) logger.error({ err: error.cause ?? error, requestId, ...trace }, 'request handler failed');
  const retryAfter = retryAfterSeconds(error);
  const dialect = dialectOf(path, request.headers['anthropic-version'] !== undefined);
  const { status, body } =
    dialect === undefined
      ? { status: error.spec.status, body: errorBody(error, requestId, { ...detailsFor(error), ...trace }) }
      : { openai: openAiError, anthropic: anthropicError, mcp: mcpError }[dialect](error, requestId);
  return {
    code: error.code,
    status,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
      ...(error.code === 'UNAUTHORIZED' ? { 'WWW-Authenticate': 'Bearer realm="xopc"' } : {}),
      ...(dialect === undefined ? {} : retryHeaders(error)),
      ...(dialect === 'anthropic' ? { 'Request-Id': requestId } : {}),
    },
    body: JSON.stringify(body),
  };
}
