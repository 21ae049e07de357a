/** The sender of a request, as far as admission knows. */
import type { ClientAddress } from './client-address.js';
import type { PresentedToken } from './token.js';

export interface Caller extends PresentedToken {
  readonly client: ClientAddress;
  /**
   * A direct loopback connection, under a loopback name, not from a page of another origin: tunnels keep their visitors' host name,
   * and a browser on this machine runs other people's pages.
   */
  readonly isLocal: boolean;
  /** Whether its API calls need the token. */
  readonly needsToken: boolean;
  /** The Cookie header, if a page session in it counts. */
  readonly cookies: string | undefined;
}
