/**
 * Limits the requests in flight of clients without credentials, per address. Directly connected clients have few connections
 * anyway; connections of a proxy belong to the proxy, and only their requests have a client address.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError } from '../../../../shared/errors.js';
import { networkOf } from '../../../../shared/node/ip-address.js';
import { hasBody } from './body.js';

/** For each address, or IPv6 network of 64 bits. */
const MAX_REQUESTS = 64;
const MAX_BODY_BYTES = 16_777_216;

/** For all of them together, because one machine may have any number of networks. */
const MAX_ALL_BODY_BYTES = 33_554_432;

interface Held {
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
  begin(address: string, request: IncomingMessage, response: ServerResponse): void {
    const network = networkOf(address);
    const held = this.#byNetwork.get(network) ?? { requests: 0, bytes: 0 };
    const limit = this.#maxBodyBytes();
    const bytes = hasBody(request) ? Math.min(Number(request.headers['content-length'] ?? limit), limit) : 0;
    const isOver = (sum: number, most: number): boolean => bytes > 0 && sum > 0 && sum + bytes > most;
    if (held.requests >= MAX_REQUESTS || isOver(held.bytes, MAX_BODY_BYTES) || isOver(this.#allBytes, MAX_ALL_BODY_BYTES))
      throw new GatewayError('RATE_LIMITED', {
        message: 'Too many requests without the token are being answered.',
        details: { retryAfterSeconds: 1 },
      });
    this.#byNetwork.set(network, held);
    held.requests += 1;
    held.bytes += bytes;
    this.#allBytes += bytes;
    response.once('close', () => {
      held.requests -= 1;
      held.bytes -= bytes;
      this.#allBytes -= bytes;
      if (held.requests === 0) this.#byNetwork.delete(network);
    });
  }
}
