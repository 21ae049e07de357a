/** Refusal of missing and wrong credentials. Wrong ones are counted per client address. */
import { GatewayError } from '../../../../shared/errors.js';
import type { Caller } from './caller.js';
import type { PageSessions } from './page-sessions.js';
import type { FailureLimiter } from './rate-limit.js';
import type { TokenState } from './token.js';

const HOW = "Send it as 'Authorization: Bearer <token>' or as 'X-Api-Key'; 'xopc gateway token --show' prints it on the gateway's machine.";

export interface CredentialRefusal {
  readonly message: string;
  readonly hint: string;
  /** False: none were presented, which is not counted. */
  readonly isWrong: boolean;
}

/** Always rejects: UNAUTHORIZED; RATE_LIMITED from the 20th wrong credentials of an address in a minute on. */
export type RefuseCredentials = (address: string, refusal: CredentialRefusal) => Promise<never>;

export function createRefuseCredentials(limiter: FailureLimiter): RefuseCredentials {
  return async (address, { message, hint, isWrong }) => {
    const retryAfterSeconds = isWrong ? await limiter.countFailure(address) : undefined;
    if (retryAfterSeconds === undefined) throw new GatewayError('UNAUTHORIZED', { message, hint });
    throw new GatewayError('RATE_LIMITED', {
      message: `Too many wrong tokens from ${address}. The correct token is still accepted.`,
      details: { retryAfterSeconds },
    });
  };
}

/** @param hint  how the token is sent */
export function tokenRefusal(token: Exclude<TokenState, 'valid'>, hint: string = HOW): CredentialRefusal {
  const isWrong = token === 'wrong';
  return { message: isWrong ? 'The token is not valid for this gateway.' : "This request needs the gateway's token.", hint, isWrong };
}

/** Resolves for a caller that has shown the token, or is a page that is signed in. @throws UNAUTHORIZED, RATE_LIMITED */
export type RequireToken = (caller: Omit<Caller, 'isLocal' | 'needsToken'>, hint?: string) => Promise<void>;

export function createRequireToken(sessions: Pick<PageSessions, 'isValid'>, refuseCredentials: RefuseCredentials): RequireToken {
  return async ({ client, token, cookies }, hint) => {
    if (token === 'valid') return;
    if (token === 'none' && cookies !== undefined && (await sessions.isValid(cookies))) return;
    await refuseCredentials(client.address, tokenRefusal(token, hint));
  };
}
