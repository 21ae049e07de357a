/** Who sends a request, as far as admission knows. */
import type { ClientAddress } from './client-address.js';
import type { TokenState } from './token.js';

export interface Caller {
  readonly client: ClientAddress;
  /** A loopback connection that nothing forwarded, under a loopback name: a tunnel keeps the name that its visitors use. */
  readonly isLocal: boolean;
  readonly token: TokenState;
  /** Whether its calls of the API need the token. */
  readonly needsToken: boolean;
  /** The Cookie header, if a page session in it counts. */
  readonly cookies: string | undefined;
}
