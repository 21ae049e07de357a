/** Determines which admission rules apply to a path. */
import { SOCKET_PATH } from '../../../../shared/socket.js';

const PAGE_SESSION = '/api/page-session';

/**
 * `health`: no token, any Host, not logged. `page`: the page's own files, its sign-in and its WebSocket, no token. `credentials`: called from anywhere by
 * programs with credentials of their own, no token, any Host. `api`: everything else, under every rule.
 */
export type PathKind = 'health' | 'page' | 'credentials' | 'api';

export function pathKind(path: string): PathKind {
  if (path.startsWith('/api/')) {
    if (path.startsWith('/api/webhook/')) return 'credentials';
    return path === PAGE_SESSION ? 'page' : 'api';
  }
  if (path === '/health' || path.startsWith('/health/')) return 'health';
  return path === '/' || path === '/docs' || path === SOCKET_PATH || path.startsWith('/assets/') ? 'page' : 'api';
}
