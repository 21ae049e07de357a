/** The first look at a request: what it asks for can be read, and who asks is known. */
import type { IncomingHttpHeaders } from 'node:http';
import { GatewayError } from '../../../../shared/errors.js';
import type { AddressList } from './address-list.js';
import { type ClientAddress, clientAddress } from './client-address.js';
import type { HttpMiddleware } from '../context.js';
import type { TokenState } from './token.js';

function refuse(message: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', { message });
}

function checkTarget(method: string, url: string): void {
  if (method === 'OPTIONS' && url === '*') return;
  // A proxy's absolute form (RFC 9112, 3.2.2) would name a host beside the one in the Host header.
  if (!url.startsWith('/')) throw refuse('The request target must be a path that begins with /.');
  try {
    decodeURIComponent(url.split('?', 1)[0] ?? '');
  } catch {
    throw refuse('The path has a percent sign that no valid escape follows. Write it as %25.');
  }
}

/** @param allowed  `gateway.allowedIps` */
export function mayConnect({ claims }: ClientAddress, allowed: AddressList): boolean {
  return allowed.isEmpty || claims.every((claim) => allowed.has(claim));
}

export interface RequestTargetDeps {
  readonly trustedProxies: () => AddressList;
  readonly allowedIps: () => AddressList;
  readonly tokenState: (headers: IncomingHttpHeaders) => TokenState;
}

/** Sets `client` and `token`. @throws INVALID_REQUEST; FORBIDDEN for an address that `gateway.allowedIps` leaves out */
export function requestTarget(deps: RequestTargetDeps): HttpMiddleware {
  return (ctx, next) => {
    ctx.state.client = clientAddress(ctx.req, deps.trustedProxies());
    ctx.state.token = deps.tokenState(ctx.req.headers);
    checkTarget(ctx.req.method ?? '', ctx.req.url ?? '');
    if (!mayConnect(ctx.state.client, deps.allowedIps())) {
      throw new GatewayError('FORBIDDEN', {
        message: `The address ${ctx.state.client.address} may not connect.`,
        hint: 'gateway.allowedIps lists those that may.',
      });
    }
    return next();
  };
}
