/** From any thrown value to the API's error document; the only place that decides what a caller may read. */
import type { ErrorResponse } from '../../../shared/api/error.js';
import { ERRORS, GatewayError } from '../../../shared/errors.js';

const HIDDEN = 'Something went wrong inside the gateway. Its log has the cause under this request id.';

/** Statuses that libraries throw (http-errors), as our codes. Anything else of theirs is our fault, not the caller's. */
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

/** A GatewayError as it is, a library's client error under our code, everything else as INTERNAL_ERROR with its cause. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const status = foreignStatus(error);
  const message = error instanceof Error ? error.message : `a value was thrown that is no error: ${String(error)}`;
  return new GatewayError(status === undefined ? 'INTERNAL_ERROR' : FOREIGN[status], { message, cause: error });
}

/** The document for one error. The hint, what to do, becomes the message's last sentence. */
export function errorBody(error: GatewayError, requestId: string, trace: { traceId?: string } = {}): ErrorResponse {
  const { expose } = ERRORS[error.code];
  const details = expose ? error.details : undefined;
  const told = error.hint === undefined ? error.message : `${error.message.replace(/[.\s]*$/, '.')} ${error.hint}`;
  return {
    error: {
      code: error.code,
      message: expose ? told : HIDDEN,
      requestId,
      ...(details === undefined && trace.traceId === undefined ? {} : { details: { ...details, ...trace } }),
    },
  };
}

/** Seconds for `Retry-After`: what the error says, else 1 for what may soon work again. @returns undefined where a retry is no use */
export function retryAfterSeconds(error: GatewayError): number | undefined {
  const asked = error.details?.['retryAfterSeconds'];
  if (typeof asked === 'number' && Number.isFinite(asked)) return Math.max(1, Math.ceil(asked));
  return error.spec.status === 503 || error.spec.status === 429 ? 1 : undefined;
}
