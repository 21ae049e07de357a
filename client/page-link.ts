/** A link that opens the page on this machine or another without showing the token. */
import { GatewayError } from '../shared/errors.js';
import type { ApiClient } from './api-client.js';

export interface PageLink {
  readonly url: string;
  /** ISO 8601. */
  readonly expiresAt: string;
}

/** @returns undefined when this gateway makes none @throws the API's other errors */
export async function createPageLink(api: ApiClient): Promise<PageLink | undefined> {
  try {
    return await api.call<PageLink>({ method: 'POST', path: '/api/page-links', signal: AbortSignal.timeout(5_000) });
  } catch (error) {
    if (error instanceof GatewayError && (error.code === 'NOT_FOUND' || error.code === 'METHOD_NOT_ALLOWED')) return undefined;
    throw error;
  }
}
