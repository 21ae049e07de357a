/** A link that opens the page on this machine or another without showing the token. */
import { GatewayError } from '../../shared/errors.js';
import type { ApiClient } from '../api/api-client.js';

interface PageLink {
  readonly url: string;
  /** ISO 8601. */
  readonly expiresAt: string;
}

/**
 * @param pageUrl  where people open the page; what a browser keeps is kept by that address, not by the one we call.
 * @returns undefined when this gateway makes none
 * @throws the API's other errors
 */
export async function createPageLink(api: ApiClient, pageUrl: string): Promise<PageLink | undefined> {
  try {
    const link = await api.call<PageLink>({ method: 'POST', path: '/api/page-links', signal: AbortSignal.timeout(5_000) });
    const { pathname, search, hash } = new URL(link.url);
    return { url: new URL(`${pathname}${search}${hash}`, pageUrl).href, expiresAt: link.expiresAt };
  } catch (error) {
    if (error instanceof GatewayError && (error.code === 'NOT_FOUND' || error.code === 'METHOD_NOT_ALLOWED')) return undefined;
    throw error;
  }
}
