/** The gateway's token as a request presents it. Nothing here keeps or logs a token. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** `wrong`: a token was presented that is not the gateway's. A Basic header counts as none. */
export type TokenState = 'none' | 'valid' | 'wrong';

export type TokenCheck = (headers: IncomingHttpHeaders) => TokenState;

function presentedTokens({ authorization, 'x-api-key': key }: IncomingHttpHeaders): string[] {
  if (authorization === undefined && key === undefined) return [];
  const bearer = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  return [bearer, typeof key === 'string' ? key.trim() : undefined].filter((token) => token !== undefined && token !== '') as string[];
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Compares in constant time: both sides are hashed first, so that neither length nor prefix leaks.
 * @param current  the token in force. An empty one is never valid, because it cannot be presented.
 */
export function createTokenCheck(current: () => string): TokenCheck {
  return (headers) => {
    const presented = presentedTokens(headers);
    if (presented.length === 0) return 'none';
    const expected = digest(current());
    const matches = presented.filter((candidate) => timingSafeEqual(digest(candidate), expected)).length;
    return matches > 0 ? 'valid' : 'wrong';
  };
}
