/**
 * Against DNS rebinding: a page under a foreign name that resolves to this machine says that name in Host. Names of this
 * machine and `gateway.allowedHosts` pass; any other only with the token, which such a page does not have.
 */
import { GatewayError } from '../../../../shared/errors.js';
import { hasOwnCredentials, type HttpContext, type HttpMiddleware, isHealthPath } from '../context.js';
import { type OwnHosts, parseHost } from '../own-hosts.js';
import type { DemandToken } from './auth.js';

export interface HostGuardDeps {
  readonly ownHosts: OwnHosts;
  /** `gateway.allowedHosts`, as {@link parseHost} gives them. */
  readonly allowedHosts: () => ReadonlySet<string>;
  readonly demandToken: DemandToken;
}

function hostHeaders(ctx: HttpContext): string[] {
  const { rawHeaders } = ctx.req;
  return rawHeaders.filter((_value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host');
}

export function hostGuard({ ownHosts, allowedHosts, demandToken }: HostGuardDeps): HttpMiddleware {
  return async (ctx, next) => {
    if (isHealthPath(ctx.path) || hasOwnCredentials(ctx.path)) return await next();
    const headers = hostHeaders(ctx);
    // RFC 9112, section 3.2: exactly one in HTTP/1.1.
    if (headers.length > 1 || (headers.length === 0 && ctx.req.httpVersion !== '1.0')) {
      throw new GatewayError('INVALID_REQUEST', { message: `The request has ${headers.length} Host headers; it must have one.` });
    }
    const host = parseHost(headers[0] ?? '');
    if (host === undefined || !(ownHosts.has(host) || allowedHosts().has(host))) {
      if (ctx.state.token === 'none') {
        throw new GatewayError('FORBIDDEN', {
          message: `'${(headers[0] ?? '').slice(0, 100)}' is not a name of this gateway.`,
          hint: "Add it to gateway.allowedHosts, or send the token ('Authorization: Bearer <token>').",
        });
      }
      await demandToken(ctx);
    }
    return await next();
  };
}
