/**
 * Keeps other machines from taking all connections. Clients without credentials get only a few connections, per address and in
 * total. When one more connects, their oldest idle connection is dismissed: it is no longer read and is closed a little later, so
 * that a client that reconnects has to wait too. The rest of `maxConnections` is left to this machine and to trusted proxies.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../../../shared/clock.js';
import { canonicalAddress, networkOf } from '../../../../shared/node/ip-address.js';

/** Share of `maxConnections` that dismissed connections leave free for new ones. */
const FREE_SHARE = 1 / 16;

export interface RemoteLimits {
  /** All connections together. */
  readonly maxConnections: number;
  /** Connections without credentials, all together. */
  readonly maxAnonymous: number;
  /** Connections without credentials from one address, or one IPv6 network of 64 bits. */
  readonly maxAnonymousPerAddress: number;
  /** Connections of remote clients that have presented credentials, or need none. */
  readonly maxEntitled: number;
  /** How long a dismissed connection stays open on average, while there is room for it. */
  readonly dismissedMs: number;
}

export interface RemoteConnectionsDeps {
  readonly clock: Clock;
  readonly limits: RemoteLimits;
  /**
   * Whether connections from an address are unlimited: those of this machine, and those of trusted proxies, which carry everyone's
   * requests.
   */
  readonly isUnlimited: (address: string) => boolean;
  /** Whether no request is in flight on it. */
  readonly isIdle: (socket: Socket) => boolean;
}

export class RemoteConnections {
  readonly #deps: RemoteConnectionsDeps;
  /** Each with its network; oldest first, as in the sets below. */
  readonly #anonymous = new Map<Socket, string>();
  readonly #byNetwork = new Map<string, Set<Socket>>();
  readonly #entitled = new Set<Socket>();
  readonly #dismissed = new Set<Socket>();
  /** All connections. */
  readonly #open = new Set<Socket>();

  constructor(deps: RemoteConnectionsDeps) {
    this.#deps = deps;
  }

  /** Called with each new connection. Ends another one if the limit is exceeded. */
  add(socket: Socket): void {
    const { limits, isUnlimited } = this.#deps;
    // Emitted again for a socket whose offer to upgrade was ignored.
    if (this.#open.has(socket)) return;
    this.#open.add(socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#remove(socket);
    });
    if (this.#open.size > limits.maxConnections * (1 - FREE_SHARE)) this.#end(this.#dismissed.values().next().value);
    const address = canonicalAddress(socket.remoteAddress ?? '') ?? '';
    if (isUnlimited(address)) return;
    const network = networkOf(address);
    const neighbors = this.#byNetwork.get(network);
    if (neighbors !== undefined && neighbors.size >= limits.maxAnonymousPerAddress) this.#dismiss(this.#oldest(neighbors));
    else if (this.#anonymous.size >= limits.maxAnonymous) this.#dismiss(this.#oldest(this.#anonymous.keys()));
    this.#anonymous.set(socket, network);
    this.#byNetwork.set(network, (this.#byNetwork.get(network) ?? new Set()).add(socket));
  }

  /** Whether its client is remote and has not presented credentials. */
  isAnonymous(socket: Socket): boolean {
    return this.#anonymous.has(socket);
  }

  /** Called when a client has presented valid credentials, or needs none. */
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

  /** Ends one with a request in flight at once. */
  #dismiss(socket: Socket | undefined): void {
    const { clock, limits, isIdle } = this.#deps;
    if (socket === undefined || !isIdle(socket)) return this.#end(socket);
    this.#remove(socket);
    this.#dismissed.add(socket);
    socket.pause();
    // Randomized, because connections opened together would be reopened together.
    const delayMs = limits.dismissedMs * (0.5 + Math.random());
    clock.after(delayMs, () => this.#end(socket));
  }

  /** Prefers an idle connection. */
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
    this.#dismissed.delete(socket);
    const network = this.#anonymous.get(socket);
    if (network === undefined) return;
    this.#anonymous.delete(socket);
    const neighbors = this.#byNetwork.get(network);
    neighbors?.delete(socket);
    if (neighbors?.size === 0) this.#byNetwork.delete(network);
  }
}
