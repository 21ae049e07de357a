/** The state of a request, and the types that all middlewares share. */
import type { Layer } from '@koa/router';
import type Koa from 'koa';
import type { ErrorCode } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import type { AccessToken } from '../access/access-tokens.js';
import type { Span } from '../tracing/span.js';
import type { Caller } from './admission/caller.js';

export interface RequestState {
  /** `X-Request-Id`, the caller's own if it is valid. */
  requestId: string;
  caller: Caller;
  /** The access token that it was admitted with, in a header or by the page's session; undefined: it may do everything. */
  access: AccessToken | undefined;
  /** Path prefix of the gateway, without a trailing slash; usually ''. */
  basePath: string;
  /** Whether the browser uses HTTPS, according to a trusted proxy. */
  isSecure: boolean;
  /** For a webhook call: the id covered by its signature. */
  signedId?: string | undefined;
  /** Set when the answer is an error, for the log. */
  errorCode?: ErrorCode;
  /** Undefined while traces are off. */
  span?: Span;
  /** The path of the route that handles it, as the route declares it. */
  route?: string;
  /** Whether it changes the gateway itself: its settings, tokens or known senders, with the scope `admin`. */
  isChange?: boolean;
}

/** The properties that the router adds to a context. */
export interface RouterExtras {
  params: Record<string, string>;
  matched?: Layer[];
}

export type HttpContext = Koa.ParameterizedContext<RequestState, RouterExtras>;
export type HttpMiddleware = Koa.Middleware<RequestState, RouterExtras>;

/** The part of the logger that the HTTP server uses. */
export interface HttpLogger extends LogPort {
  /** Whether the level is `debug` or lower. */
  isDebugging(): boolean;
}
