/** Who sends a request, as far as admission knows. */
import type { ClientAddress } from './client-address.js';
import type { PresentedToken } from './token.js';

export interface Caller extends PresentedToken {
  readonly client: ClientAddress;
  /**
   * A loopback connection that nothing forwarded, under a loopback name, not from a page of another origin: a tunnel keeps the name that its
   * visitors use, and a browser of this machine runs other people's pages.
   */
  readonly isLocal: boolean;
  /** Whether its calls of the API need the token. */
  readonly needsToken: boolean;
  /** The Cookie header, if a page session in it counts. */
  readonly cookies: string | undefined;
}
