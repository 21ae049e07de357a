/**
 * Headers of answers, files and HTML documents. Source: the OWASP Secure Headers Project and its REST Security Cheat Sheet, without
 * the parts that need TLS.
 */

/** Headers of every answer: it is never cached, sniffed or run. In lower case, because Node would convert each name otherwise. */
export const ANSWER_HEADERS = [
  ['x-content-type-options', 'nosniff'],
  ['cache-control', 'no-store'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
] as const;

/** Allows the page's own files, and nothing inline. */
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

/**
 * Additional headers of answers that may not be JSON: no foreign page may show or run them. JSON cannot be run, because it is not
 * sniffed.
 */
export const FILE_HEADERS = { 'Cross-Origin-Resource-Policy': 'same-origin' } as const;

/**
 * Additional headers of an HTML document: only a document sends a referrer, and only browsers too old for `frame-ancestors` need
 * `DENY`.
 */
export const DOCUMENT_HEADERS = {
  ...FILE_HEADERS,
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': PAGE_POLICY,
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
} as const;
