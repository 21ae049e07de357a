/** What travels with a request through the middleware, and the types that all of it shares. */
import type { Layer } from '@koa/router';
import type Koa from 'koa';
import type { ErrorCode } from '../../../shared/errors.js';
import type { ClientAddress } from './admission/client-address.js';
import type { TokenState } from './admission/token.js';

export interface RequestState {
  /** `X-Request-Id`, the caller's where it sent a sane one. */
  requestId: string;
  client: ClientAddress;
  token: TokenState;
  /** The body as it arrived, once it has been read. */
  rawBody?: () => Buffer;
  /** Set when the answer is an error, for the access log. */
  errorCode?: ErrorCode;
}

/** What the router adds to a context. */
export interface RouterExtras {
  params: Record<string, string>;
  matched?: Layer[];
}

export type HttpContext = Koa.ParameterizedContext<RequestState, RouterExtras>;
export type HttpMiddleware = Koa.Middleware<RequestState, RouterExtras>;

/** The part of the logger that this side uses. */
export interface HttpLogger {
  /** Whether what is logged at debug is written now. */
  isDebugging(): boolean;
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** `/health` and what is below it: no token, any Host, never logged. */
export function isHealthPath(path: string): boolean {
  return path === '/health' || path.startsWith('/health/');
}

/** Below it, the last part of a path is a one-time ticket. */
export const PAGE_LINKS = '/api/page-links/';

/** What other programs call with credentials of their own, from anywhere: no token, any Host. */
export function hasOwnCredentials(path: string): boolean {
  return path.startsWith('/api/webhook/') || path.startsWith(PAGE_LINKS);
}

/** What needs no token: health and the page's own files. */
export function isPublicPath(path: string): boolean {
  return path === '/' || path === '/docs' || path.startsWith('/assets/') || isHealthPath(path);
}
