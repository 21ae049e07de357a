/** Counts and limits requests of access tokens, and ends them with their token. */
import type { ServerResponse } from 'node:http';
import { GatewayError } from '../../../../shared/errors.js';
import type { AccessToken, AccessTokens } from '../../access/access-tokens.js';
import type { Limiter } from '../admission/rate-limit.js';
import type { Connections } from './connections.js';

export interface TokenRequestsDeps {
  readonly connections: Pick<Connections, 'noteToken' | 'endAnswersTo'>;
  readonly tokens: Pick<AccessTokens, 'noteUse' | 'onEnd'>;
  /** Per minute. */
  readonly limit: Limiter;
}

export interface AdmittedRequest {
  readonly response: ServerResponse;
  /** Of the client. */
  readonly address: string;
}

export class TokenRequests {
  readonly #deps: TokenRequestsDeps;
  /** Requests since the worker started, by the token's name. */
  readonly #counts = new Map<string, { id: string; count: number }>();

  constructor(deps: TokenRequestsDeps) {
    this.#deps = deps;
    deps.tokens.onEnd((id) => this.#end(id));
  }

  /** Number of requests admitted with each token since this worker started. */
  get counts(): readonly { readonly name: string; readonly count: number }[] {
    return [...this.#counts].map(([name, { count }]) => ({ name, count }));
  }

  /** Admits a request of a token; its answer ends with the token. @throws RATE_LIMITED */
  readonly begin = async (token: AccessToken, { response, address }: AdmittedRequest): Promise<void> => {
    await this.admit(token, address);
    this.#deps.connections.noteToken(response, token.id);
  };

  /** Admits a token's request, or its turn on a socket, from this address. @throws RATE_LIMITED */
  readonly admit = async (token: AccessToken, address: string): Promise<void> => {
    const { tokens, limit } = this.#deps;
    const { id, name, requestsPerMinute } = token;
    const retryAfterSeconds = requestsPerMinute === null ? undefined : await limit(id, requestsPerMinute);
    if (retryAfterSeconds !== undefined)
      throw new GatewayError('RATE_LIMITED', {
        message: `The access token '${name}' may send ${requestsPerMinute} requests in a minute.`,
        details: { retryAfterSeconds },
      });
    tokens.noteUse(token, address);
    this.#count(token);
  };

  #count({ id, name }: AccessToken): void {
    const counted = this.#counts.get(name);
    // A new token may have a revoked token's name.
    if (counted?.id === id) counted.count += 1;
    else this.#counts.set(name, { id, count: 1 });
  }

  #end(id: string): void {
    this.#deps.connections.endAnswersTo(id);
    for (const [name, counted] of this.#counts) if (counted.id === id) this.#counts.delete(name);
  }
}
