/**
 * Keeps other machines from taking all connections. Those that have shown no credentials have few, for each address and together; of
 * those, the oldest idle one ends when one more client connects. The rest of `maxConnections` is left to this machine and to trusted proxies.
 */
import type { Socket } from 'node:net';
import { canonicalAddress, networkOf } from '../../../../shared/node/ip-address.js';

export interface RemoteLimits {
  /** Connections without credentials, all together. */
  readonly maxAnonymous: number;
  /** Connections without credentials from one address, or one IPv6 network of 64 bits. */
  readonly maxAnonymousPerAddress: number;
  /** Connections of remote clients that have shown credentials, or need none. */
  readonly maxEntitled: number;
}

export interface RemoteConnectionsDeps {
  readonly limits: RemoteLimits;
  /** Whether connections from an address are not limited: this machine's own, and those of trusted proxies, which carry everybody's requests. */
  readonly isUnlimited: (address: string) => boolean;
  /** Whether no request is in flight on it. */
  readonly isIdle: (socket: Socket) => boolean;
}

export class RemoteConnections {
  readonly #deps: RemoteConnectionsDeps;
  /** With the network that each comes from; the oldest first, as in the sets below. */
  readonly #anonymous = new Map<Socket, string>();
  readonly #byNetwork = new Map<string, Set<Socket>>();
  readonly #entitled = new Set<Socket>();

  constructor(deps: RemoteConnectionsDeps) {
    this.#deps = deps;
  }

  /** Called with each new connection. Ends another one if this is one too many. */
  add(socket: Socket): void {
    const { limits, isUnlimited } = this.#deps;
    const address = canonicalAddress(socket.remoteAddress ?? '') ?? '';
    if (this.#anonymous.has(socket) || this.#entitled.has(socket) || isUnlimited(address)) return;
    const network = networkOf(address);
    const neighbors = this.#byNetwork.get(network);
    if (neighbors !== undefined && neighbors.size >= limits.maxAnonymousPerAddress) this.#end(this.#oldest(neighbors));
    else if (this.#anonymous.size >= limits.maxAnonymous) this.#end(this.#oldest(this.#anonymous.keys()));
    this.#anonymous.set(socket, network);
    this.#byNetwork.set(network, (this.#byNetwork.get(network) ?? new Set()).add(socket));
    socket.once('close', () => this.#remove(socket));
  }

  /** Whether the client on it is remote and has shown no credentials. */
  isAnonymous(socket: Socket): boolean {
    return this.#anonymous.has(socket);
  }

  /** Called when a client has shown valid credentials, or needs none. */
  entitle(socket: Socket): void {
    if (!this.#anonymous.has(socket)) return;
    this.#remove(socket);
    if (this.#entitled.size >= this.#deps.limits.maxEntitled) {
      const idle = [...this.#entitled].find(this.#deps.isIdle);
      this.#end(idle ?? socket);
      if (idle === undefined) return;
    }
    this.#entitled.add(socket);
  }

  /** Prefers an idle one. */
  #oldest(sockets: Iterable<Socket>): Socket | undefined {
    let first: Socket | undefined;
    for (const socket of sockets) {
      if (this.#deps.isIdle(socket)) return socket;
      first ??= socket;
    }
    return first;
  }

  #end(socket: Socket | undefined): void {
    if (socket === undefined) return;
    this.#remove(socket);
    socket.destroy();
  }

  #remove(socket: Socket): void {
    this.#entitled.delete(socket);
    const network = this.#anonymous.get(socket);
    if (network === undefined) return;
    this.#anonymous.delete(socket);
    const neighbors = this.#byNetwork.get(network);
    neighbors?.delete(socket);
    if (neighbors?.size === 0) this.#byNetwork.delete(network);
  }
}
