/** Applies CORS from the configuration in force; the owner of @koa/cors. The gate has already refused foreign origins. */
import koaCors from '@koa/cors';
import type Koa from 'koa';
import type { HttpMiddleware } from '../context.js';
import { type CorsConfig, corsMatch } from '../admission/rules.js';

const PREFLIGHT_MAX_AGE_SECONDS = 600;

const STAINLESS = [
  'Arch',
  'Lang',
  'OS',
  'Package-Version',
  'Retry-Count',
  'Runtime',
  'Runtime-Version',
  'Timeout',
  'Helper-Method',
  'Helper',
];

const ALLOWED_HEADERS = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'Last-Event-ID',
  'X-Api-Key',
  'X-Request-Id',
  'X-Xopc-Session',
  ...['Version', 'Beta', 'Dangerous-Direct-Browser-Access'].map((name) => `Anthropic-${name}`),
  // Needed by clients of /mcp in a browser.
  ...['Protocol-Version', 'Method', 'Name', 'Session-Id'].map((name) => `Mcp-${name}`),
  // The vendors' SDKs send these with every call; `stream()`, `parse()` and the like also send one of the last two.
  ...STAINLESS.map((name) => `X-Stainless-${name}`),
];

/** `*` never goes with credentials: an origin that only `*` admits is answered `*` and without them. */
export function cors(config: () => CorsConfig): HttpMiddleware {
  const middleware = koaCors({
    origin: (ctx: Koa.Context) => {
      const origin = ctx.get('Origin');
      const match = corsMatch(config(), origin);
      return match === 'listed' ? origin : match === 'any' ? '*' : '';
    },
    credentials: (ctx: Koa.Context) => config().credentials && corsMatch(config(), ctx.get('Origin')) === 'listed',
    allowMethods: 'GET,HEAD,POST,PATCH,DELETE',
    allowHeaders: ALLOWED_HEADERS.join(','),
    exposeHeaders: 'ETag,Idempotent-Replayed,Mcp-Session-Id,Request-Id,Retry-After,Retry-After-Ms,X-Request-Id,X-Should-Retry',
    maxAge: PREFLIGHT_MAX_AGE_SECONDS,
    // Error answers keep the headers that were set.
    keepHeadersOnError: false,
    privateNetworkAccess: true,
  }) as HttpMiddleware;
  return (ctx, next) => (config().enabled ? middleware(ctx, next) : next());
}
