/** Who sends a request, as far as admission knows. */
import type { ClientAddress } from './client-address.js';
import type { PresentedToken } from './token.js';

export interface Caller extends PresentedToken {
  readonly client: ClientAddress;
  /** A loopback connection that nothing forwarded, under a loopback name: a tunnel keeps the name that its visitors use. */
  readonly isLocal: boolean;
  /** Whether its calls of the API need the token. */
  readonly needsToken: boolean;
  /** The Cookie header, if a page session in it counts. */
  readonly cookies: string | undefined;
}
