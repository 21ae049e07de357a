/** An error answer on a socket that has no response object: a request that could not be parsed, or was never finished. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { newId } from '../../../../shared/ids.js';
import type { GatewayError } from '../../../../shared/errors.js';
import { errorBody, retryAfterSeconds } from '../../../../shared/error-document.js';

/** How long a socket stays open after it, so that the client can read it. */
export const LINGER_MS = 500;

/** Writes the error document and ends the socket's sending side. Does nothing on a socket that has been ended. */
export function rawAnswer(socket: Duplex, error: GatewayError, status: number = error.spec.status): void {
  if (!socket.writable || socket.writableEnded) return;
  const requestId = newId('req');
  const body = JSON.stringify(errorBody(error, requestId));
  const retryAfter = retryAfterSeconds(error);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    `X-Request-Id: ${requestId}`,
    ...(retryAfter === undefined ? [] : [`Retry-After: ${retryAfter}`]),
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
