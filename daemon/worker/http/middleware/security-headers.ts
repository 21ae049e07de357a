/** Headers of every answer: never cached, sniffed or run. Source: the OWASP REST Security Cheat Sheet, less what does not apply without TLS. */
import type { ServerResponse } from 'node:http';

/** An answer is JSON unless its route sets another type. In lower case, because Node converts each name that is not. */
export function setCommonHeaders(response: ServerResponse, requestId: string): void {
  response.setHeader('x-request-id', requestId);
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('cache-control', 'no-store');
  response.setHeader('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
}
