/** The token that a request presents: the gateway's own, or an access token. Nothing here keeps or logs one. */
import type { IncomingHttpHeaders } from 'node:http';
import { isSameSecret } from '../../../../shared/node/secrets/same-secret.js';
import type { AccessToken, AccessTokens } from '../../access/access-tokens.js';

/**
 * `wrong`: a token was presented that is none of this gateway's. `ended`: it has the form of an access token, but was revoked, has expired, or
 * never was one. `unread`: whether it is an access token cannot be said yet. A Basic header counts as none.
 */
export type TokenState = 'none' | 'valid' | 'wrong' | 'ended' | 'unread';

export interface PresentedToken {
  readonly token: TokenState;
  /** With `valid`: the access token; undefined: it is the gateway's own. */
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
