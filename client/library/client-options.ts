/** How a client reaches its gateway. */
export interface ClientOptions {
  /** The gateway's address, with its base path. Default: the environment's `XOPC_URL`, otherwise `http://localhost:18790`. */
  readonly url?: string;
  /** The gateway's token or an access token. Default: the environment's `XOPC_TOKEN`, otherwise none. */
  readonly token?: string;
  /** Used in place of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
}
