/** Decides which requests come from the page that the server itself serves. Only that page may use its session. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/**
 * Pages served by this server may call it: the host of their origin equals that of the request. The scheme is ignored, because a
 * proxy may change it.
 */
export function isOwnOrigin(origin: string, host: string): boolean {
  const lower = origin.toLowerCase();
  const own = host.toLowerCase();
  return own !== '' && (lower === `http://${own}` || lower === `https://${own}`);
}

/**
 * Whether a browser reports that a page of another site, or of another port of this host, made the request. Also covers images and
 * links, which send no Origin.
 */
export function isOfOtherSite({ 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  return site === 'cross-site' || site === 'same-site';
}

/** Paths for programs, which authenticate with the token. */
const TOKEN_ONLY = /^\/(?:v1|mcp)(?:\/|$)/;

/**
 * Returns the cookies of a request in which a page session counts: one of our own page, or a GET of the address bar. Pages of
 * another port of this host are another origin, but the browser sends them the same cookies and calls them `same-site`.
 */
export function sessionCookies({ method, headers }: IncomingMessage, path: string): string | undefined {
  const { cookie, origin, host = '' } = headers;
  if (cookie === undefined || TOKEN_ONLY.test(path)) return undefined;
  if (origin !== undefined) return isOwnOrigin(origin, host) ? cookie : undefined;
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  return isOfOtherSite(headers) ? undefined : cookie;
}
