/** Tries whether an address can be listened on. */
import { createServer } from 'node:net';
import { listenError } from '../../shared/node/listen-error.js';

/**
 * Listens on it for a moment.
 * @param port  0 tries the address alone
 * @throws CONFIG_INVALID for a name that does not resolve, an address of another machine, a port that this user may not have; PORT_TAKEN
 */
export function tryListen({ host, port }: { host: string; port: number }): Promise<void> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error.code ?? error.message, { host, port })));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()));
  });
}
