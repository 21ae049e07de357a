/**
 * The listening socket. It is bound or inherited here, but only workers accept on it; each gets a duplicate. While no worker
 * accepts, the kernel's backlog holds new connections. See docs/adr/0002-listening-socket.md.
 *
 * Node has no public way to bind without accepting: `net._createServerHandle` is what its own `cluster` module uses.
 * This file is its only user, and its tests run on every Node version that we support.
 */
import { hostFixed, listenError, portTaken } from '../../../shared/node/listen-error.js';
import { lookup } from 'node:dns/promises';
import net from 'node:net';
import { getSystemErrorName } from 'node:util';
import { GatewayError } from '../../../shared/errors.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

interface TcpHandle {
  getsockname(out: { address?: string; port?: number }): number;
  close(): void;
}

type CreateServerHandle = (
  ...args: [address: string | undefined, port: number | undefined, addressType: 4 | 6 | undefined, fd?: number]
) => TcpHandle | number;

const createServerHandle = (net as unknown as { _createServerHandle: CreateServerHandle })._createServerHandle;

export class ListenSocket {
  /** The requested host, e.g. `0.0.0.0` or a name. */
  readonly host: string;
  readonly port: number;
  readonly handle: object;
  readonly origin: 'bound' | 'inherited';
  #isClosed = false;

  constructor(options: { host: string; port: number; handle: object; origin: 'bound' | 'inherited' }) {
    this.host = options.host;
    this.port = options.port;
    this.handle = options.handle;
    this.origin = options.origin;
  }

  /** Its descriptor; undefined on Windows. */
  get fd(): number | undefined {
    return (this.handle as { fd?: number }).fd;
  }

  /** Whether it listens on exactly this address. @throws CONFIG_INVALID for a name that does not resolve */
  async isAt(wanted: Address): Promise<boolean> {
    const name: { address?: string; port?: number } = {};
    if ((this.handle as TcpHandle).getsockname(name) !== 0 || name.port !== wanted.port) return false;
    return name.address === (await resolveHost(wanted.host)).address;
  }

  /** Closes our duplicate; workers continue with theirs. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    (this.handle as TcpHandle).close();
  }
}

/** @throws PORT_TAKEN when another socket listens there; CONFIG_INVALID for an address or port that cannot be bound */
export async function bindListenSocket(host: string, port: number): Promise<ListenSocket> {
  const { address, family } = await resolveHost(host);
  const handle = createServerHandle(address, port, family);
  if (typeof handle === 'number') throw listenError(getSystemErrorName(handle), { host, port });
  // libuv reports a taken port only later, at listen, and would then use a random port, so check the socket itself.
  const name: { port?: number } = {};
  const status = handle.getsockname(name);
  if (status !== 0 || name.port === undefined || (port !== 0 && name.port !== port)) {
    handle.close();
    throw status === 0 ? portTaken(host, port) : listenError(getSystemErrorName(status), { host, port });
  }
  return new ListenSocket({ host, port: name.port, handle, origin: 'bound' });
}

/**
 * Binds another address while a gateway listens on `current`.
 * @throws CONFLICT when that gateway's own socket has the port; otherwise as {@link bindListenSocket}
 */
export async function bindBeside(current: Address, { host, port }: Address): Promise<ListenSocket> {
  try {
    return await bindListenSocket(host, port);
  } catch (error) {
    const isOwn = error instanceof GatewayError && error.code === 'PORT_TAKEN' && port === current.port;
    throw isOwn ? hostFixed(host, current) : error;
  }
}

/**
 * Takes over the descriptor that a service manager passed (systemd's first is 3).
 * @throws CONFIG_INVALID when it is not a socket
 */
export function inheritListenSocket(fd: number): ListenSocket {
  const handle = createServerHandle(undefined, undefined, undefined, fd);
  if (typeof handle === 'number') {
    throw new GatewayError('CONFIG_INVALID', {
      message: `descriptor ${fd} passed by the service manager is not a listening socket`,
      hint: 'Check the .socket unit.',
    });
  }
  return adoptListenSocket(handle, { origin: 'inherited' });
}

/** Wraps a handle received over IPC (from a predecessor) or made from a descriptor. @param options.host  as it was requested there */
export function adoptListenSocket(handle: object, options: { host?: string; origin: ListenSocket['origin'] }): ListenSocket {
  const name: { address?: string; port?: number } = {};
  // A Unix socket's handle has no such method.
  const status = (handle as Partial<TcpHandle>).getsockname?.(name) ?? -1;
  if (status !== 0 || name.port === undefined) {
    throw new GatewayError('CONFIG_INVALID', {
      message: 'the listening socket handed over has no TCP address',
      hint: 'Use a TCP port, not a path.',
    });
  }
  return new ListenSocket({ host: options.host ?? name.address ?? '0.0.0.0', port: name.port, handle, origin: options.origin });
}

async function resolveHost(host: string): Promise<{ address: string; family: 4 | 6 }> {
  const literal = net.isIP(host);
  if (literal !== 0) return { address: host, family: literal as 4 | 6 };
  try {
    const found = await lookup(host);
    return { address: found.address, family: found.family as 4 | 6 };
  } catch {
    throw listenError('ENOTFOUND', { host, port: 0 });
  }
}
