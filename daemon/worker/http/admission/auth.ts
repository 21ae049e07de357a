/**
 * Who needs the token. This machine does not, unless `gateway.auth.enabled`; any other address always does; health and
 * the page's files need none. Routes that always need it, or that have credentials of their own, ask by themselves.
 */
import { GatewayError } from '../../../../shared/errors.js';
import type { ClientAddress } from './client-address.js';
import { hasOwnCredentials, type HttpContext, type HttpMiddleware, isPublicPath } from '../context.js';
import type { FailureLimiter } from './rate-limit.js';

const HOW = "Send it as 'Authorization: Bearer <token>' or as 'X-Api-Key'; 'xopc gateway token --show' prints it on the gateway's machine.";

/** Lets a request with the right token through. @throws UNAUTHORIZED; RATE_LIMITED from the 20th wrong token in a minute on */
export type DemandToken = (ctx: HttpContext) => Promise<void>;

/** Counts wrong credentials and refuses them. @throws UNAUTHORIZED; RATE_LIMITED from the 20th in a minute on */
export type RefuseCredentials = (ctx: HttpContext, reason: { message: string; hint: string }) => Promise<never>;

/** The same for a client whose request has been answered. `isWrong` false: it presented nothing, which is not counted. */
export type RefuseAddress = (address: string, reason: { message: string; hint: string }, kind: { isWrong: boolean }) => Promise<never>;

export function createRefuseAddress(limiter: FailureLimiter): RefuseAddress {
  return async (address, reason, { isWrong }) => {
    const retryAfterSeconds = isWrong ? await limiter.countFailure(address) : undefined;
    if (retryAfterSeconds === undefined) throw new GatewayError('UNAUTHORIZED', reason);
    throw new GatewayError('RATE_LIMITED', {
      message: `Too many wrong tokens from ${address}. The right one works at once.`,
      details: { retryAfterSeconds },
    });
  };
}

export function createRefuseCredentials(refuse: RefuseAddress): RefuseCredentials {
  return (ctx, reason) => refuse(ctx.state.client.address, reason, { isWrong: true });
}

export function createDemandToken(refuse: RefuseCredentials): DemandToken {
  return async (ctx) => {
    if (ctx.state.token === 'valid') return;
    if (ctx.state.token === 'none') throw new GatewayError('UNAUTHORIZED', { message: "This needs the gateway's token.", hint: HOW });
    await refuse(ctx, { message: "The token that was sent is not this gateway's.", hint: HOW });
  };
}

/** @param isEnabled  `gateway.auth.enabled` */
export function needsNoToken(client: ClientAddress, isEnabled: boolean): boolean {
  return client.isLocal && !isEnabled;
}

export function auth(isEnabled: () => boolean, demandToken: DemandToken): HttpMiddleware {
  return async (ctx, next) => {
    const isFree = isPublicPath(ctx.path) || hasOwnCredentials(ctx.path) || needsNoToken(ctx.state.client, isEnabled());
    if (!isFree) await demandToken(ctx);
    await next();
  };
}
