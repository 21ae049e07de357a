/** Which web pages may call: those that this gateway serves, and those of `gateway.cors.origins` while CORS is enabled. */
import type { Config } from '../../../../shared/config/schema.js';
import { GatewayError } from '../../../../shared/errors.js';
import type { HttpMiddleware } from '../context.js';

export type CorsConfig = Config['gateway']['cors'];

/**
 * The gateway's own pages have the host of the request as their origin, which the host guard has checked. Behind a
 * proxy the scheme may be https.
 */
function isOwnOrigin(origin: string, host: string): boolean {
  const lower = origin.toLowerCase();
  const own = host.toLowerCase();
  return own !== '' && (lower === `http://${own}` || lower === `https://${own}`);
}

/** Whether CORS names the origin itself (`listed`) or only by `*`. */
export function corsMatch(cors: CorsConfig, origin: string): 'listed' | 'any' | 'none' {
  if (!cors.enabled || origin === '' || origin === 'null') return 'none';
  if (cors.origins.includes(origin)) return 'listed';
  return cors.origins.includes('*') ? 'any' : 'none';
}

/** @throws FORBIDDEN for an Origin that is neither; `null`, which any sandboxed page can have, always */
export function originGuard(cors: () => CorsConfig): HttpMiddleware {
  return (ctx, next) => {
    const { origin } = ctx.req.headers;
    if (origin !== undefined && !isOwnOrigin(origin, ctx.get('Host')) && corsMatch(cors(), origin) === 'none') {
      throw new GatewayError('FORBIDDEN', {
        message: `Pages of the origin '${origin.slice(0, 200)}' may not call this gateway.`,
        hint: 'If it is yours, set gateway.cors.enabled and add it to gateway.cors.origins.',
      });
    }
    return next();
  };
}
