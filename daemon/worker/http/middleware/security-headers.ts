/**
 * Headers of every answer, of files, and of HTML documents. Answers are never cached, framed, sniffed or run; the page's own policy allows
 * its own files and nothing inline. Source: the OWASP REST Security Cheat Sheet, less what does not apply to a server without TLS.
 */
import type { ServerResponse } from 'node:http';

const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What an answer that is not only JSON has besides: no foreign page may show or run it. JSON cannot be, because it is not sniffed. */
export const FILE_HEADERS = { 'Cross-Origin-Resource-Policy': 'same-origin' } as const;

/** What an HTML document has besides: only a document sends a referrer, and only browsers too old for `frame-ancestors` need `DENY`. */
export const DOCUMENT_HEADERS = {
  ...FILE_HEADERS,
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': PAGE_POLICY,
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
} as const;

/** An answer is JSON unless its route sets another type. In lower case, because Node converts each name that is not. */
export function setCommonHeaders(response: ServerResponse, requestId: string): void {
  response.setHeader('x-request-id', requestId);
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('cache-control', 'no-store');
  response.setHeader('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
}
