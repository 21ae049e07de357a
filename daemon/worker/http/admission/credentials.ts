/** Refuses missing and wrong credentials. Wrong ones are counted per client address. */
import { GatewayError } from '../../../../shared/errors.js';
import type { AccessToken } from '../../access/access-tokens.js';
import type { Caller } from './caller.js';
import { type ClientAddress, networksOf } from './client-address.js';
import type { PageSessions } from './page-sessions.js';
import { createLimiter } from './rate-limit.js';

const HOW = "Send it as 'Authorization: Bearer <token>' or as 'X-Api-Key'; 'xopc gateway token --show' prints it on the gateway's machine.";

const ENDED_HINT = "'xopc token list' on the gateway's machine shows those in force; 'xopc token add' makes another.";

const MESSAGES = {
  none: "This request needs the gateway's token.",
  wrong: 'The token is not valid for this gateway.',
  ended: 'This access token was revoked, has expired, or is of another gateway.',
} as const;

export interface CredentialRefusal {
  readonly message: string;
  readonly hint: string;
  /** False if none were presented, which is not counted. */
  readonly isWrong: boolean;
}

/** More failures than this within a minute are answered with RATE_LIMITED. */
const MAX_FAILURES = 19;

/** Always rejects: UNAUTHORIZED; from an address's 20th wrong credentials in a minute on, RATE_LIMITED. */
export type RefuseCredentials = (client: Pick<ClientAddress, 'address' | 'counted'>, refusal: CredentialRefusal) => Promise<never>;

/** Only requests with wrong credentials are ever refused for their number. */
export function createRefuseCredentials(): RefuseCredentials {
  const limit = createLimiter(60);
  return async (client, { message, hint, isWrong }) => {
    const waits = isWrong ? await Promise.all(networksOf(client).map((network) => limit(network, MAX_FAILURES))) : [];
    const retryAfterSeconds = waits.find((wait) => wait !== undefined);
    if (retryAfterSeconds === undefined) throw new GatewayError('UNAUTHORIZED', { message, hint });
    throw new GatewayError('RATE_LIMITED', {
      message: `Too many wrong tokens from ${client.address}. The correct token is still accepted.`,
      details: { retryAfterSeconds },
    });
  };
}

/** Returns the error for access tokens that cannot be read. */
export function unreadTokens(): GatewayError {
  return new GatewayError('UNAVAILABLE', { message: 'Access tokens cannot be checked: the database cannot be read at the moment.' });
}

/** @param hint  how to send the token */
export function tokenRefusal(token: 'none' | 'wrong' | 'ended', hint: string = HOW): CredentialRefusal {
  return { message: MESSAGES[token], hint: token === 'ended' ? ENDED_HINT : hint, isWrong: token !== 'none' };
}

/**
 * Resolves for a caller that has presented a token or is a signed-in page.
 * @returns the access token, or that of the page's session; undefined for the gateway's own
 * @throws UNAUTHORIZED, RATE_LIMITED; UNAVAILABLE while credentials cannot be checked
 */
export type RequireToken = (caller: Omit<Caller, 'isLocal' | 'needsToken'>, hint?: string) => Promise<AccessToken | undefined>;

export function createRequireToken(sessions: Pick<PageSessions, 'find'>, refuseCredentials: RefuseCredentials): RequireToken {
  return async ({ client, token, access, cookies }, hint) => {
    if (token === 'valid') return access;
    if (token === 'unread') throw unreadTokens();
    const session = token === 'none' && cookies !== undefined ? await sessions.find(cookies) : undefined;
    if (session !== undefined) return session.access;
    return await refuseCredentials(client, tokenRefusal(token, hint));
  };
}
