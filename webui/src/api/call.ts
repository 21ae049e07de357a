/** A call of the API, and how it fails. */
import type { ErrorResponse } from '../../../shared/api/error.js';
import { loadReasons } from '../i18n/reasons.js';
import { gatewayUrl } from './gateway-url.js';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

export interface Call {
  readonly method: Method;
  /** With the query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Whether it is an action of the user. Default: every method but GET. */
  readonly isAction?: boolean;
  /** Whether its caller goes on without the answer: while most calls need no session, nobody is asked to sign in for it. */
  readonly isOptional?: boolean;
}

export const isActionOf = (call: Call): boolean => call.isAction ?? call.method !== 'GET';

/** The header that makes a change fail if its target has a different revision by then. */
export const match = (revision: string): Record<string, string> => ({ 'If-Match': `"${revision}"` });

/** `status` 0: the gateway did not answer. */
export class ApiError extends Error {
  readonly call: Call;
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(call: Call, status: number, error: Partial<ErrorResponse['error']>) {
    super(error.message ?? '');
    this.call = call;
    this.status = status;
    this.code = error.code ?? (status === 0 ? 'UNREACHABLE' : 'INTERNAL_ERROR');
    this.requestId = error.requestId;
    this.details = error.details ?? {};
  }
}

/** Throws the error of a call without a complete answer. */
export function failUnanswered(call: Call, error: unknown): never {
  throw call.signal?.aborted === true ? error : new ApiError(call, 0, {});
}

/** @param secret  headers that are no part of the call, which can be copied after a failure */
export function send(call: Call, secret: Call['headers'] = {}): Promise<Response> {
  const headers: Record<string, string> = { ...call.headers, ...secret };
  if (call.body !== undefined) headers['Content-Type'] ??= 'application/json';
  return fetch(gatewayUrl(call.path), {
    method: call.method,
    headers,
    cache: 'no-store',
    body:
      call.body === undefined || typeof call.body === 'string' || call.body instanceof Blob
        ? (call.body ?? null)
        : JSON.stringify(call.body),
    signal: call.signal ?? null,
  }).catch((error: unknown) => failUnanswered(call, error));
}

export async function readError(call: Call, response: Response): Promise<ApiError> {
  const document = (await response.json().catch(() => ({}))) as Partial<ErrorResponse>;
  // The code that shows it adds the text.
  if (document.error?.details !== undefined) await loadReasons();
  return new ApiError(call, response.status, document.error ?? {});
}
