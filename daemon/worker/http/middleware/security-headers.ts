/**
 * Headers that every answer carries, computed once. Answers are never cached, framed, sniffed or run; the page's own
 * policy allows its own files and nothing inline. Source: the OWASP Secure Headers Project, less what does not apply
 * to a server without TLS.
 */
import type { HttpMiddleware } from '../context.js';

type Header = readonly [name: string, value: string];

const COMMON: readonly Header[] = [
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  ['Referrer-Policy', 'no-referrer'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
];

export const JSON_HEADERS: readonly Header[] = [
  ...COMMON,
  ['Cache-Control', 'no-store'],
  ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
];

/** For HTML documents of the page. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const securityHeaders: HttpMiddleware = (ctx, next) => {
  for (const [name, value] of JSON_HEADERS) ctx.res.setHeader(name, value);
  return next();
};
