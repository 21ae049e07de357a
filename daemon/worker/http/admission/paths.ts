/** Which rules of admission a path is under. */

/** The last part of a path below it is a one-time ticket. */
export const PAGE_LINKS = '/api/page-links/';

/**
 * `health`: no token, any Host, not logged. `page`: the page's own files, no token. `credentials`: called from anywhere by
 * programs with credentials of their own, no token, any Host. `api`: everything else, under every rule.
 */
export type PathKind = 'health' | 'page' | 'credentials' | 'api';

export function pathKind(path: string): PathKind {
  if (path.startsWith('/api/')) return path.startsWith('/api/webhook/') || path.startsWith(PAGE_LINKS) ? 'credentials' : 'api';
  if (path === '/health' || path.startsWith('/health/')) return 'health';
  return path === '/' || path === '/docs' || path.startsWith('/assets/') ? 'page' : 'api';
}
