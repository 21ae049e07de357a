/** Checks whether an address can be listened on. */
import { createServer } from 'node:net';
import { listenError } from '../../shared/node/listen-error.js';

/**
 * Listens on the address for a moment.
 * @param port  0 only checks the address
 * @throws CONFIG_INVALID for a name that does not resolve, an address of another machine, or a port that this user may not use;
 * PORT_TAKEN
 */
export function tryListen({ host, port }: { host: string; port: number }): Promise<void> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error.code ?? error.message, { host, port })));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()));
  });
}
