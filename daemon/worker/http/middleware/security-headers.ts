/** Headers of every answer. */
import type { ServerResponse } from 'node:http';
import { ANSWER_HEADERS } from '../../../../shared/node/document-headers.js';

/** An answer is JSON unless its route sets another type. */
export function setCommonHeaders(response: ServerResponse, requestId: string): void {
  response.setHeader('x-request-id', requestId);
  response.setHeader('content-type', 'application/json; charset=utf-8');
  for (const [name, value] of ANSWER_HEADERS) response.setHeader(name, value);
}
