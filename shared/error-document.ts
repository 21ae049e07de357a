/** Converts any thrown value to the API's error document. Only this file decides what a caller may see. */
import type { ErrorResponse } from './api/error.js';
import { ERRORS, GatewayError } from './errors.js';

const HIDDEN = 'Internal error in the gateway. The log shows the cause under this request id.';

/** Codes for the client errors that libraries throw (http-errors). Any other library error is an internal one. */
const FOREIGN = {
  400: 'INVALID_REQUEST',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
} as const;

function foreignStatus(error: unknown): keyof typeof FOREIGN | undefined {
  if (!(error instanceof Error) || !('status' in error) || !('expose' in error) || error.expose !== true) return undefined;
  const { status } = error;
  return status === 400 || status === 404 || status === 405 || status === 413 || status === 415 ? status : undefined;
}

/** Errors of a file that cannot be written. Callers must not see its path. */
const UNWRITABLE: ReadonlyMap<unknown, { readonly message: string; readonly hint: string }> = new Map([
  ['ENOSPC', { message: 'the disk of the gateway is full', hint: 'Nothing was changed. Free some space and repeat the request.' }],
  ['EDQUOT', { message: 'the disk quota of the gateway is used up', hint: 'Nothing was changed. Free some space and repeat the request.' }],
  [
    'EROFS',
    { message: 'a file system of the gateway is read-only', hint: 'Nothing was changed. Make it writable and repeat the request.' },
  ],
]);

function unwritable(error: unknown): GatewayError | undefined {
  const known = UNWRITABLE.get((error as { code?: unknown } | null | undefined)?.code);
  return known === undefined ? undefined : new GatewayError('UNAVAILABLE', { ...known, cause: error });
}

/** Returns a `GatewayError` unchanged, a library's client error under our code, a full disk as UNAVAILABLE, anything else as INTERNAL_ERROR with its cause. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const disk = unwritable(error);
  if (disk !== undefined) return disk;
  const status = foreignStatus(error);
  const message = error instanceof Error ? error.message : `a value that is not an error was thrown: ${String(error)}`;
  return new GatewayError(status === undefined ? 'INTERNAL_ERROR' : FOREIGN[status], { message, cause: error });
}

/**
 * Returns the document of an error. The hint is also the last sentence of the message, for people who see only the message. @param
 * more  further details
 */
export function errorBody(error: GatewayError, requestId: string, more: Readonly<Record<string, unknown>> = {}): ErrorResponse {
  const { expose } = ERRORS[error.code];
  const details = expose ? error.details : undefined;
  const told = error.hint === undefined ? error.message : `${error.message.replace(/[.\s]*$/, '.')} ${error.hint}`;
  return {
    error: {
      code: error.code,
      message: expose ? told : HIDDEN,
      requestId,
      ...(expose && error.hint !== undefined ? { hint: error.hint } : {}),
      ...(details === undefined && Object.keys(more).length === 0 ? {} : { details: { ...details, ...more } }),
    },
  };
}

/**
 * Seconds for `Retry-After`: the error's own value, otherwise 1 for retryable errors. @returns undefined for errors that a retry cannot fix
 */
export function retryAfterSeconds(error: GatewayError): number | undefined {
  const asked = error.details?.['retryAfterSeconds'];
  if (typeof asked === 'number' && Number.isFinite(asked)) return Math.max(1, Math.ceil(asked));
  return error.spec.status === 503 || error.spec.status === 429 ? 1 : undefined;
}
