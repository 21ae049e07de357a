/**
 * Against DNS rebinding: a page under a foreign name that resolves to this machine says that name in Host. Names of this
 * machine and `gateway.allowedHosts` pass; any other only with the token, which such a page does not have.
 */
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../../../../shared/errors.js';
import { hasOwnCredentials, type HttpMiddleware, isHealthPath } from '../context.js';
import { type OwnHosts, parseHost } from './own-hosts.js';
import type { DemandToken } from './auth.js';

export interface KnownHosts {
  readonly ownHosts: OwnHosts;
  /** `gateway.allowedHosts`, as {@link parseHost} gives them. */
  readonly allowedHosts: () => ReadonlySet<string>;
}

export interface HostGuardDeps extends KnownHosts {
  readonly demandToken: DemandToken;
}

/** All of them: of several, Node's `headers` has the first one only. */
export function hostHeaders({ rawHeaders }: IncomingMessage): string[] {
  const found: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') found.push(rawHeaders[index + 1] ?? '');
  }
  return found;
}

export function isKnownHost(header: string, { ownHosts, allowedHosts }: KnownHosts): boolean {
  const host = parseHost(header);
  return host !== undefined && (ownHosts.has(host) || allowedHosts().has(host));
}

export function hostGuard({ demandToken, ...hosts }: HostGuardDeps): HttpMiddleware {
  return async (ctx, next) => {
    if (isHealthPath(ctx.path) || hasOwnCredentials(ctx.path)) return await next();
    const headers = hostHeaders(ctx.req);
    // RFC 9112, section 3.2: exactly one in HTTP/1.1.
    if (headers.length > 1 || (headers.length === 0 && ctx.req.httpVersion !== '1.0')) {
      throw new GatewayError('INVALID_REQUEST', { message: `The request has ${headers.length} Host headers; it must have one.` });
    }
    if (!isKnownHost(headers[0] ?? '', hosts)) {
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
