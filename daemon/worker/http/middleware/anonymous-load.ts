/**
 * Limits the requests in flight of clients without credentials, per address. Directly connected clients have few connections
 * anyway; connections of a proxy belong to the proxy, and only their requests have a client address.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError } from '../../../../shared/errors.js';
import { type ClientAddress, networksOf } from '../admission/client-address.js';
import { hasBody } from './body.js';

/** For each address, or IPv6 network of 64 bits. */
const MAX_REQUESTS = 64;
const MAX_BODY_BYTES = 16_777_216;

/** For all of them together, because one machine may have any number of networks. */
const MAX_ALL_BODY_BYTES = 33_554_432;

interface Held {
  readonly network: string;
  requests: number;
  /** Bytes of bodies, as announced. */
  bytes: number;
}

export class AnonymousLoad {
  readonly #byNetwork = new Map<string, Held>();
  readonly #maxBodyBytes: () => number;
  #allBytes = 0;

  /** @param maxBodyBytes  the live limit of one body */
  constructor(maxBodyBytes: () => number) {
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** Counts a request until its answer has ended. @throws RATE_LIMITED */
  begin(client: Pick<ClientAddress, 'counted'>, request: IncomingMessage, response: ServerResponse): void {
    const held = networksOf(client).map((network) => this.#byNetwork.get(network) ?? { network, requests: 0, bytes: 0 });
    const limit = this.#maxBodyBytes();
    const bytes = hasBody(request) ? Math.min(Number(request.headers['content-length'] ?? limit), limit) : 0;
    const isOver = (sum: number, most: number): boolean => bytes > 0 && sum > 0 && sum + bytes > most;
    const isFull = held.some((one) => one.requests >= MAX_REQUESTS || isOver(one.bytes, MAX_BODY_BYTES));
    if (isFull || isOver(this.#allBytes, MAX_ALL_BODY_BYTES))
      throw new GatewayError('RATE_LIMITED', {
        message: 'Too many requests without the token are being answered.',
        details: { retryAfterSeconds: 1 },
      });
    for (const one of held) {
      this.#byNetwork.set(one.network, one);
      one.requests += 1;
      one.bytes += bytes;
    }
    this.#allBytes += bytes;
    response.once('close', () => {
      this.#allBytes -= bytes;
      for (const one of held) {
        one.requests -= 1;
        one.bytes -= bytes;
        if (one.requests === 0) this.#byNetwork.delete(one.network);
      }
    });
  }
}
