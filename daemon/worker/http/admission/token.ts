/** Reads the token that a request presents: the gateway's own, or an access token. Tokens are neither kept nor logged here. */
import type { IncomingHttpHeaders } from 'node:http';
import { isSameSecret } from '../../../../shared/node/secrets/same-secret.js';
import type { AccessToken, AccessTokens } from '../../access/access-tokens.js';

/**
 * `wrong`: the token is not one of this gateway's. `ended`: it looks like an access token, but was revoked, has expired or never
 * existed. `unread`: it is not known yet whether it is an access token. A Basic header counts as no token.
 */
export type TokenState = 'none' | 'valid' | 'wrong' | 'ended' | 'unread';

export interface PresentedToken {
  readonly token: TokenState;
  /** With `valid`: the access token; undefined for the gateway's own token. */
  readonly access: AccessToken | undefined;
}

export type TokenCheck = (headers: IncomingHttpHeaders) => PresentedToken;

const NONE: PresentedToken = { token: 'none', access: undefined };
const OWN: PresentedToken = { token: 'valid', access: undefined };
const WRONG: PresentedToken = { token: 'wrong', access: undefined };

function presentedTokens({ authorization, 'x-api-key': key }: IncomingHttpHeaders): string[] {
  if (authorization === undefined && key === undefined) return [];
  const bearer = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  return [bearer, typeof key === 'string' ? key.trim() : undefined].filter((token) => token !== undefined && token !== '') as string[];
}

/** @param current  the gateway's own token in force. An empty one is never valid, because it cannot be presented. */
export function createTokenCheck(current: () => string, tokens: Pick<AccessTokens, 'find'>): TokenCheck {
  return (headers) => {
    const presented = presentedTokens(headers);
    if (presented.length === 0) return NONE;
    const own = current();
    if (presented.some((candidate) => isSameSecret(candidate, own))) return OWN;
    for (const candidate of presented) {
      const found = tokens.find(candidate);
      if (found !== undefined) return typeof found === 'string' ? { token: found, access: undefined } : { token: 'valid', access: found };
    }
    return WRONG;
  };
}
